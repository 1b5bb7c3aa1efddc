package bridge_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
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
	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// patience bounds every wait: only a failing test uses it up.
const patience = 60 * time.Second

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

// world is a bridge between a simulated WhatsApp and a small Chatwoot, with
// one line that is paired, and Alice, a customer.
type world struct {
	t       *testing.T
	db      *database.DB
	cache   idmap.Cache
	wa      *whatsapptest.Server
	phone   *whatsapptest.Peer
	alice   *whatsapptest.Peer
	desk    *desk
	bridge  *bridge.Bridge
	front   *httptest.Server
	handler atomic.Pointer[http.Handler]
	line    bridge.LineID
}

// eachMode runs a flow embedded (SQLite, in process) and standard (Postgres,
// Redis).
func eachMode(t *testing.T, flow func(t *testing.T, w *world)) {
	t.Helper()
	eachModeWith(t, 20*time.Millisecond, flow)
}

// eachModeWith sets how long an agent's message waits for an earlier one.
func eachModeWith(t *testing.T, orderWait time.Duration, flow func(t *testing.T, w *world)) {
	t.Parallel()
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		flow(t, newWorld(t, databasetest.SQLite(t), idmap.NewMemory(1000, time.Now), orderWait))
	})
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
	w := &world{t: t, db: db, cache: cache, wa: whatsapptest.New(whatsapptest.Options{}), desk: newDesk(t)}
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
		Name: "Shop", ChatwootURL: w.desk.URL, ChatwootToken: "token", Account: 1, Settings: fmt.Appendf(nil, `{"order_wait_ms":%d,"send_rate":0}`, orderWait.Milliseconds()),
	})
	require.NoError(t, err)
	w.line = line.ID
	pair(t, w)
	return w
}

// start makes a bridge on the world's database, as a new process would.
func (w *world) start() {
	w.t.Helper()
	store, err := whatsapp.OpenStore(context.Background(), w.db.DB, string(w.db.Dialect), whatsapp.Log(slog.New(slog.DiscardHandler), func(string) {}))
	require.NoError(w.t, err)
	key, err := seal.NewKey(bytes.Repeat([]byte{7}, seal.KeySize))
	require.NoError(w.t, err)
	spool, err := media.NewSpool(filepath.Join(w.t.TempDir(), "spool"))
	require.NoError(w.t, err)
	w.bridge = bridge.New(bridge.Config{
		DB: w.db, Key: key, Cache: w.cache, Store: store, Spool: spool, Log: slog.New(slog.DiscardHandler), Clock: time.Now,
		PublicURL: w.front.URL, Instance: "test", Metrics: bridge.NewMetrics(prometheus.NewRegistry()),
		Simulator: &whatsapp.Simulator{Addr: w.wa.Addr(), RootKey: w.wa.RootKey()},
	})
	require.NoError(w.t, w.bridge.Start(context.Background()))
	handler := w.bridge.Webhooks()
	w.handler.Store(&handler)
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

func withText(text string) func(deskMessage) bool {
	return func(m deskMessage) bool { return m.Content == text }
}

func TestTextBothWaysWithTicks(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		asked := w.alice.SendText(w.phone, "*Hello*, 5*3*2?")
		got := w.desk.wait("the question", withText(`**Hello**, 5\*3\*2?`))
		require.Equal(t, "incoming", got.Type)
		require.Equal(t, "WAID:"+asked, got.SourceID)
		require.Equal(t, "Alice", w.desk.contacts[0]["name"])
		require.Equal(t, "+5511888880002", w.desk.contacts[0]["phone_number"])

		reply := w.desk.say(&deskMessage{Content: "It is **30**", ReplyTo: got.ID})
		there, err := w.alice.WaitText(patience, "It is *30*")
		require.NoError(t, err)
		require.Equal(t, asked, there.Message.GetExtendedTextMessage().GetContextInfo().GetStanzaID())
		_, err = w.alice.WaitReceipt(patience, asked, "read")
		require.NoError(t, err, "blue ticks when an agent replies")
		w.desk.wait("the delivered tick", func(m deskMessage) bool { return m.ID == reply.ID && m.Status == "delivered" })
		w.alice.MarkRead(there.ID)
		w.desk.wait("the read tick", func(m deskMessage) bool { return m.ID == reply.ID && m.Status == "read" })

		w.alice.Reply(w.phone, there, "Thanks")
		require.Equal(t, reply.ID, w.desk.wait("the quote", withText("Thanks")).ReplyTo)
		require.Len(t, w.desk.conversations, 1)
		require.Len(t, w.alice.Texts(), 1, "echoes are not sent to the customer")
	})
}

func TestFilesBothWays(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		pdf := bytes.Repeat([]byte("%PDF-1.4 "), 5000)
		w.alice.SendDocument(w.phone, "Orçamento final.pdf", pdf, whatsapptest.WithCaption("please sign"))
		got := w.desk.wait("the document", func(m deskMessage) bool { return m.File != nil })
		require.Equal(t, pdf, got.File)
		require.Equal(t, "Orçamento final.pdf", got.FileName)
		require.Equal(t, "application/pdf", got.FileType)
		require.True(t, strings.HasPrefix(got.Content, "please sign"))

		w.desk.say(&deskMessage{Content: "signed", File: pdf, FileName: "signed.pdf", FileType: "application/pdf"})
		back, err := w.alice.WaitMessage(patience, func(r whatsapptest.Received) bool {
			return r.Message.GetDocumentWithCaptionMessage() != nil || r.Message.GetDocumentMessage() != nil
		})
		require.NoError(t, err)
		content, err := w.alice.Download(back)
		require.NoError(t, err)
		require.Equal(t, pdf, content)
	})
}

func TestD12_AnAmbiguousPostIsLookedUpNotRepeated(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		w.desk.mu.Lock()
		w.desk.ambiguous = 1
		w.desk.mu.Unlock()
		w.alice.SendText(w.phone, "once")
		w.alice.SendText(w.phone, "after")
		w.desk.wait("both", withText("after"))
		require.Equal(t, []string{"once", "after"}, w.desk.incoming())
	})
}

func TestD13_ARepeatedWebhookIsSentOnce(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		m := w.desk.say(&deskMessage{Content: "only once"})
		for range 5 {
			require.Equal(t, http.StatusOK, w.desk.deliver(w.desk.body("message_created", m)))
		}
		w.desk.say(&deskMessage{Content: "end"})
		_, err := w.alice.WaitText(patience, "end")
		require.NoError(t, err)
		require.Equal(t, []string{"only once", "end"}, w.alice.Texts())
	})
}

func TestD24_SwappedWebhooksLeaveInChatwootsOrder(t *testing.T) {
	eachModeWith(t, 3*time.Second, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		first, second := &deskMessage{ID: 9100, Type: "outgoing", Content: "first"}, &deskMessage{ID: 9101, Type: "outgoing", Content: "second"}
		require.Equal(t, http.StatusOK, w.desk.deliver(w.desk.body("message_created", second)))
		require.Equal(t, http.StatusOK, w.desk.deliver(w.desk.body("message_created", first)))
		require.NoError(t, w.alice.WaitCount(patience, 2))
		require.Equal(t, []string{"first", "second"}, w.alice.Texts())
	})
}

func TestD38_ARestartLosesNothingBothWays(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		var toDesk, toAlice []string
		w.alice.SendText(w.phone, "in 00")
		w.desk.wait("the conversation", withText("in 00"))
		toDesk = append(toDesk, "in 00")
		for i := 1; i <= 20; i++ {
			in, out := fmt.Sprintf("in %02d", i), fmt.Sprintf("out %02d", i)
			toDesk, toAlice = append(toDesk, in), append(toAlice, out)
			w.alice.SendText(w.phone, in)
			m := &deskMessage{ID: int64(9500 + i), Type: "outgoing", Content: out}
			require.Equal(t, http.StatusOK, w.desk.deliver(w.desk.body("message_created", m)))
			if i == 10 {
				w.bridge.Stop()
				w.start()
			}
		}
		w.connected()
		w.desk.wait("the last question", withText("in 20"))
		_, err := w.alice.WaitText(patience, "out 20")
		require.NoError(t, err)
		require.Equal(t, toDesk, w.desk.incoming())
		require.Equal(t, toAlice, w.alice.Texts())
	})
}

func TestADeletedMessageIsTakenBack(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		m := w.desk.say(&deskMessage{Content: "oops"})
		sent, err := w.alice.WaitText(patience, "oops")
		require.NoError(t, err)
		w.desk.update(func() { m.Status = "deleted" })
		w.desk.post("message_updated", m)
		_, err = w.alice.WaitMessage(patience, func(r whatsapptest.Received) bool {
			return r.Message.GetProtocolMessage().GetKey().GetID() == sent.ID
		})
		require.NoError(t, err)
	})
}

func TestWebhooksAreRefusedByTheRules(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		status := func(url string, body []byte, signature string) int {
			req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
			require.NoError(t, err)
			req.Header.Set("X-Chatwoot-Timestamp", fmt.Sprint(time.Now().Unix()))
			req.Header.Set("X-Chatwoot-Signature", signature)
			resp, err := http.DefaultClient.Do(req)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			return resp.StatusCode
		}
		good := w.desk.body("message_created", &deskMessage{ID: 1, Type: "outgoing", Content: "x"})
		require.Equal(t, http.StatusNotFound, status(w.desk.webhook+"x", good, ""))
		require.Equal(t, http.StatusNotFound, status(w.front.URL+"/webhooks/none/none", good, ""))
		require.Equal(t, http.StatusUnauthorized, status(w.desk.webhook, good, "sha256=00"))
		require.Equal(t, http.StatusUnauthorized, status(w.desk.webhook, good, ""))
		require.Equal(t, http.StatusRequestEntityTooLarge, status(w.desk.webhook, make([]byte, 9<<20), ""))
		require.Equal(t, http.StatusBadRequest, w.desk.deliver([]byte(`{"event":`)))
		require.Equal(t, http.StatusForbidden, w.desk.deliver([]byte(`{"event":"message_created","account":{"id":2}}`)))
		require.Equal(t, http.StatusForbidden, w.desk.deliver([]byte(`{"event":"message_created","inbox":{"id":99}}`)))
		require.Equal(t, http.StatusOK, w.desk.deliver([]byte(`{"event":"something_new"}`)))
		var jobs int
		require.NoError(t, w.db.QueryRow(`SELECT COUNT(*) FROM job WHERE kind = 'created'`).Scan(&jobs))
		require.Zero(t, jobs, "nothing refused is stored")
	})
}
