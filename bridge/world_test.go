package bridge_test

import (
	"context"
	"fmt"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/bridgetest"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/media/convert"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// patience bounds every wait: only a failing test uses it up, however slow the
// machine is.
const patience = 3 * time.Minute

func TestMain(m *testing.M) {
	whatsapptest.TrustRoot()
	bridgetest.VerifyTestMain(m)
}

// world is a Stack with one line that is paired, and Alice, a customer.
type world struct {
	*bridgetest.Stack
	t       *testing.T
	db      *database.DB
	wa      *whatsapptest.Server
	phone   *whatsapptest.Peer
	alice   *whatsapptest.Peer
	desk    desk
	bridge  *bridge.Bridge // of several processes, the one that is asked
	front   *httptest.Server
	handler *atomic.Pointer[http.Handler]
	// between is the web server in front of the desk, if there is one.
	between *chatwoottest.Front
	line    bridge.LineID
	// configure, if set, changes the next process's configuration.
	configure func(*bridge.Config)
}

// flow is a test of what happens in a world.
type flow func(t *testing.T, w *world)

// orderWait is how long an agent's message waits for an earlier one.
const orderWait = 20 * time.Millisecond

// A flow's line listens in one of three ways, which the flow's name chooses: to
// both, to webhooks, to the live channel. Flows about webhooks that go wrong say
// which they need.
var listenings = []string{lines.ListenBoth, lines.ListenWebhook, lines.ListenLive}

func listening(t *testing.T) string {
	return listenings[int(crc32.ChecksumIEEE([]byte(t.Name())))%len(listenings)]
}

// setting is how the world of a flow is made.
type setting struct {
	orderWait time.Duration
	listen    string
	// behind says that a web server is in front of Chatwoot.
	behind bool
	// apart says that several processes have no Redis in common.
	apart bool
}

// behindFront has a web server in front of Chatwoot.
func behindFront(s *setting) { s.behind = true }

// byWebhook makes a flow's line listen to webhooks alone.
func byWebhook(s *setting) { s.listen = lines.ListenWebhook }

// byBoth makes a flow's line listen to webhooks and the live channel.
func byBoth(s *setting) { s.listen = lines.ListenBoth }

// byLive makes a flow's line listen to the live channel alone.
func byLive(s *setting) { s.listen = lines.ListenLive }

func settingOf(t *testing.T, changes []func(*setting)) setting {
	s := setting{orderWait: orderWait, listen: listening(t)}
	for _, change := range changes {
		change(&s)
	}
	return s
}

// eachMode runs a flow embedded (SQLite, in process) and standard (Postgres,
// Redis). It is for flows whose outcome depends on the database: order,
// restarts, passes, merges, and what only SQL knows.
func eachMode(t *testing.T, flow flow, changes ...func(*setting)) {
	t.Helper()
	t.Parallel()
	how := settingOf(t, changes)
	embedded(t, how, flow)
	standard(t, how, flow)
}

// eachModeWith sets how long an agent's message waits for an earlier one.
func eachModeWith(t *testing.T, orderWait time.Duration, flow flow, changes ...func(*setting)) {
	t.Helper()
	eachMode(t, flow, append(changes, func(s *setting) { s.orderWait = orderWait })...)
}

// oneMode runs a flow in one mode, which the test's name chooses. It is for
// flows to which the database is all the same: the journal, the ledger and the
// cache have tests of their own in both modes.
func oneMode(t *testing.T, flow flow, changes ...func(*setting)) {
	t.Helper()
	t.Parallel()
	how := settingOf(t, changes)
	if crc32.ChecksumIEEE([]byte(t.Name()))%2 == 0 {
		embedded(t, how, flow)
	} else {
		standard(t, how, flow)
	}
}

// eachListening runs a flow with a line that listens to both, to webhooks, and to
// the live channel, embedded and standard in turns. It is for flows of agents'
// replies whose outcome could depend on the way they come.
func eachListening(t *testing.T, flow flow, changes ...func(*setting)) {
	t.Helper()
	t.Parallel()
	name := t.Name()
	for i, listen := range listenings {
		how := settingOf(t, changes)
		how.listen = listen
		t.Run(listen, func(t *testing.T) {
			t.Parallel()
			if (int(crc32.ChecksumIEEE([]byte(name)))/2+i)%2 == 0 {
				embedded(t, how, flow)
			} else {
				standard(t, how, flow)
			}
		})
	}
}

func embedded(t *testing.T, how setting, flow flow) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		flow(t, newWorld(t, databasetest.SQLite(t), idmap.NewMemory(1000, time.Now), how))
	})
}

func standard(t *testing.T, how setting, flow flow) {
	t.Helper()
	t.Run("standard", func(t *testing.T) {
		t.Parallel()
		cache, err := idmap.NewRedis(databasetest.RedisURL(t), databasetest.Unique()+"/")
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, cache.Close()) })
		flow(t, newWorld(t, databasetest.Postgres(t), cache, how))
	})
}

func newWorld(t *testing.T, db *database.DB, cache idmap.Cache, how setting) *world {
	t.Helper()
	return newWorldAt(t, newDesk(t), db, cache, how)
}

// newWorldAt is a world with a Chatwoot of one's own.
func newWorldAt(t *testing.T, at desk, db *database.DB, cache idmap.Cache, how setting) *world {
	t.Helper()
	address := at.URL()
	var between *chatwoottest.Front
	if how.behind {
		var err error
		between, err = chatwoottest.NewFront(address)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, between.Close()) })
		address = between.URL()
	}
	s := bridgetest.Open(t, bridgetest.Options{
		ChatwootURL: address, DB: db, Cache: cache, Chatwoot: at.Server, Patience: patience, FFmpeg: convert.FindFFmpeg(),
		Settings: fmt.Sprintf(`{"order_wait_ms":%d,"send_rate":0,"groups":"all","listen":%q}`, how.orderWait.Milliseconds(), how.listen),
	})
	w := &world{
		Stack: s, t: t, db: s.DB, wa: s.WhatsApp, phone: s.Phone, desk: at, bridge: s.Bridge, front: s.Front, handler: &s.Webhooks, line: s.Line, between: between,
	}
	t.Cleanup(w.bridgeUsed)
	w.alice = w.wa.NewPeer("5511888880002", "Alice")
	return w
}

// bridgeUsed tells the Stack which bridge the test uses now.
func (w *world) bridgeUsed() { w.Bridge = w.bridge }

// start makes a bridge on the world's database, as a new process would.
func (w *world) start() {
	w.t.Helper()
	w.Configure = w.configure
	require.NoError(w.t, w.Start(context.Background()))
	w.bridge = w.Bridge
}

// process starts a bridge beside those that run.
func (w *world) process(db *database.DB, change func(*bridge.Config)) *bridge.Bridge {
	w.t.Helper()
	b, err := w.NewBridge(context.Background(), func(cfg *bridge.Config) {
		cfg.DB = db
		change(cfg)
	})
	require.NoError(w.t, err)
	require.NoError(w.t, b.Start(context.Background()))
	return b
}

// pass lets time pass for the bridges.
func (w *world) pass(d time.Duration) { w.Clock.Forward(d) }

// failed waits until a job of a kind waits for its next attempt.
func (w *world) failed(kind string) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		var n int
		require.NoError(w.t, w.db.QueryRow(`SELECT COUNT(*) FROM job WHERE kind = $1 AND state = 'waiting' AND attempt > 0`, kind).Scan(&n))
		return n > 0
	}, patience, 5*time.Millisecond, "a %s that failed", kind)
}

// told blocks until the bridge has taken in what is to be done about an agent's
// message: "created", "deleted" or "retry".
func (w *world) told(what string, message int) {
	w.t.Helper()
	key := fmt.Sprintf("%s|%s|%d", w.line, what, message)
	require.Eventually(w.t, func() bool {
		var n int
		require.NoError(w.t, w.db.QueryRow(`SELECT COUNT(*) FROM job WHERE dedupe = $1 OR dedupe LIKE $2`, key, key+"|%").Scan(&n))
		return n > 0
	}, patience, 5*time.Millisecond, "%s of message %d", what, message)
}

// believed is longer than a request without an answer may still be carried out.
const believed = 25 * time.Second

func (w *world) until(what string, holds func(whatsapp.State) bool) {
	w.t.Helper()
	w.bridgeUsed()
	require.NoError(w.t, w.WaitState(context.Background(), w.line, what, holds))
}

func (w *world) connected() {
	w.t.Helper()
	w.bridgeUsed()
	require.NoError(w.t, w.WaitConnected(context.Background(), w.line))
}

// pair links the world's phone to its line.
func pair(t *testing.T, w *world) {
	t.Helper()
	w.bridgeUsed()
	require.NoError(t, w.Pair(context.Background(), w.line, w.phone))
}
