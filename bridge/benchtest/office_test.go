package benchtest

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/media"
	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// patience bounds every wait: only a broken benchmark uses it up.
const patience = 10 * time.Minute

// mode is one of the ways in which the bridge is installed.
type mode struct {
	name    string
	dialect database.Dialect
	open    func(tb testing.TB) (*database.DB, idmap.Cache)
	// address is of a fresh database, for the driver as it comes.
	address func(tb testing.TB) (driver, address string)
}

// own is a fresh database as the bridge opens it.
func (m mode) own(tb testing.TB) *sql.DB {
	db, _ := m.open(tb)
	return db.DB
}

// plain is a fresh database as its driver opens it, at the same address with
// the same settings: what a program has that takes no trouble with it. It waits
// for the disk at each commit, too.
func (m mode) plain(tb testing.TB) *sql.DB {
	driver, address := m.address(tb)
	db, err := sql.Open(driver, address)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(20)
	db.SetMaxIdleConns(20)
	return db
}

// blob is the type of a column of bytes.
func (m mode) blob() string {
	if m.dialect == database.Postgres {
		return "BYTEA"
	}
	return "BLOB"
}

var (
	embedded = mode{"SQLite", database.SQLite, func(tb testing.TB) (*database.DB, idmap.Cache) {
		return openDB(tb, database.Config{DataDir: tb.TempDir()}), idmap.NewMemory(10_000, time.Now)
	}, func(tb testing.TB) (string, string) {
		return "sqlite", database.SQLiteDSN(filepath.Join(tb.TempDir(), "plain.db"))
	}}
	standard = mode{"Postgres", database.Postgres, func(tb testing.TB) (*database.DB, idmap.Cache) {
		cache, err := idmap.NewRedis(databasetest.RedisURL(tb), databasetest.Unique()+"/")
		require.NoError(tb, err)
		tb.Cleanup(func() { require.NoError(tb, cache.Close()) })
		return openDB(tb, database.Config{URL: databasetest.PostgresURL(tb)}), cache
	}, func(tb testing.TB) (string, string) { return "postgres", databasetest.PostgresURL(tb) }}
	modes = []mode{embedded, standard}
)

// openDB opens a database with the program's own settings.
func openDB(tb testing.TB, cfg database.Config) *database.DB {
	db, err := database.Open(context.Background(), cfg)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = db.Close() })
	require.NoError(tb, db.Migrate(context.Background()))
	return db
}

// office is a bridge between a simulated WhatsApp and a simulated Chatwoot,
// with one line that is paired, and customers who have said hello.
type office struct {
	tb        testing.TB
	clock     *clock
	db        *database.DB
	wa        *whatsapptest.Server
	phone     *whatsapptest.Peer
	customers []*whatsapptest.Peer
	desk      *chatwoottest.Server
	gateway   *gateway
	bridge    *bridge.Bridge
	line      bridge.LineID
}

func newOffice(tb testing.TB, m mode, customers int) *office {
	o := &office{tb: tb, clock: &clock{}, wa: whatsapptest.New(whatsapptest.Options{})}
	o.desk = chatwoottest.New(chatwoottest.Options{Dir: tb.TempDir(), Now: o.clock.now})
	require.NoError(tb, o.wa.Start())
	tb.Cleanup(o.wa.Close)
	require.NoError(tb, o.desk.Start())
	tb.Cleanup(func() { _ = o.desk.Close() })
	o.gateway = newGateway(tb, o.desk.URL())
	var cache idmap.Cache
	o.db, cache = m.open(tb)
	o.start(cache)
	o.phone = o.wa.NewPeer("5511999990001", "Shop")
	o.pair()
	for i := range customers {
		o.customers = append(o.customers, o.wa.NewPeer(fmt.Sprintf("5511888%06d", i), fmt.Sprintf("Customer %03d", i)))
	}
	for _, c := range o.customers {
		c.SendText(o.phone, "hello")
	}
	o.arrived(customers)
	return o
}

func (o *office) start(cache idmap.Cache) {
	ctx := context.Background()
	store, err := whatsapp.OpenStore(ctx, whatsapp.StoreConfig{
		DB: o.db.DB, Dialect: string(o.db.Dialect), Relaxed: database.Relaxed, Log: whatsapp.Log(slog.New(slog.DiscardHandler), func(string) {}),
	})
	require.NoError(o.tb, err)
	key, err := seal.NewKey(bytes.Repeat([]byte{7}, seal.KeySize))
	require.NoError(o.tb, err)
	spool, err := media.NewSpool(filepath.Join(o.tb.TempDir(), "spool"))
	require.NoError(o.tb, err)
	var handler atomic.Pointer[http.Handler]
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*handler.Load()).ServeHTTP(w, r) }))
	o.tb.Cleanup(front.Close)
	o.bridge = bridge.New(bridge.Config{
		DB: o.db, Key: key, Cache: cache, Store: store, Spool: spool, Log: slog.New(slog.DiscardHandler), Clock: o.clock.now,
		PublicURL: front.URL, Instance: "bench", Metrics: bridge.NewMetrics(prometheus.NewRegistry()),
		Simulator: &whatsapp.Simulator{Addr: o.wa.Addr(), RootKey: o.wa.RootKey()},
	})
	hooks := o.bridge.Webhooks()
	handler.Store(&hooks)
	require.NoError(o.tb, o.bridge.Start(ctx))
	o.tb.Cleanup(func() {
		_ = o.desk.Close() // what is under way there ends, so that the stop is quick
		o.bridge.Stop()
	})
	line, err := o.bridge.CreateLine(ctx, bridge.NewLine{
		Name: "Shop", ChatwootURL: o.gateway.url(), ChatwootToken: o.desk.AdminToken(), Account: int64(o.desk.Account()),
		Settings: []byte(`{"send_rate":0}`),
	})
	require.NoError(o.tb, err)
	o.line = line.ID
}

func (o *office) pair() {
	require.NoError(o.tb, o.bridge.Pair(context.Background(), o.line, ""))
	o.until("a QR code", func(s whatsapp.State) bool { return s.QR != "" })
	state, err := o.bridge.State(o.line)
	require.NoError(o.tb, err)
	require.NoError(o.tb, o.phone.ScanQR(state.QR))
	o.connected()
}

func (o *office) connected() {
	o.until("the connection", func(s whatsapp.State) bool { return s.Code == whatsapp.StateConnected })
	require.NoError(o.tb, o.phone.Companion().WaitOnline(patience))
}

func (o *office) until(what string, holds func(whatsapp.State) bool) {
	require.Eventually(o.tb, func() bool {
		state, err := o.bridge.State(o.line)
		return err == nil && holds(state)
	}, patience, 2*time.Millisecond, what)
}

// arrived waits until Chatwoot has n messages of customers in all, and every
// webhook about them was delivered.
func (o *office) arrived(n int) {
	require.Eventually(o.tb, func() bool { return o.incoming() >= n }, patience, 20*time.Millisecond, "messages in Chatwoot")
	require.NoError(o.tb, o.desk.WaitIdle(context.Background()))
}

func (o *office) incoming() int {
	n := 0
	for _, c := range o.desk.Conversations() {
		n += c.Messages
	}
	return n
}

// waiting is how many jobs of the line wait.
func (o *office) waiting() int {
	status, err := o.bridge.LineStatus(context.Background(), o.line)
	require.NoError(o.tb, err)
	return status.Queue.Inbound + status.Queue.Outbound
}

// drained waits until no job waits. It looks seldom: what the looks cost would
// be measured, too.
func (o *office) drained() {
	require.Eventually(o.tb, func() bool { return o.waiting() == 0 }, patience, 500*time.Millisecond, "the jobs")
}
