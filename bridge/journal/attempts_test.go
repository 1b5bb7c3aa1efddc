package journal_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
)

// attempt works on the lane's first job for two seconds and then ends it, or
// fails, with a text.
func (b bundle) attempt(t *testing.T, what, text string) journal.Job {
	t.Helper()
	lease := b.claim(t)
	require.NotNil(t, lease)
	job := first(t, lease)
	job.Begun = b.clock.Now()
	b.clock.Advance(2 * time.Second)
	switch what {
	case "done":
		require.NoError(t, lease.Done(ctx, job, nil))
	case "dead":
		require.NoError(t, lease.Dead(ctx, job, text, nil))
	default:
		require.NoError(t, lease.Fail(ctx, job, journal.Failure{Outcome: journal.Outcome(what), Cause: text, RetryAt: b.clock.Now()}))
		return job
	}
	finished, err := lease.Finish(ctx)
	require.NoError(t, err)
	require.True(t, finished)
	return job
}

func (b bundle) keptAttempts(t *testing.T) (n int) {
	t.Helper()
	require.NoError(t, b.db.QueryRow(`SELECT COUNT(*) FROM job_attempt`).Scan(&n))
	return n
}

// The timeline of a job has each attempt, also those before a replay; what goes
// well at once writes no row.
func TestAttemptsAreListedUpToTheEnd(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "a")
		start := b.clock.Now().UTC()
		want := []journal.Attempt{
			{N: 1, Begun: start, Outcome: "retry", Error: "away"},
			{N: 2, Begun: start.Add(2 * time.Second), Outcome: "paused", Error: "no token"},
			{N: 3, Begun: start.Add(4 * time.Second), Outcome: "dead", Error: "no such thing"},
			{N: 4, Begun: start.Add(6 * time.Second), Outcome: "retry", Error: "away"},
			{N: 5, Begun: start.Add(8 * time.Second), Outcome: "done"},
		}
		for i := range want {
			want[i].Duration = 2 * time.Second
			job := b.attempt(t, string(want[i].Outcome), want[i].Error)
			got, err := b.Attempts(ctx, job.ID)
			require.NoError(t, err)
			require.Equal(t, want[:i+1], got)
			if want[i].Outcome == "dead" {
				require.NoError(t, b.Replay(ctx, job.ID))
				got, err := b.Attempts(ctx, job.ID)
				require.NoError(t, err)
				require.Equal(t, want[:i+1], got)
			}
		}
		require.Equal(t, 4, b.keptAttempts(t))

		b.append(t, inLane, "b")
		job := b.attempt(t, "done", "")
		require.Equal(t, 4, b.keptAttempts(t))
		got, err := b.Attempts(ctx, job.ID)
		require.NoError(t, err)
		require.Equal(t, []journal.Attempt{{N: 1, Begun: job.Begun.UTC(), Duration: 2 * time.Second, Outcome: "done"}}, got)

		got, err = b.Attempts(ctx, job.ID+1)
		require.NoError(t, err)
		require.Empty(t, got)
	})
}

func TestTheFirstAndTheLastAttemptsAreKept(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "a")
		var job journal.Job
		for n := range 40 {
			job = b.attempt(t, "retry", fmt.Sprint("failure ", n+1))
		}
		got, err := b.Attempts(ctx, job.ID)
		require.NoError(t, err)
		var kept, want []int
		for _, a := range got {
			require.Equal(t, fmt.Sprint("failure ", a.N), a.Error)
			kept = append(kept, a.N)
		}
		for n := 1; n <= 40; n++ {
			if n <= 5 || n > 20 {
				want = append(want, n)
			}
		}
		require.Equal(t, want, kept)
	})
}

// An attempt of before the migration, or one whose worker told no time, is
// shown when it ended.
func TestAnEndWithoutABeginIsListed(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "a")
		lease := b.claim(t)
		job := first(t, lease)
		require.NoError(t, lease.Done(ctx, job, nil))
		got, err := b.Attempts(ctx, job.ID)
		require.NoError(t, err)
		require.Equal(t, []journal.Attempt{{N: 1, Begun: b.clock.Now().UTC(), Outcome: "done"}}, got)
	})
}

func TestAttemptsGoWithTheirJob(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "a")
		b.attempt(t, "retry", "away")
		b.attempt(t, "done", "")
		b.append(t, inLane, "b")
		b.attempt(t, "retry", "away")
		require.Equal(t, 2, b.keptAttempts(t))
		_, err := b.Prune(ctx, b.clock.Now().Add(time.Second))
		require.NoError(t, err)
		require.Equal(t, 1, b.keptAttempts(t))
		require.NoError(t, b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			_, err := b.DeleteLine(ctx, tx, "l1", 100)
			return err
		}))
		require.Equal(t, 0, b.keptAttempts(t))
	})
}

// A job that was replayed says when, until it ends.
func TestT16_AReplayIsKnownAsOne(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "a")
		job := b.attempt(t, "dead", "too old")
		require.Zero(t, job.Replayed)
		b.clock.Advance(24 * time.Hour)
		asked := b.clock.Now()
		require.NoError(t, b.Replay(ctx, job.ID))
		for range 2 {
			b.clock.Advance(time.Second)
			require.Equal(t, asked, b.attempt(t, "retry", "away").Replayed)
		}
		b.attempt(t, "dead", "no such thing")
		attempts, err := b.Attempts(ctx, job.ID)
		require.NoError(t, err)
		for _, a := range attempts {
			require.Equal(t, 2*time.Second, a.Duration)
		}
	})
}
