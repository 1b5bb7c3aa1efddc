package work

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
)

// A wait that is longer than a lane's rest goes on until its time, unless its lane
// is hastened.
func TestT16_ALongWaitIsOneOfSeveralRests(t *testing.T) {
	t.Parallel()
	const job = 1
	start := time.Unix(1_800_000_000, 0)
	at := func(d time.Duration) time.Time { return start.Add(d) }
	var w longWaits
	w.note(job, at(time.Minute), start)
	_, waits := w.goesOn(job, at(time.Minute))
	require.False(t, waits, "a short one is the lane's alone")

	w.note(job, at(15*time.Minute), start)
	for _, now := range []time.Duration{journal.LongestRest, 2*journal.LongestRest - time.Second} {
		w.note(job, at(15*time.Minute), at(now-journal.LongestRest))
		until, waits := w.goesOn(job, at(now))
		require.True(t, waits, now)
		require.Equal(t, at(15*time.Minute), until)
	}
	w.note(job, at(15*time.Minute), start)
	_, waits = w.goesOn(job, at(15*time.Minute))
	require.False(t, waits)
	w.note(job, at(15*time.Minute), start)
	_, waits = w.goesOn(job, at(time.Minute))
	require.False(t, waits, "it was hastened")
	_, waits = w.goesOn(job, at(journal.LongestRest))
	require.False(t, waits)
	require.Empty(t, w.all)
}
