package whatsapptest_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/store/sqlstore"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	waLog "go.mau.fi/whatsmeow/util/log"
	"go.uber.org/goleak"
	_ "modernc.org/sqlite"

	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// patience bounds every wait: only a failing test uses it up.
const patience = 60 * time.Second

func TestMain(m *testing.M) {
	whatsapptest.TrustRoot()
	if os.Getenv(childEnv) != "" {
		if err := runChild(os.Getenv(childEnv), os.Getenv(childEnv+"_DIR")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m,
		// whatsmeow keeps a timer goroutine per past request until it times out.
		goleak.IgnoreAnyFunction("go.mau.fi/whatsmeow.(*Client).sendIQ"),
		// whatsmeow's reader hangs for ever when it has a frame while Disconnect runs.
		goleak.IgnoreAnyFunction("go.mau.fi/whatsmeow/socket.(*FrameSocket).frameComplete"),
	)
}

// world is a server with a phone, and a check at its end that nothing odd came.
type world struct {
	t     *testing.T
	srv   *whatsapptest.Server
	phone *whatsapptest.Peer
	alice *whatsapptest.Peer
}

func newWorld(t *testing.T, opts ...func(*whatsapptest.Options)) *world {
	t.Helper()
	var options whatsapptest.Options
	for _, opt := range opts {
		opt(&options)
	}
	srv := whatsapptest.New(options)
	require.NoError(t, srv.Start())
	w := &world{t: t, srv: srv, phone: srv.NewPeer("5511999990001", "Shop"), alice: srv.NewPeer("5511888880002", "Alice")}
	t.Cleanup(func() {
		srv.Close()
		if t.Failed() {
			return
		}
		require.Empty(t, srv.UnknownStanzas())
		for _, peer := range srv.Peers() {
			require.Empty(t, peer.Errors(), peer.Name())
		}
	})
	return w
}

// client is a real whatsmeow client with what it has reported.
type client struct {
	t   *testing.T
	cli *whatsmeow.Client
	db  *sql.DB

	mu      sync.Mutex
	events  []any
	changed chan struct{}
	// handle, when set, decides whether an event counts as handled.
	handle func(evt any) bool
}

// safely applies the settings with which a client loses nothing in a crash.
func safely(c *whatsmeow.Client) {
	c.SynchronousAck = true
	c.EnableDecryptedEventBuffer = true
	c.UseRetryMessageStore = true
}

func newClient(t *testing.T, srv *whatsapptest.Server, settings ...func(*whatsmeow.Client)) *client {
	t.Helper()
	return openClient(t, srv, filepath.Join(t.TempDir(), "client.db"), settings...)
}

// openClient opens the client kept in a file, paired or not.
func openClient(t *testing.T, srv *whatsapptest.Server, path string, settings ...func(*whatsmeow.Client)) *client {
	t.Helper()
	db, device, err := openStore(path)
	require.NoError(t, err)
	log := waLog.Noop
	if os.Getenv("WHATSAPPTEST_LOG") != "" {
		log = waLog.Stdout("client", "DEBUG", false)
	}
	c := &client{t: t, db: db, changed: make(chan struct{}, 1)}
	c.cli = whatsmeow.NewClient(device, log)
	srv.Wire(c.cli)
	for _, set := range settings {
		set(c.cli)
	}
	c.cli.AddEventHandlerWithSuccessStatus(c.note)
	t.Cleanup(c.close)
	return c
}

func openStore(path string) (*sql.DB, *store.Device, error) {
	dsn := "file:" + path + "?_pragma=foreign_keys(1)&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_txlock=immediate"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, nil, err
	}
	ctx := context.Background()
	container := sqlstore.NewWithDB(db, "sqlite", waLog.Noop)
	if err := container.Upgrade(ctx); err != nil {
		return nil, nil, err
	}
	device, err := container.GetFirstDevice(ctx)
	return db, device, err
}

func (c *client) close() {
	c.cli.Disconnect()
	require.NoError(c.t, c.db.Close())
	// Goroutines that whatsmeow does not wait for may still be in the database.
	require.Eventually(c.t, func() bool { return c.db.Stats().OpenConnections == 0 }, patience, time.Millisecond)
}

func (c *client) note(evt any) bool {
	c.mu.Lock()
	handle := c.handle
	c.mu.Unlock()
	if handle != nil && !handle(evt) {
		return false
	}
	c.mu.Lock()
	c.events = append(c.events, evt)
	c.mu.Unlock()
	select {
	case c.changed <- struct{}{}:
	default:
	}
	return true
}

func (c *client) setHandle(handle func(evt any) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.handle = handle
}

func (c *client) all() []any {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.events)
}

func eventsOf[T any](c *client) []T {
	var found []T
	for _, evt := range c.all() {
		if typed, ok := evt.(T); ok {
			found = append(found, typed)
		}
	}
	return found
}

// await waits for an event of a type for which the function is true, as long as
// events come.
func await[T any](c *client, want func(T) bool) T {
	c.t.Helper()
	silence := time.NewTimer(patience)
	defer silence.Stop()
	for {
		for _, evt := range eventsOf[T](c) {
			if want(evt) {
				return evt
			}
		}
		select {
		case <-c.changed:
			silence.Reset(patience)
		case <-silence.C:
			kinds := map[string]int{}
			for _, evt := range c.all() {
				kinds[fmt.Sprintf("%T", evt)]++
			}
			require.Failf(c.t, "event did not come", "%T; seen: %v", *new(T), kinds)
		}
	}
}

func anyOf[T any](T) bool { return true }

func (c *client) awaitText(text string) *events.Message {
	c.t.Helper()
	return await(c, func(m *events.Message) bool { return textOf(m) == text })
}

func textOf(m *events.Message) string {
	if text := m.Message.GetConversation(); text != "" {
		return text
	}
	return m.Message.GetExtendedTextMessage().GetText()
}

func (c *client) texts() []string {
	var texts []string
	for _, message := range eventsOf[*events.Message](c) {
		if text := textOf(message); text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// pair connects a new client and links it by QR.
func (w *world) pair(settings ...func(*whatsmeow.Client)) *client {
	w.t.Helper()
	c := newClient(w.t, w.srv, settings...)
	w.link(c)
	return c
}

func (w *world) link(c *client) {
	w.t.Helper()
	require.NoError(w.t, c.cli.Connect())
	code := await(c, anyOf[*events.QR]).Codes[0]
	require.NoError(w.t, w.phone.ScanQR(code))
	await(c, anyOf[*events.Connected])
	require.NoError(w.t, w.phone.Companion().WaitOnline(patience))
	await(c, func(e *events.AppStateSyncComplete) bool { return e.Name == "regular_low" })
}

// reconnect connects a client that was disconnected.
func (w *world) reconnect(c *client) {
	w.t.Helper()
	logins := w.phone.Companion().Logins()
	require.NoError(w.t, c.cli.Connect())
	require.NoError(w.t, w.phone.Companion().WaitLogins(patience, logins+1))
}

func (c *client) sendText(to types.JID, text string, extra ...whatsmeow.SendRequestExtra) whatsmeow.SendResponse {
	c.t.Helper()
	resp, err := c.trySend(to, text, extra...)
	require.NoError(c.t, err)
	return resp
}
