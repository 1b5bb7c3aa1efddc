package benchtest

import (
	"context"
	"database/sql"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/store/sqlstore"
	"go.mau.fi/whatsmeow/types/events"
	waLog "go.mau.fi/whatsmeow/util/log"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
	"github.com/wootbridge/wootbridge/whatsapp/storetest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

func openStore(tb testing.TB, db *sql.DB, dialect database.Dialect) *whatsapp.Store {
	storetest.Prepare(tb, db, string(dialect))
	store, err := whatsapp.OpenStore(context.Background(), whatsapp.StoreConfig{DB: db, Dialect: string(dialect), Sealer: storetest.NewSealer(), Log: waLog.Noop})
	require.NoError(tb, err)
	return store
}

// bareClient links a bare whatsmeow client to a phone, with the settings of the
// bridge's clients. Its handler says yes to everything.
func bareClient(tb testing.TB, srv *whatsapptest.Server, db *sql.DB, dialect database.Dialect, phone *whatsapptest.Peer) *whatsmeow.Client {
	openStore(tb, db, dialect) // prepares the library and its tables
	cli := whatsmeow.NewClient(sqlstore.NewWithDB(db, string(dialect), waLog.Noop).NewDevice(), waLog.Noop)
	cli.SynchronousAck = true
	cli.EnableDecryptedEventBuffer = true
	cli.UseRetryMessageStore = true
	cli.ManualHistorySyncDownload = true
	cli.DisableManualHistorySyncReceipt = true
	cli.AutomaticMessageRerequestFromPhone = true
	cli.SendReportingTokens = true
	cli.SetForceActiveDeliveryReceipts(true)
	srv.Wire(cli)
	codes, connected := make(chan string, 16), make(chan struct{}, 16)
	cli.AddEventHandlerWithSuccessStatus(func(event any) bool {
		switch evt := event.(type) {
		case *events.QR:
			codes <- evt.Codes[0]
		case *events.Connected:
			connected <- struct{}{}
		}
		return true
	})
	require.NoError(tb, cli.Connect())
	tb.Cleanup(cli.Disconnect)
	require.NoError(tb, phone.ScanQR(<-codes))
	<-connected
	require.NoError(tb, phone.Companion().WaitOnline(patience))
	return cli
}

// yes is a sink that takes everything and does nothing.
type yes struct{}

func (yes) Take(context.Context, content.Envelope) error { return nil }
func (yes) Typing(content.Address, bool)                 {}
func (yes) StateChanged(whatsapp.State)                  {}
func (yes) CaughtUp()                                    {}

// bareSession links a session of the bridge's own, with its store wrappers, to
// a phone; nobody takes what it receives. Its decryptions wait for the disk, as
// nothing else does.
func bareSession(tb testing.TB, srv *whatsapptest.Server, db *sql.DB, dialect database.Dialect, phone *whatsapptest.Peer) {
	ctx := context.Background()
	log := slog.New(slog.DiscardHandler)
	store := openStore(tb, db, dialect)
	session := whatsapp.NewSession(whatsapp.Config{
		Store: store, Sink: yes{}, Log: log, Clock: time.Now,
		Simulator: &whatsapp.Simulator{Addr: srv.Addr(), RootKey: srv.RootKey()},
	})
	session.Start(ctx)
	tb.Cleanup(session.Stop)
	require.NoError(tb, session.Pair(""))
	require.Eventually(tb, func() bool { return session.State().QR != "" }, patience, time.Millisecond)
	require.NoError(tb, phone.ScanQR(session.State().QR))
	require.Eventually(tb, func() bool { return session.State().Code == whatsapp.StateConnected }, patience, time.Millisecond)
	require.NoError(tb, phone.Companion().WaitOnline(patience))
}
