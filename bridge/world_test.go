package bridge_test

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/media"
	"github.com/wootbridge/wootbridge/bridge/media/convert"
	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// patience bounds every wait: only a failing test uses it up, however slow the
// machine is.
const patience = 3 * time.Minute

func TestMain(m *testing.M) {
	whatsapptest.TrustRoot()
	goleak.VerifyTestMain(m,
		// whatsmeow keeps a timer goroutine per past request until it times out.
		goleak.IgnoreAnyFunction("go.mau.fi/whatsmeow.(*Client).sendIQ"),
		// whatsmeow's reader hangs for ever when it has a frame while Disconnect runs.
		goleak.IgnoreAnyFunction("go.mau.fi/whatsmeow/socket.(*FrameSocket).frameComplete"),
		// idle connections of the HTTP clients.
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
	)
}

// world is a bridge between a simulated WhatsApp and a simulated Chatwoot, with
// one line that is paired, and Alice, a customer.
type world struct {
	t       *testing.T
	db      *database.DB
	cache   idmap.Cache
	wa      *whatsapptest.Server
	phone   *whatsapptest.Peer
	alice   *whatsapptest.Peer
	desk    desk
	bridge  *bridge.Bridge
	front   *httptest.Server
	handler atomic.Pointer[http.Handler]
	line    bridge.LineID
	// configure, if set, changes the next process's configuration.
	configure func(*bridge.Config)
	clock     clock // of every bridge here
}

// flow is a test of what happens in a world.
type flow func(t *testing.T, w *world)

// orderWait is how long an agent's message waits for an earlier one.
const orderWait = 20 * time.Millisecond

// eachMode runs a flow embedded (SQLite, in process) and standard (Postgres,
// Redis). It is for flows whose outcome depends on the database: order,
// restarts, passes, merges, and what only SQL knows.
func eachMode(t *testing.T, flow flow) {
	t.Helper()
	eachModeWith(t, orderWait, flow)
}

// eachModeWith sets how long an agent's message waits for an earlier one.
func eachModeWith(t *testing.T, orderWait time.Duration, flow flow) {
	t.Helper()
	t.Parallel()
	embedded(t, orderWait, flow)
	standard(t, orderWait, flow)
}

// oneMode runs a flow in one mode, which the test's name chooses. It is for
// flows to which the database is all the same: the journal, the ledger and the
// cache have tests of their own in both modes.
func oneMode(t *testing.T, flow flow) {
	t.Helper()
	t.Parallel()
	if crc32.ChecksumIEEE([]byte(t.Name()))%2 == 0 {
		embedded(t, orderWait, flow)
	} else {
		standard(t, orderWait, flow)
	}
}

func embedded(t *testing.T, orderWait time.Duration, flow flow) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		flow(t, newWorld(t, databasetest.SQLite(t), idmap.NewMemory(1000, time.Now), orderWait))
	})
}

func standard(t *testing.T, orderWait time.Duration, flow flow) {
	t.Helper()
	t.Run("standard", func(t *testing.T) {
		t.Parallel()
		cache, err := idmap.NewRedis(databasetest.RedisURL(t), databasetest.Unique()+"/")
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, cache.Close()) })
		flow(t, newWorld(t, databasetest.Postgres(t), cache, orderWait))
	})
}

func newWorld(t *testing.T, db *database.DB, cache idmap.Cache, orderWait time.Duration) *world {
	t.Helper()
	return newWorldAt(t, newDesk(t), db, cache, orderWait)
}

// newWorldAt is a world with a Chatwoot of one's own.
func newWorldAt(t *testing.T, at desk, db *database.DB, cache idmap.Cache, orderWait time.Duration) *world {
	t.Helper()
	w := &world{t: t, db: db, cache: cache, wa: whatsapptest.New(whatsapptest.Options{}), desk: at}
	require.NoError(t, w.wa.Start())
	t.Cleanup(w.wa.Close)
	w.phone, w.alice = w.wa.NewPeer("5511999990001", "Shop"), w.wa.NewPeer("5511888880002", "Alice")
	w.front = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if h := w.handler.Load(); h != nil {
			(*h).ServeHTTP(rw, r)
			return
		}
		rw.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(w.front.Close)
	w.start()
	t.Cleanup(func() { w.bridge.Stop() })
	line, err := w.bridge.CreateLine(context.Background(), bridge.NewLine{
		Name: "Shop", ChatwootURL: w.desk.URL(), ChatwootToken: w.desk.AdminToken(), Account: int64(w.desk.Account()),
		Settings: fmt.Appendf(nil, `{"order_wait_ms":%d,"send_rate":0}`, orderWait.Milliseconds()),
	})
	require.NoError(t, err)
	w.line = line.ID
	pair(t, w)
	return w
}

// start makes a bridge on the world's database, as a new process would.
func (w *world) start() {
	w.t.Helper()
	configure := w.configure
	if configure == nil {
		configure = func(*bridge.Config) {}
	}
	w.bridge = w.process(w.db, configure)
	handler := w.bridge.Webhooks()
	w.handler.Store(&handler)
}

// process starts a bridge beside those that run.
func (w *world) process(db *database.DB, change func(*bridge.Config)) *bridge.Bridge {
	w.t.Helper()
	store, err := whatsapp.OpenStore(context.Background(), whatsapp.StoreConfig{
		DB: db.DB, Dialect: string(db.Dialect), Relaxed: database.Relaxed, Log: whatsapp.Log(slog.New(slog.DiscardHandler), func(string) {}),
	})
	require.NoError(w.t, err)
	key, err := seal.NewKey(bytes.Repeat([]byte{7}, seal.KeySize))
	require.NoError(w.t, err)
	spool, err := media.NewSpool(filepath.Join(w.t.TempDir(), "spool"))
	require.NoError(w.t, err)
	cfg := bridge.Config{
		DB: db, Key: key, Cache: w.cache, Store: store, Spool: spool, Convert: newConverter(spool), Log: slog.New(slog.DiscardHandler), Clock: w.clock.now,
		PublicURL: w.front.URL, Instance: "test", Metrics: bridge.NewMetrics(prometheus.NewRegistry()),
		Simulator: &whatsapp.Simulator{Addr: w.wa.Addr(), RootKey: w.wa.RootKey()},
	}
	change(&cfg)
	b := bridge.New(cfg)
	require.NoError(w.t, b.Start(context.Background()))
	return b
}

// pass lets time pass for the bridges.
func (w *world) pass(d time.Duration) { w.clock.ahead.Add(int64(d)) }

// failed waits until a job of a kind waits for its next attempt.
func (w *world) failed(kind string) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		var n int
		require.NoError(w.t, w.db.QueryRow(`SELECT COUNT(*) FROM job WHERE kind = $1 AND state = 'waiting' AND attempt > 0`, kind).Scan(&n))
		return n > 0
	}, patience, 5*time.Millisecond, "a %s that failed", kind)
}

// believed is longer than a request without an answer may still be carried out.
const believed = 25 * time.Second

func newConverter(spool *media.Spool) *convert.Converter {
	return convert.New(convert.Options{Spool: spool, FFmpeg: convert.FindFFmpeg(), Log: slog.New(slog.DiscardHandler)})
}

func (w *world) until(what string, holds func(whatsapp.State) bool) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		state, err := w.bridge.State(w.line)
		return err == nil && holds(state)
	}, patience, 5*time.Millisecond, what)
}

func (w *world) connected() {
	w.t.Helper()
	w.until("the connection", func(s whatsapp.State) bool { return s.Code == whatsapp.StateConnected })
}

// pair links the world's phone to its line.
func pair(t *testing.T, w *world) {
	t.Helper()
	require.NoError(t, w.bridge.Pair(context.Background(), w.line, ""))
	w.until("a QR code", func(s whatsapp.State) bool { return s.QR != "" })
	state, err := w.bridge.State(w.line)
	require.NoError(t, err)
	require.NoError(t, w.phone.ScanQR(state.QR))
	w.connected()
	require.NoError(t, w.phone.Companion().WaitAppState(patience))
}
