package whatsapp_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// textsOnce are the texts that a journal would have kept, which knows every
// event by its Dedupe; the sink's lock is held.
func (s *sink) textsOnce() []string {
	var texts []string
	seen := map[string]bool{}
	for _, e := range s.taken {
		if e.Kind != content.EnvMessage || seen[e.Dedupe] {
			continue
		}
		seen[e.Dedupe] = true
		if m, err := content.Decode(e.Payload); err == nil {
			if text, ok := m.Content.(content.Text); ok {
				texts = append(texts, text.Text)
			}
		}
	}
	return texts
}

// drop is a stanza at which the connection ends.
type drop struct {
	kind       whatsapptest.EventKind
	tag, class string
	// then is done beside the texts, for a stanza that they do not bring.
	then func(w *world)
}

// drops are all kinds of stanzas that go while no request of the client waits
// for its answer.
var drops = map[string]drop{
	"the client's receipt":                {kind: whatsapptest.StanzaIn, tag: "receipt"},
	"the client's word on a receipt":      {kind: whatsapptest.StanzaIn, tag: "ack", class: "receipt"},
	"the client's word on a notification": {kind: whatsapptest.StanzaIn, tag: "ack", class: "notification", then: changePicture},
	"a customer's text":                   {kind: whatsapptest.StanzaOut, tag: "message"},
	"a customer's receipt":                {kind: whatsapptest.StanzaOut, tag: "receipt"},
	"the server's word on a receipt":      {kind: whatsapptest.StanzaOut, tag: "ack", class: "receipt"},
	"a notification":                      {kind: whatsapptest.StanzaOut, tag: "notification", then: changePicture},
}

func changePicture(w *world) { w.alice.SetPicture([]byte("a picture")) }

// The connection ends once, at a stanza of each kind in each direction, while
// texts go both ways in turn: all of them arrive once and in order.
//
// No request waits when the connection ends: the library has a data race, without
// consequence, between such a request and its own reconnecting, which the race
// detector finds now and then. TestAConnectionMayEndWhileARequestWaits is
// without the detector.
func TestAConnectionMayEndAtAnyStanza(t *testing.T) {
	t.Parallel()
	for name, d := range drops {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newDropWorld(t, d)
			for n, text := range w.want[1:] {
				w.sendUntilTaken(w.alice, outID(n), text)
				w.alice.MarkDelivered(outID(n))
				if n == dropTexts/2 && d.then != nil {
					d.then(w.world)
				}
				w.alice.SendText(w.phone, text)
				w.sink.wait(t, "her text", func() bool { return slices.Contains(w.sink.textsOnce(), text) })
				require.NoError(t, w.phone.Companion().WaitSettled(patience))
				w.sink.wait(t, "the server's word on the receipt", func() bool {
					return w.words.Load() > int64(n) || w.dropped.Load()
				})
				if w.dropped.Load() {
					require.NoError(t, w.phone.Companion().WaitLogins(patience, 2))
				}
			}
			w.check()
		})
	}
}

// dropWorld is a world whose connection ends once.
type dropWorld struct {
	*world
	want    []string // the texts of each side
	dropped atomic.Bool
	words   atomic.Int64 // that the server had for receipts of the client
}

const dropTexts = 12

func outID(n int) string { return fmt.Sprintf("3EB0%018d", n) }

func newDropWorld(t *testing.T, d drop) *dropWorld {
	t.Helper()
	w := &dropWorld{world: newWorld(t), want: []string{"first"}}
	for n := range dropTexts {
		w.want = append(w.want, fmt.Sprint(n))
	}
	w.alice.SetAutoDelivery(false)
	var token atomic.Bool
	remove := w.srv.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
		if e.Is(whatsapptest.StanzaIn, "iq") && e.Attr("xmlns") == "privacy" && e.Attr("type") == "set" {
			w.sink.update(func() { token.Store(true) })
		}
		return whatsapptest.Action{}
	})
	w.pair()
	// What only the first message asks for is answered before the second is.
	w.send(w.alice, "3EB0FIRST", "first")
	w.sink.wait(t, "the question that a first message brings", token.Load)
	w.send(w.alice, "3EB0FIRST", "first")
	remove()
	w.alice.SendText(w.phone, "first")
	w.sink.wait(t, "her first text", func() bool { return len(w.sink.texts()) == 1 })
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	w.srv.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
		fits := e.Is(d.kind, d.tag) && (d.class == "" || e.Attr("class") == d.class)
		action := whatsapptest.Action{Close: fits && w.dropped.CompareAndSwap(false, true)}
		if e.Is(whatsapptest.StanzaOut, "ack") && e.Attr("class") == "receipt" {
			w.words.Add(1)
		}
		w.sink.update(func() {})
		return action
	})
	return w
}

// sendUntilTaken repeats a message under its id until WhatsApp has taken it, as
// the bridge does.
func (w *world) sendUntilTaken(to *whatsapptest.Peer, id, text string) {
	w.t.Helper()
	for {
		err := w.session.Send(context.Background(), content.Outgoing{ID: id, To: to.JID().String(), Text: text})
		if err == nil {
			return
		}
		var refused *whatsapp.PermanentError
		require.NotErrorAs(w.t, err, &refused)
		w.waitState(whatsapp.StateConnected)
	}
}

// check finds every text where it belongs.
func (w *dropWorld) check() {
	w.t.Helper()
	w.sink.wait(w.t, "all of her texts", func() bool { return len(w.sink.textsOnce()) >= len(w.want) })
	require.NoError(w.t, w.alice.WaitCount(patience, len(w.want)))
	require.NoError(w.t, w.phone.Companion().WaitSettled(patience))
	require.True(w.t, w.dropped.Load())
	require.Greater(w.t, w.phone.Companion().Logins(), 1)
	w.sink.update(func() {
		require.Equal(w.t, w.want, w.sink.textsOnce())
		require.Zero(w.t, w.sink.troubles())
	})
	require.Equal(w.t, w.want, w.alice.Texts())
}

// Messages that WhatsApp delivers in another order than they were written are
// all read, each once.
func TestMessagesThatOvertakeEachOtherAreAllRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pair()
	w.alice.SendText(w.phone, "first")
	w.sink.wait(t, "the first text", func() bool { return len(w.sink.texts()) == 1 })
	var n atomic.Int64
	w.srv.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
		return whatsapptest.Action{Swap: e.Is(whatsapptest.StanzaOut, "message") && n.Add(1)%2 == 1}
	})
	const texts = 20
	var want []string
	for i := range texts {
		want = append(want, fmt.Sprintf("%02d", i))
		w.alice.SendText(w.phone, want[i])
	}
	w.sink.wait(t, "all of her texts", func() bool { return len(w.sink.texts()) >= texts+1 })
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	w.sink.update(func() {
		got := w.sink.texts()[1:]
		require.NotEqual(t, want, got, "they were swapped")
		slices.Sort(got)
		require.Equal(t, want, got)
		require.Zero(t, w.sink.troubles())
	})
}
