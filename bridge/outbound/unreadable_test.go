package outbound_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
)

// An agent's event that nobody can decode turns its bubble red at once, and the
// chat goes on.
func TestT16_AnAgentsEventThatCannotBeDecodedTurnsItsBubbleRed(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{`{`, ``, `[]`, `{"id":"x","conversation":7}`} {
		o := newOffice(t)
		m := o.write("lost")
		require.NoError(t, o.WaitIdle(t.Context()))
		_, err := o.line.DB.Exec(`UPDATE job SET payload = $1 WHERE state = 'waiting'`, []byte(payload))
		require.NoError(t, err)
		o.write("after")
		require.Len(t, o.drain(), 1, payload)
		require.Equal(t, []string{"after"}, o.phone.texts())
		require.Equal(t, "failed", o.bubble(m.ID).Status, payload)
		require.NotEmpty(t, o.bubble(m.ID).Reason)
		require.Equal(t, 1, o.line.Jobs(journal.Dead))
		require.NoError(t, o.Retry(m.ID))
		require.Empty(t, o.drain())
		require.Equal(t, []string{"after", "lost"}, o.phone.texts(), "Chatwoot still has it")
	}
}

// replay replays the only dead job.
func (o *office) replay() {
	o.t.Helper()
	var id int64
	require.NoError(o.t, o.line.DB.QueryRow(`SELECT id FROM job WHERE state = 'dead'`).Scan(&id))
	require.NoError(o.t, o.line.Journal.Replay(o.t.Context(), id))
}

// Whoever replays an agent's message means it, however old it is: one that
// expired, and one that failed days ago.
func TestT16_AReplayIsSentWhateverItsAge(t *testing.T) {
	t.Parallel()
	for _, age := range []time.Duration{25 * time.Hour, 30 * 24 * time.Hour} {
		o := newOffice(t)
		m := o.write("late")
		require.NoError(t, o.WaitIdle(t.Context()))
		o.ahead.Store(int64(age))
		require.Len(t, o.drain(), 1, "it expired")
		require.Equal(t, "failed", o.bubble(m.ID).Status)
		require.Empty(t, o.phone.texts())
		o.replay()
		require.Empty(t, o.drain())
		require.Equal(t, []string{"late"}, o.phone.texts())
		require.Equal(t, "sent", o.bubble(m.ID).Status)
		require.Zero(t, o.line.Jobs(journal.Dead))
	}
}

// A replay waits for the phone as long as a new message does, and no longer.
func TestT16_AReplayExpiresAnew(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.write("late")
	require.NoError(t, o.WaitIdle(t.Context()))
	o.ahead.Store(int64(25 * time.Hour))
	require.Len(t, o.drain(), 1)
	o.replay()
	o.ahead.Store(int64(50 * time.Hour))
	require.Len(t, o.drain(), 1)
	require.Empty(t, o.phone.texts())
	o.replay()
	require.Empty(t, o.drain())
	require.Equal(t, []string{"late"}, o.phone.texts())
}

// A retry that was given up is sent when it is replayed, though its bubble is red.
func TestT16_AReplayedRetryIsSent(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	m := o.write("late")
	require.NoError(t, o.WaitIdle(t.Context()))
	o.ahead.Store(int64(25 * time.Hour))
	require.Len(t, o.drain(), 1)
	require.NoError(t, o.Retry(m.ID))
	require.NoError(t, o.WaitIdle(t.Context()))
	o.ahead.Store(int64(50 * time.Hour))
	require.Len(t, o.drain(), 1)
	require.Empty(t, o.phone.texts())
	var id int64
	require.NoError(t, o.line.DB.QueryRow(`SELECT id FROM job WHERE state = 'dead' AND kind = 'retry'`).Scan(&id))
	require.NoError(t, o.line.Journal.Replay(t.Context(), id))
	require.Empty(t, o.drain())
	require.Equal(t, []string{"late"}, o.phone.texts())
	require.Equal(t, "sent", o.bubble(m.ID).Status)
}
