package bridge_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// A line whose token Chatwoot refuses is paused and keeps what comes. A new token
// that works lets it go on, and everything that waited arrives once; a token that
// does not work changes nothing.
func TestT16_ALinesTokenCanBeReplaced(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		fresh := w.resetToken()
		w.alice.SendText(w.phone, "is anybody there?")
		paused := func(s whatsapp.State) bool { return s.Code == bridge.StatePaused }
		w.until("the pause", paused)
		w.alice.SendText(w.phone, "hello?")
		w.told("created", w.desk.say("one moment").ID)

		var refused *bridge.Error
		require.ErrorAs(t, w.replaceToken("wrong"), &refused)
		require.Equal(t, fault.CodeRefused, refused.Code)
		require.ErrorAs(t, w.replaceToken(" "), &refused)
		require.Contains(t, []fault.Code{fault.CodeInvalid, fault.CodeRefused}, refused.Code)
		w.until("the pause", paused)
		require.Equal(t, []string{"hi"}, w.desk.incoming())

		require.NoError(t, w.replaceToken(fresh+"\n"))
		w.desk.wait("what came last", withText("hello?"))
		_, err := w.alice.WaitText(patience, "one moment")
		require.NoError(t, err)
		w.connected()
		require.Equal(t, []string{"hi", "is anybody there?", "hello?"}, w.desk.incoming())
		require.Equal(t, []string{"one moment"}, w.alice.Texts())

		// The token is kept: a new process uses it.
		w.bridge.Stop()
		w.start()
		w.alice.SendText(w.phone, "thanks")
		w.desk.wait("a message after a restart", withText("thanks"))
	})
}

// An administrator's pause outlives a new token.
func TestT16_AReplacedTokenEndsNoPauseOfAnAdministrator(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		require.NoError(t, w.bridge.Pause(context.Background(), w.line))
		require.NoError(t, w.replaceToken(w.resetToken()))
		state, err := w.bridge.State(w.line)
		require.NoError(t, err)
		require.Equal(t, bridge.StatePaused, state.Code)
		require.NoError(t, w.bridge.Resume(context.Background(), w.line))
		w.connected()
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("a message with the new token", withText("hi"))
	})
}

// resetToken makes Chatwoot forget the administrator's token and gives the next.
func (w *world) resetToken() string { return w.desk.resetToken(w.t) }

func (d desk) resetToken(t testing.TB) string {
	t.Helper()
	users := d.Users()
	i := slices.IndexFunc(users, func(u chatwoottest.User) bool { return d.Token(u.ID) == d.AdminToken() })
	require.GreaterOrEqual(t, i, 0)
	fresh, err := d.ResetToken(users[i].ID)
	require.NoError(t, err)
	return fresh
}

func (w *world) replaceToken(token string) error {
	return w.bridge.UpdateLine(context.Background(), w.line, bridge.LineUpdate{Token: &token})
}
