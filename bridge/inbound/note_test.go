package inbound_test

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// noteOn is the only note that is threaded to a message.
func (o *office) noteOn(message int) chatwoottest.Message {
	o.t.Helper()
	var notes []chatwoottest.Message
	for _, m := range o.messages() {
		if m.Private && m.ReplyTo == message {
			notes = append(notes, m)
		}
	}
	require.Len(o.t, notes, 1)
	return notes[0]
}

// contactSource is the source id of the only chat there is.
func (o *office) contactSource() (source string) {
	o.t.Helper()
	require.NoError(o.t, o.line.DB.QueryRow(`SELECT source_id FROM chat`).Scan(&source))
	return source
}

func TestNotesAreSignedByABotThatIsMadeOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, words := range []string{"one", "two"} {
		id := o.from(alicia, byNumber, text(words))
		o.from(alicia, byNumber, revoke(id))
		note := o.noteOn(o.posted(id).ID)
		require.Equal(t, "Alice deleted this message for everyone. The text stays here.", note.Text)
		require.Equal(t, [2]string{"WhatsApp", "AgentBot"}, [2]string{note.Sender, note.SenderKind})
	}
	require.Equal(t, 1, o.Requests()["POST /api/v1/accounts/{account}/agent_bots"])
}

func TestNotesWithoutABotAreTheOwners(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.AddRule(chatwoottest.Rule{Path: "/agent_bots", Fault: chatwoottest.Fault{Status: http.StatusUnauthorized, Body: `{"error":"no"}`}})
	id := o.from(alicia, byNumber, text("one"))
	o.from(alicia, byNumber, revoke(id))
	require.Equal(t, "User", o.noteOn(o.posted(id).ID).SenderKind)
}

// What the own phone does to earlier messages is told in notes, in the
// conversation that there is, and opens nothing.
func TestD28_TheOwnPhoneReopensNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	inbox := o.Inboxes()[0].ID
	o.ask(http.MethodPatch, "/inboxes/"+strconv.Itoa(inbox), `{"lock_to_single_conversation":false}`)
	asked := o.from(alicia, byNumber, text("hi"))
	typed := o.typed(alicia, text("typed"))
	conversation := o.Conversations()[0].ID
	require.NoError(t, o.Resolve(conversation))
	resolved := chatwoot.Event{Kind: chatwoot.EventStatusChanged, Conversation: chatwoot.EventConversation{
		ID: chatwoot.ConversationID(conversation), Status: "resolved", SourceID: o.contactSource(),
	}}
	require.NoError(t, o.intake.AcceptEvent(t.Context(), resolved, nil))

	o.typed(alicia, &waE2E.Message{ReactionMessage: &waE2E.ReactionMessage{Text: proto.String("👍"), Key: &waCommon.MessageKey{ID: &asked}}})
	o.typed(alicia, &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
		Type: waE2E.ProtocolMessage_MESSAGE_EDIT.Enum(), Key: &waCommon.MessageKey{ID: &typed}, EditedMessage: text("typed better"),
	}})
	o.typed(alicia, revoke(typed))
	require.Len(t, o.Conversations(), 1)
	require.Equal(t, "resolved", o.Conversations()[0].Status)
	notes := 0
	for _, m := range o.messages() {
		if m.Private {
			notes++
		}
	}
	require.Equal(t, 3, notes, o.View())
	o.from(alicia, byNumber, text("new question"))
	require.Len(t, o.Conversations(), 2)
}

// What cannot be read at first is one line in its chat, followed by the message;
// the line is not posted once the message is there.
func TestAPlaceholderComesBeforeItsMessageOrNotAtAll(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	late := o.info(alicia)
	o.accept(content.PlaceholderEnvelope(late, content.TroubleUndecryptable, nobodyElse))
	require.Empty(t, o.drain())
	require.Contains(t, o.posted(late.ID+"#waiting").Text, "Waiting for this message")
	o.accept(content.MessageEnvelope(late, text("my order"), nobodyElse))
	require.Empty(t, o.drain())
	require.Equal(t, "my order", o.posted(late.ID).Text)

	once := o.info(alicia)
	o.accept(content.PlaceholderEnvelope(once, "view_once", nobodyElse))
	require.Empty(t, o.drain())
	require.Contains(t, o.posted(once.ID+"#waiting").Text, "🔒")

	known := o.info(alicia)
	o.accept(content.MessageEnvelope(known, text("in time"), nobodyElse))
	o.accept(content.PlaceholderEnvelope(known, content.TroubleUndecryptable, nobodyElse))
	require.Empty(t, o.drain())
	require.Len(t, o.incoming(), 4, o.View())
	require.Len(t, o.Conversations(), 1)
}
