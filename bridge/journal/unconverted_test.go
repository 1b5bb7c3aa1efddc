package journal_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
)

// unconverted appends a job and ends it as one for which there is no converter.
func (b bundle) unconverted(t *testing.T, lane journal.LaneKey, payload string) {
	t.Helper()
	b.append(t, lane, payload)
	lease := b.claim(t)
	recorded := false
	require.NoError(t, lease.Unconverted(ctx, only(t, lease), "orderMessage", func(context.Context, *sql.Tx) error {
		recorded = true
		return nil
	}))
	require.True(t, recorded)
	require.True(t, lease.Finished(), "the lane is given back with its last job")
}

// only is the one job of a lane, which is read whole.
func only(t *testing.T, l *journal.Lease) journal.Job {
	t.Helper()
	jobs, err := l.Waiting(ctx, 10)
	require.NoError(t, err)
	require.Len(t, jobs, 1)
	return jobs[0]
}

func (b bundle) listed(t *testing.T, state journal.State, line string) []journal.JobInfo {
	t.Helper()
	jobs, err := b.Jobs(ctx, journal.JobFilter{State: state, Line: line, Limit: 10})
	require.NoError(t, err)
	return jobs
}

func TestWhatHasNoConverterIsKeptAndRaisesNoAlarm(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.unconverted(t, inLane, "a")
		stats, err := b.Stats(ctx)
		require.NoError(t, err)
		require.Empty(t, stats["l1"], "nothing waits and nothing is dead")
		require.Nil(t, b.claim(t))
		b.clock.Advance(1000 * time.Hour)
		pruned, err := b.Prune(ctx, b.clock.Now())
		require.NoError(t, err)
		require.Zero(t, pruned)
		kept := b.listed(t, journal.Unconverted, "")
		require.Len(t, kept, 1)
		require.Equal(t, "orderMessage", kept[0].LastError)
		ok, err := b.Append(ctx, journal.Entry{Lane: inLane, Dedupe: "a", Kind: "k"})
		require.NoError(t, err)
		require.False(t, ok, "the same message is not taken in again")
		n, err := b.ReplayAll(ctx, "")
		require.NoError(t, err)
		require.Zero(t, n, "it is not dead")
	})
}

func TestWhatHasAConverterByNowIsReplayedInItsOrder(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		for _, payload := range []string{"yes 1", "no", "yes 2"} {
			b.unconverted(t, inLane, payload)
		}
		b.unconverted(t, journal.LaneKey{Line: "l2", Chat: "c9", Queue: journal.In}, "yes, elsewhere")
		converts := func(payload []byte) bool { return string(payload[:1]) == "y" }
		replayed, left, err := b.ReplayUnconverted(ctx, "l1", converts)
		require.NoError(t, err)
		require.Equal(t, []int{2, 1}, []int{replayed, left})
		lease := b.claim(t)
		require.Equal(t, []string{"yes 1", "yes 2"}, payloads(t, lease))
		job := first(t, lease)
		require.Equal(t, journal.KindConvert, job.Kind)
		require.True(t, job.MayHaveActed)
		require.Empty(t, job.LastError, "it is no failure that the line would show")
		require.NoError(t, lease.Done(ctx, job, nil))
		require.NoError(t, lease.Unconverted(ctx, first(t, lease), "orderMessage", nil))

		replayed, left, err = b.ReplayUnconverted(ctx, "", converts)
		require.NoError(t, err)
		require.Equal(t, []int{2, 1}, []int{replayed, left}, "what still could not be, and the other line's")
		require.Len(t, b.listed(t, journal.Unconverted, "l1"), 1)
		b.clock.Advance(time.Hour)
		pruned, err := b.Prune(ctx, b.clock.Now())
		require.NoError(t, err)
		require.EqualValues(t, 1, pruned, "what was converted is done like any other")
	})
}

// Earlier releases ended what they could not convert like all others.
func TestWhatEarlierReleasesCouldNotConvertIsFoundOnce(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		end := func(payload string) {
			b.append(t, inLane, payload)
			lease := b.claim(t)
			require.NoError(t, lease.Done(ctx, only(t, lease), nil))
		}
		end("order 1")
		end("text")
		b.clock.Advance(time.Second)
		_, err := b.db.Exec(`UPDATE line SET older_ended = $1`, b.clock.Now().Add(-time.Second).UnixMilli())
		require.NoError(t, err)
		end("order of this release")
		name := func(payload []byte) string {
			if string(payload[:5]) == "order" {
				return "orderMessage"
			}
			return ""
		}
		require.NoError(t, b.AdoptOlder(ctx, "another kind", name))
		require.Empty(t, b.listed(t, journal.Unconverted, ""))
		_, err = b.db.Exec(`UPDATE line SET older_ended = $1`, b.clock.Now().Add(-time.Second).UnixMilli())
		require.NoError(t, err)
		require.NoError(t, b.AdoptOlder(ctx, "k", name))
		kept := b.listed(t, journal.Unconverted, "l1")
		require.Len(t, kept, 1)
		require.Equal(t, "orderMessage", kept[0].LastError)
		require.NoError(t, b.AdoptOlder(ctx, "k", func([]byte) string { t.Error("looked through again"); return "" }))
	})
}
