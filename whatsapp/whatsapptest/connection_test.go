package whatsapptest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/types/events"
)

func TestConnectionEnds(t *testing.T) {
	t.Parallel()
	t.Run("unlinked while connected", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		c := w.pair(safely)
		w.phone.Companion().Unlink()
		out := await(c, anyOf[*events.LoggedOut])
		require.False(t, out.OnConnect)
		require.Nil(t, w.phone.Companion())
	})
	t.Run("unlinked while away", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		c := w.pair(safely)
		c.cli.Disconnect()
		w.phone.Companion().Unlink()
		require.NoError(t, c.cli.Connect())
		out := await(c, anyOf[*events.LoggedOut])
		require.True(t, out.OnConnect)
	})
	t.Run("replaced", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		c := w.pair(safely)
		w.phone.Companion().Replace()
		await(c, anyOf[*events.StreamReplaced])
	})
	t.Run("temporary ban", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		c := w.pair(safely)
		w.phone.Companion().TempBan(101, time.Hour)
		ban := await(c, anyOf[*events.TemporaryBan])
		require.Equal(t, time.Hour, ban.Expire)
	})
	t.Run("client outdated", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		c := w.pair(safely)
		w.phone.Companion().RefuseLogin(405)
		await(c, anyOf[*events.ClientOutdated])
	})
	t.Run("server restarts", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		c := w.pair(safely)
		w.phone.Companion().StreamError("503")
		require.NoError(t, w.phone.Companion().WaitLogins(patience, 2))
		w.alice.SendText(w.phone, "back")
		c.awaitText("back")
	})
}
