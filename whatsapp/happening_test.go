package whatsapp_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// happened are the calls and changes that were taken in, by what they are.
func (w *world) happened() (what []string) {
	w.sink.mu.Lock()
	defer w.sink.mu.Unlock()
	for _, e := range w.sink.taken {
		switch e.Kind {
		case content.EnvCall:
			what = append(what, "call "+string(e.Step))
		case content.EnvHappening:
			what = append(what, string(e.Happens))
		}
	}
	return what
}

// What is no message is acknowledged once it is committed, also what the library makes
// no event of, or does not understand.
func TestWhatHappensIsCommittedBeforeItIsAcknowledged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pair()
	require.NoError(t, w.phone.Companion().WaitAppState(patience))
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	group := w.srv.NewGroup("Family", true, w.phone, w.alice)

	w.sink.refuse.Store(true)
	id := w.alice.Ring(w.phone, "video")
	w.sink.wait(t, "a refused commit", func() bool { return w.sink.refused.Load() > 0 })
	require.NotZero(t, w.phone.Companion().Pending())
	w.sink.refuse.Store(false)
	w.alice.HangUp(w.phone, id, "timeout")
	group.SetSubject(w.alice, "Cakes")
	w.phone.Stanza(waBinary.Node{Tag: "notification", Attrs: waBinary.Attrs{"type": "w:gp2", "from": group.JID(), "participant": w.alice.LID()}, Content: []waBinary.Node{
		{Tag: "announcement"}, // the library misses a version here, and makes no event
	}})
	w.phone.Stanza(waBinary.Node{Tag: "notification", Attrs: waBinary.Attrs{"type": "contacts", "from": types.ServerJID}, Content: []waBinary.Node{
		{Tag: "modify", Attrs: waBinary.Attrs{"old": w.alice.JID(), "new": types.NewJID("5511888880099", types.DefaultUserServer)}},
	}})
	w.phone.Stanza(waBinary.Node{Tag: "notification", Attrs: waBinary.Attrs{"type": "encrypt", "from": w.alice.JID()}, Content: []waBinary.Node{{Tag: "identity"}}})
	w.phone.Stanza(waBinary.Node{Tag: "notification", Attrs: waBinary.Attrs{"type": "business", "from": w.alice.JID()}, Content: []waBinary.Node{{Tag: "remove"}}})
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	require.Equal(t, []string{"call rings", "call ended", "group", "group", "number", "security", "business"}, w.happened())
	require.NoError(t, w.session.RejectCall(t.Context(), w.alice.LID().String(), id))
	require.NoError(t, w.phone.WaitRefused(patience, id))
	name, err := w.session.GroupName(t.Context(), group.JID().String())
	require.NoError(t, err)
	require.Equal(t, "Cakes", name)
}

// A stanza whose commit was under way when the session ended comes again.
func TestWhatIsNotCommittedComesAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pair()
	require.NoError(t, w.phone.Companion().WaitAppState(patience))
	w.sink.refuse.Store(true)
	w.alice.Ring(w.phone)
	w.sink.wait(t, "a refused commit", func() bool { return w.sink.refused.Load() > 0 })
	jid := w.session.State().JID
	w.session.Stop()
	require.Empty(t, w.happened())
	w.sink.refuse.Store(false)
	w.start(jid)
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	require.Equal(t, []string{"call rings"}, w.happened())
}
