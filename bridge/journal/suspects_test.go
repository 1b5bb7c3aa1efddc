package journal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
)

// A run that was killed says nothing of what ran alone in it, so the crash of the next
// run, which another job caused, is not counted as the end of that trial.
func TestC2_ATrialThatWasCutOffIsNoTrial(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		one, other := inLane, inLane
		other.Chat = "another chat"
		claim := func(lane journal.LaneKey) (*journal.Lease, journal.Job) {
			leases, err := b.ClaimMany(ctx, journal.Filter{Lines: []string{lane.Line}, Queue: lane.Queue, Chat: lane.Chat}, 1)
			require.NoError(t, err)
			require.Len(t, leases, 1)
			return leases[0], first(t, leases[0])
		}
		b.append(t, one, "one")
		b.append(t, other, "other")
		for range journal.SuspectAfter {
			claim(one)
			claim(other)
			require.NoError(t, b.EndLeases(ctx, true))
		}
		lease, job := claim(one)
		require.NoError(t, lease.Try(ctx, job, false))
		claim(other)
		require.NoError(t, b.EndLeases(ctx, false), "it was killed")

		claim(one)
		lease, job = claim(other)
		require.NoError(t, lease.Try(ctx, job, false))
		require.NoError(t, b.EndLeases(ctx, true), "the other ends it")
		lease, job = claim(one)
		require.False(t, job.Trial.Failed(lease.Crashes()))
		lease, job = claim(other)
		require.True(t, job.Trial.Failed(lease.Crashes()))
	})
}
