package bridge_test

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

func note(reply int) func(chatwoottest.Message) bool {
	return func(m chatwoottest.Message) bool { return m.Private && m.ReplyTo == reply }
}

func TestNotesAreSignedByABotThatIsMadeOnce(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		for _, text := range []string{"one", "two"} {
			id := w.alice.SendText(w.phone, text)
			said := w.desk.wait("the message", withText(text))
			w.alice.Revoke(w.phone, id)
			deleted := w.desk.wait("the note", note(said.ID))
			require.Equal(t, "Alice deleted this message for everyone. The text stays here.", deleted.Text)
			require.Equal(t, "WhatsApp", deleted.Sender)
			require.Equal(t, "AgentBot", deleted.SenderKind)
		}
		made := w.desk.Requests()["POST /api/v1/accounts/{account}/agent_bots"]
		require.Equal(t, 1, made)
	})
}

func TestNotesWithoutABotAreTheOwners(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.desk.AddRule(chatwoottest.Rule{Path: "/agent_bots", Fault: chatwoottest.Fault{Status: http.StatusUnauthorized, Body: `{"error":"no"}`}})
		id := w.alice.SendText(w.phone, "one")
		said := w.desk.wait("the message", withText("one"))
		w.alice.Revoke(w.phone, id)
		require.Equal(t, "User", w.desk.wait("the note", note(said.ID)).SenderKind)
	})
}

// What the own phone does to earlier messages is told in notes, in the
// conversation that there is, and opens nothing.
func TestD28_TheOwnPhoneReopensNothing(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		inbox := w.desk.Inboxes()[0].ID
		w.ask(http.MethodPatch, "/inboxes/"+strconv.Itoa(inbox), `{"lock_to_single_conversation":false}`)
		w.bridge.Stop()
		w.start()
		w.connected()
		id := w.alice.SendText(w.phone, "hi")
		w.desk.wait("the message", withText("hi"))
		asked, ok := w.alice.Sent(id)
		require.True(t, ok)
		typed := w.phone.TypeText(w.alice, "typed")
		echo := w.desk.wait("the echo", withText("typed"))
		conversation := w.desk.Conversations()[0].ID
		require.NoError(t, w.desk.Resolve(conversation))
		require.NoError(t, w.desk.WaitIdle(t.Context()))

		w.phone.React(w.alice, asked, "👍")
		w.phone.Edit(w.alice, typed, "typed better")
		w.phone.Revoke(w.alice, typed)
		w.desk.wait("the deletion", note(echo.ID))
		w.idle("in")
		require.Len(t, w.desk.Conversations(), 1)
		require.Equal(t, "resolved", w.desk.Conversations()[0].Status)
		notes := 0
		for _, m := range w.desk.Messages(conversation) {
			if m.Private {
				notes++
			}
		}
		require.Equal(t, 3, notes, w.desk.ViewConversation(conversation))
		w.alice.SendText(w.phone, "new question")
		w.desk.wait("the new question", withText("new question"))
		require.Len(t, w.desk.Conversations(), 2)
	})
}

func TestAnAgentTakesBackWhatWasTypedOnThePhone(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		typed := w.phone.TypeText(w.alice, "oops")
		echo := w.desk.wait("the echo", withText("oops"))
		w.idle("in")
		require.NoError(t, w.desk.Delete(echo.ID))
		_, err := w.alice.WaitMessage(patience, func(r whatsapptest.Received) bool {
			return r.Message.GetProtocolMessage().GetKey().GetID() == typed
		})
		require.NoError(t, err)
	})
}
