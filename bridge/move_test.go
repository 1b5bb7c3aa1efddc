package bridge_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// frozen is what the world's Chatwoot has now.
func (w *world) frozen() []byte {
	w.t.Helper()
	document, err := w.desk.Freeze()
	require.NoError(w.t, err)
	return document
}

// deskWith is another Chatwoot, at an address of its own, with what one had.
func deskWith(t *testing.T, document []byte) desk {
	t.Helper()
	d := newDesk(t)
	require.NoError(t, d.Thaw(document))
	return d
}

func (w *world) move(to bridge.Move) error {
	return w.bridge.MoveLine(context.Background(), w.line, to)
}

// refusesToMove requires that a move is refused for a reason and changes nothing.
func (w *world) refusesToMove(to bridge.Move, code fault.Code, reason string) {
	w.t.Helper()
	before, err := w.bridge.LineStatus(context.Background(), w.line)
	require.NoError(w.t, err)
	var refused *bridge.Error
	require.ErrorAs(w.t, w.move(to), &refused, to.ChatwootURL)
	require.Equal(w.t, code, refused.Code, refused.Message)
	require.Contains(w.t, refused.Message, reason)
	after, err := w.bridge.LineStatus(context.Background(), w.line)
	require.NoError(w.t, err)
	require.Equal(w.t, before.Line.ChatwootURL, after.Line.ChatwootURL)
	require.Equal(w.t, before.Line.Token, after.Line.Token)
}

// A Chatwoot that gets another address takes its line along: the phone stays linked,
// the chats go on in their conversations, and what waits is delivered there.
func TestT04_ALineFollowsItsChatwoot(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		talking(w)
		w.desk.say("hello")
		_, err := w.alice.WaitText(patience, "hello")
		require.NoError(t, err)
		require.NoError(t, w.desk.WaitIdle(t.Context()))
		conversation := w.desk.Conversations()[0].ID
		logins := w.phone.Companion().Logins()
		document := w.frozen()
		require.NoError(t, w.desk.Close())
		w.alice.SendText(w.phone, "while it moves")

		there := deskWith(t, document)
		require.NoError(t, w.move(bridge.Move{ChatwootURL: there.URL() + "/"}))
		w.desk = there
		require.Equal(t, conversation, w.desk.wait("what waited", withText("while it moves")).Conversation)
		w.desk.say("from the new address")
		_, err = w.alice.WaitText(patience, "from the new address")
		require.NoError(t, err)
		require.Equal(t, []string{"hi", "while it moves"}, w.desk.incoming())
		require.Equal(t, []string{"hello", "from the new address"}, w.alice.Texts())
		w.connected()
		require.Equal(t, 1, w.phone.Companion().Logins()-logins, "the line connects anew, without a pairing")

		// The address is kept: a new process uses it.
		w.bridge.Stop()
		w.start()
		w.connected()
		w.alice.SendText(w.phone, "thanks")
		w.desk.wait("a message after a restart", withText("thanks"))
	})
}

// Where the line's inbox and conversations are not, the line does not go; it says
// what is wrong with the address, and goes on where it is.
func TestT04_ALineMovesOnlyToItsOwnConversations(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		old := w.frozen() // without any conversation
		talking(w)
		middle := w.frozen() // without the newest message
		w.desk.say("hello")
		_, err := w.alice.WaitText(patience, "hello")
		require.NoError(t, err)

		fresh := newDesk(t)
		none := fresh.AdminToken()
		w.refusesToMove(bridge.Move{ChatwootURL: fresh.URL(), Token: &none}, fault.CodeRefused, "has no inbox")
		w.refusesToMove(bridge.Move{ChatwootURL: fresh.URL()}, fault.CodeRefused, "access token of an administrator")
		w.refusesToMove(bridge.Move{ChatwootURL: deskWith(t, old).URL()}, fault.CodeRefused, "does not have this line's conversations")
		w.refusesToMove(bridge.Move{ChatwootURL: deskWith(t, middle).URL()}, fault.CodeRefused, "an older copy")
		w.refusesToMove(bridge.Move{ChatwootURL: "chat.example.com"}, fault.CodeInvalid, "https://chat.example.com")
		w.refusesToMove(bridge.Move{ChatwootURL: ""}, fault.CodeInvalid, "https://chat.example.com")
		wrong, empty := "wrong", " "
		w.refusesToMove(bridge.Move{ChatwootURL: w.desk.URL(), Token: &wrong}, fault.CodeRefused, "access token of an administrator")
		w.refusesToMove(bridge.Move{ChatwootURL: w.desk.URL(), Token: &empty}, fault.CodeInvalid, "token is empty")
		gone := newDesk(t)
		require.NoError(t, gone.Close())
		w.refusesToMove(bridge.Move{ChatwootURL: gone.URL()}, fault.CodeRefused, "as a browser shows it")

		w.alice.SendText(w.phone, "still here")
		w.desk.wait("a message where it was", withText("still here"))
	})
}

// An inbox of the same number is another one, and one that another line has is not
// taken from it.
func TestT04_ALineDoesNotTakeAnotherInbox(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		status, err := w.bridge.LineStatus(ctx, w.line)
		require.NoError(t, err)
		other := newDesk(t)
		token := other.AdminToken()
		line, err := w.bridge.CreateLine(ctx, bridge.NewLine{Name: "Other", ChatwootURL: other.URL(), ChatwootToken: token, Account: int64(other.Account())})
		require.NoError(t, err)
		if status.Line.Inbox == line.Inbox {
			w.refusesToMove(bridge.Move{ChatwootURL: other.URL(), Token: &token}, fault.CodeConflict, `the line "Other"`)
		}
		require.NoError(t, w.bridge.DeleteLine(ctx, line.ID, true))
		w.refusesToMove(bridge.Move{ChatwootURL: other.URL(), Token: &token}, fault.CodeRefused, "is another one")
	})
}

// A line whose Chatwoot went away for good and came back elsewhere with other
// tokens is moved with a new one; a pause because of the old one ends.
func TestT04_ALineMovesWithANewToken(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		there := deskWith(t, w.frozen())
		fresh := there.resetToken(t)
		w.refusesToMove(bridge.Move{ChatwootURL: there.URL()}, fault.CodeRefused, "access token of an administrator")
		require.NoError(t, w.bridge.Pause(t.Context(), w.line))
		require.NoError(t, w.move(bridge.Move{ChatwootURL: there.URL(), Token: &fresh}))
		stateOf(t, w.bridge, w.line, bridge.StatePaused)
		require.Eventually(t, func() bool { // the runner of before may be ending
			status, err := w.bridge.LineStatus(t.Context(), w.line)
			return err == nil && status.Line.ChatwootURL == there.URL()
		}, patience, 5*time.Millisecond)
		require.NoError(t, w.bridge.Resume(t.Context(), w.line))
		w.connected()
		w.alice.SendText(w.phone, "hi again")
		there.wait("a message", withText("hi again"))
	})
}

// A token of another account or Chatwoot does not show the line's inbox.
func TestT16_ATokenForAnotherInboxIsRefused(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		stranger := w.desk.AddAccount("Another")
		token := w.desk.Token(w.desk.AddAdministrator(stranger, chatwoottest.UserSpec{Name: "Stranger", Email: "stranger@example.com"}))
		var refused *bridge.Error
		require.ErrorAs(t, w.replaceToken(token), &refused)
		require.Equal(t, fault.CodeRefused, refused.Code)
		require.Contains(t, refused.Message, "access token of an administrator")
		talking(w)
	})
}
