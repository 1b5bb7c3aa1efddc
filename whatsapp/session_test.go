package whatsapp_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/types"
	"go.uber.org/goleak"
	_ "modernc.org/sqlite"

	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// patience bounds every wait: only a failing test uses it up.
const patience = 60 * time.Second

func TestMain(m *testing.M) {
	whatsapptest.TrustRoot()
	goleak.VerifyTestMain(m, leaks()...)
}

// leaks are goroutines that the library does not end.
func leaks() []goleak.Option {
	return []goleak.Option{
		// whatsmeow keeps a timer goroutine per past request until it times out.
		goleak.IgnoreAnyFunction("go.mau.fi/whatsmeow.(*Client).sendIQ"),
		// whatsmeow's reader hangs for ever when it has a frame while Disconnect runs.
		goleak.IgnoreAnyFunction("go.mau.fi/whatsmeow/socket.(*FrameSocket).frameComplete"),
	}
}

// sink keeps what a session took in.
type sink struct {
	refuse  atomic.Bool
	refused atomic.Int64
	mu      sync.Mutex
	taken   []content.Envelope
	states  []whatsapp.State
	typing  []bool
	changed chan struct{}
	// onTake and onTyping, if set before the session starts, may panic.
	onTake   func(content.Envelope)
	onTyping func()
}

func newSink() *sink { return &sink{changed: make(chan struct{})} }

func (s *sink) update(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *sink) Take(_ context.Context, e content.Envelope) error {
	if s.onTake != nil {
		s.onTake(e)
	}
	if s.refuse.Load() {
		s.update(func() { s.refused.Add(1) })
		return errors.New("the journal is away")
	}
	s.update(func() { s.taken = append(s.taken, e) })
	return nil
}

func (s *sink) Typing(_ content.Address, on bool) {
	if s.onTyping != nil {
		s.onTyping()
	}
	s.update(func() { s.typing = append(s.typing, on) })
}
func (s *sink) StateChanged(state whatsapp.State) {
	s.update(func() { s.states = append(s.states, state) })
}
func (s *sink) CaughtUp() {}

// wait blocks until the condition holds.
func (s *sink) wait(t *testing.T, what string, holds func() bool) {
	t.Helper()
	timeout := time.After(patience)
	for {
		s.mu.Lock()
		ok, changed := holds(), s.changed
		s.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func (s *sink) texts() []string {
	var texts []string
	for _, e := range s.taken {
		if e.Kind != content.EnvMessage {
			continue
		}
		if m, err := content.Decode(e.Payload); err == nil {
			if text, ok := m.Content.(content.Text); ok {
				texts = append(texts, text.Text)
			}
		}
	}
	return texts
}

type world struct {
	t       *testing.T
	srv     *whatsapptest.Server
	phone   *whatsapptest.Peer
	alice   *whatsapptest.Peer
	store   *whatsapp.Store
	sink    *sink
	session *whatsapp.Session
	// configure changes what the next session is made with.
	configure func(*whatsapp.Config)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOn(t, openStore(t, openSQLite(t), "sqlite"))
}

func newWorldOn(t *testing.T, store *whatsapp.Store) *world {
	t.Helper()
	return newWorldAt(t, whatsapptest.New(whatsapptest.Options{}), store)
}

func newWorldAt(t *testing.T, srv *whatsapptest.Server, store *whatsapp.Store) *world {
	t.Helper()
	require.NoError(t, srv.Start())
	t.Cleanup(srv.Close)
	w := &world{t: t, srv: srv, phone: srv.NewPeer("5511999990001", "Shop"), alice: srv.NewPeer("5511888880002", "Alice"), store: store, sink: newSink()}
	w.start("")
	t.Cleanup(func() { w.session.Stop() })
	return w
}

func (w *world) config(jid string) whatsapp.Config {
	cfg := whatsapp.Config{
		JID: jid, Store: w.store, Sink: w.sink, Log: slog.New(slog.DiscardHandler), Clock: time.Now,
		Simulator: &whatsapp.Simulator{Addr: w.srv.Addr(), RootKey: w.srv.RootKey()},
	}
	if w.configure != nil {
		w.configure(&cfg)
	}
	return cfg
}

func (w *world) start(jid string) {
	w.session = whatsapp.NewSession(w.config(jid))
	w.session.Start(context.Background())
}

func (w *world) waitState(code whatsapp.Code) {
	w.t.Helper()
	w.sink.wait(w.t, string(code), func() bool { return w.session.State().Code == code })
}

func (w *world) pair() {
	w.t.Helper()
	w.scan(w.phone)
	w.waitState(whatsapp.StateConnected)
	require.NoError(w.t, w.phone.Companion().WaitAppState(patience))
}

// scan lets a phone scan the code of a new pairing.
func (w *world) scan(phone *whatsapptest.Peer) {
	w.t.Helper()
	require.NoError(w.t, w.session.Pair(""))
	w.sink.wait(w.t, "a QR code", func() bool { return w.session.State().QR != "" })
	_ = phone.ScanQR(w.session.State().QR) // fails when the session refuses the phone
}

func TestPairThenTextBothWays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, whatsapp.StateNew, w.session.State().Code)
	w.pair()
	require.Equal(t, "5511999990001", w.session.State().Phone)
	require.Empty(t, w.session.State().QR)

	id := w.alice.SendText(w.phone, "hello")
	w.sink.wait(t, "the customer's text", func() bool { return len(w.sink.texts()) == 1 })
	require.Equal(t, []string{"hello"}, w.sink.texts())
	_, err := w.alice.WaitReceipt(patience, id, types.ReceiptTypeDelivered)
	require.NoError(t, err)

	out := content.Outgoing{ID: content.MessageID("l1", "send", 7, 0, 0), To: w.alice.JID().String(), Text: "hi"}
	require.NoError(t, w.session.Send(context.Background(), out))
	got, err := w.alice.WaitText(patience, "hi")
	require.NoError(t, err)
	require.Equal(t, out.ID, got.ID)
	w.sink.wait(t, "a receipt", func() bool {
		for _, e := range w.sink.taken {
			if e.Kind == content.EnvReceipt {
				return true
			}
		}
		return false
	})
	require.NoError(t, w.session.Send(context.Background(), out), "a repeat is harmless")
	require.Len(t, w.alice.Texts(), 1)
}

func TestPairByCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.session.Pair(w.phone.Number()))
	w.sink.wait(t, "a pairing code", func() bool { return w.session.State().PairingCode != "" })
	require.NoError(t, w.phone.EnterPairCode(w.session.State().PairingCode))
	w.waitState(whatsapp.StateConnected)
}

func TestFilesBothWays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pair()
	sent := []byte("%PDF-1.4 a document")
	w.alice.SendDocument(w.phone, "offer.pdf", sent, whatsapptest.WithCaption("see here"))
	var m content.Media
	w.sink.wait(t, "a document", func() bool {
		for _, e := range w.sink.taken {
			if e.Kind == content.EnvMessage {
				got, err := content.Decode(e.Payload)
				if document, ok := got.Content.(content.Media); err == nil && ok {
					m = document
					return true
				}
			}
		}
		return false
	})
	require.Equal(t, content.Document, m.Kind)
	require.Equal(t, "see here", m.Caption)
	require.Equal(t, "offer.pdf", m.File.Name)
	file, err := os.Create(filepath.Join(t.TempDir(), "in"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Close() })
	require.NoError(t, w.session.Download(context.Background(), *m.File, file))
	got, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	require.Equal(t, sent, got)

	require.NoError(t, w.session.Send(context.Background(), content.Outgoing{ID: "3EB0FILE", To: w.alice.JID().String(), Text: "back", Media: &content.OutgoingMedia{
		Kind: content.Document, Path: file.Name(), MIME: "application/pdf", Name: "offer.pdf",
	}}))
	received, err := w.alice.WaitMessage(patience, func(r whatsapptest.Received) bool { return r.ID == "3EB0FILE" })
	require.NoError(t, err)
	back, err := w.alice.Download(received)
	require.NoError(t, err)
	require.Equal(t, sent, back)
}
