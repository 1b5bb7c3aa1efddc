package bridge_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"

	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// Votes and newer edits are encrypted with the secret of the message that they are about,
// which may stand inside a wrapper, or belong to a message of the own phone.
func TestVotesAndEditsThatAreSealedAreRead(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		talking(w)
		words := "disappears"
		vanishing := w.alice.Send(w.phone, &waE2E.Message{EphemeralMessage: &waE2E.FutureProofMessage{Message: &waE2E.Message{
			ExtendedTextMessage: &waE2E.ExtendedTextMessage{Text: &words}, MessageContextInfo: whatsapptest.Secret(),
		}}})
		w.desk.wait("the message", withSource(vanishing))
		edited := w.alice.SealEdit(w.phone, vanishing, "stays")
		shown := w.desk.wait("its edit", withSource(edited))
		require.Equal(t, "*✏️ Edited*\n\nstays", shown.Text)

		asked := w.phone.SendPoll(w.alice, "Which day?", []string{"Monday", "Tuesday"})
		poll := w.desk.wait("the poll", withSource(asked))
		sent, ok := w.phone.Sent(asked)
		require.True(t, ok)
		voted := w.desk.wait("the vote", withSource(w.alice.SealVote(w.phone, sent, []string{"Tuesday"})))
		require.Equal(t, "☑ **Tuesday**", voted.Text)
		require.Equal(t, poll.ID, voted.ReplyTo)

		typed := "our price"
		offer := w.phone.Send(w.alice, &waE2E.Message{Conversation: &typed, MessageContextInfo: whatsapptest.Secret()})
		w.desk.wait("what the phone sent", withSource(offer))
		note := w.desk.wait("its edit", withSource(w.phone.SealEdit(w.alice, offer, "our best price")))
		require.True(t, note.Private)
		require.Contains(t, note.Text, "our best price")
	})
}
