package journal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
)

// Where attempts may have posted is kept with the job, whatever becomes of it.
func TestT10_AJobKeepsWhereItMayHaveActed(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "a")
		fail := func(conversations ...int64) {
			lease := b.claim(t)
			job := first(t, lease)
			job.LookIn(conversations...)
			require.NoError(t, lease.Fail(ctx, job, journal.Failure{Outcome: journal.Retried, Cause: "away", RetryAt: b.clock.Now(), MayHaveActed: true}))
		}
		fail(7)
		fail(7, 0, 9)
		fail()
		lease := b.claim(t)
		job := first(t, lease)
		require.Equal(t, []int64{7, 9}, job.Targets)
		job.LookIn(12)
		require.NoError(t, lease.Dead(ctx, job, "no such thing", nil))
		_, err := lease.Finish(ctx)
		require.NoError(t, err)
		require.NoError(t, b.Replay(ctx, job.ID))
		require.Equal(t, []int64{7, 9, 12}, first(t, b.claim(t)).Targets)
	})
}
