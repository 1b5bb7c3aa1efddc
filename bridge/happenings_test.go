package bridge_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// A call and the changes of a group go all the way; a refused call is answered as if an
// agent had written.
func TestCallsAndChangesOfGroupsReachTheDesk(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		id := w.alice.Ring(w.phone, "video")
		w.alice.HangUp(w.phone, id, "timeout")
		w.desk.wait("the missed call", func(m chatwoottest.Message) bool {
			return m.Text == "📹 **Missed video call**" && m.Kind == "incoming"
		})

		group := w.wa.NewGroup("Family", true, w.phone, w.alice)
		w.alice.SendText(group, "Oi")
		w.desk.wait("the group's message", func(m chatwoottest.Message) bool {
			return m.Kind == "incoming" && m.Conversation != w.desk.Conversations()[0].ID
		})
		group.SetSubject(w.alice, "Cakes <b>")
		w.desk.wait("the new name", func(m chatwoottest.Message) bool {
			return m.Kind == "activity" && m.Text == "Alice changed the subject to “Cakes &lt;b&gt;”"
		})
		w.contact("the group's name", func(c chatwoottest.Contact) bool { return c.Name == "Cakes <b>" })

		w.change(`{"reject_calls":true,"reject_calls_text":"We do not take calls."}`)
		second := w.alice.Ring(w.phone)
		require.NoError(t, w.phone.WaitRefused(patience, second))
		_, err := w.alice.WaitText(patience, "We do not take calls.")
		require.NoError(t, err)
		w.desk.wait("the refused call", func(m chatwoottest.Message) bool {
			return m.Text == "📞 **Missed voice call** (rejected automatically)"
		})
	})
}
