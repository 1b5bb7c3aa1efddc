package journal_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
)

// rest fails the head of a claimed lane, to be tried again after a while.
func (b bundle) rest(t *testing.T, lease *journal.Lease, d time.Duration) {
	t.Helper()
	require.NotNil(t, lease)
	require.NoError(t, lease.Fail(ctx, first(t, lease), journal.Failure{Outcome: journal.Retried, Cause: "away", RetryAt: b.clock.Now().Add(d)}))
}

// No lane rests longer than the longest rest, by however much the clock was
// ahead.
func TestT16_NoLaneRestsForAsLongAsTheClockWasAhead(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "failed")
		b.clock.Advance(time.Minute)
		b.rest(t, b.claim(t), time.Minute)
		b.clock.Advance(-time.Hour)
		due, ok, err := b.NextDue(ctx, inbound)
		require.NoError(t, err)
		require.True(t, ok)
		require.False(t, due.After(b.clock.Now().Add(journal.LongestRest)), due)
		require.Nil(t, b.claim(t), "it rests")
		b.clock.Advance(journal.LongestRest)
		require.NotNil(t, b.claim(t))
	})
}

// A process that starts when the clock is right again finds what it left, though
// it always has something to do.
func TestT16_AClockSetBackBeforeTheStartKeepsNoLaneResting(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "failed")
		b.clock.Advance(time.Minute)
		b.rest(t, b.claim(t), time.Minute)
		b.clock.Advance(-24 * time.Hour)
		next := journal.New(b.db, journal.Options{Clock: b.clock.Now, Instance: "next", LeaseTTL: 30 * time.Second})
		b.append(t, journal.LaneKey{Line: "l1", Chat: "busy", Queue: journal.In}, "busy")
		lease, err := next.Claim(ctx, inbound)
		require.NoError(t, err)
		require.Equal(t, "busy", lease.Lane().Chat)
		b.clock.Advance(journal.LongestRest)
		lease, err = next.Claim(ctx, inbound)
		require.NoError(t, err)
		require.NotNil(t, lease)
	})
}

// What was just due when the clock was set back rests no moment.
func TestT16_AMessageThatWaitedWhenTheClockWasSetBackIsClaimedAtOnce(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		require.Nil(t, b.claim(t))
		b.append(t, inLane, "new")
		b.clock.Advance(-time.Hour)
		require.NotNil(t, b.claim(t))
	})
}

// A lane whose owner died before the clock was set back is free after a lease's
// time; one whose owner lives stays its own.
func TestT16_ALeaseEndsThoughTheClockWasSetBack(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "of the living")
		living := b.claim(t)
		b.append(t, journal.LaneKey{Line: "l1", Chat: "dead", Queue: journal.In}, "of the dead")
		dead := b.claim(t)
		b.clock.Advance(-time.Hour)
		require.Nil(t, b.claim(t))
		b.clock.Advance(20 * time.Second)
		require.NoError(t, living.Renew(ctx))
		b.clock.Advance(20 * time.Second)
		claimed := b.claim(t)
		require.NotNil(t, claimed)
		require.Equal(t, dead.Lane(), claimed.Lane())
		require.True(t, claimed.Unclean())
		require.NoError(t, living.Renew(ctx))
		require.Nil(t, b.claim(t))
	})
}

// After a step forward everything is due, and the next rests are of the new time.
func TestT16_AClockSetForwardKeepsNothingResting(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "failed")
		b.rest(t, b.claim(t), 5*time.Minute)
		require.Nil(t, b.claim(t))
		b.clock.Advance(time.Hour)
		b.rest(t, b.claim(t), time.Minute)
		require.Nil(t, b.claim(t))
		b.clock.Advance(time.Minute)
		require.NotNil(t, b.claim(t))
	})
}

func TestT16_NobodyCanAskForALongerRest(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "failed")
		b.rest(t, b.claim(t), 24*time.Hour)
		b.clock.Advance(journal.LongestRest)
		lease := b.claim(t)
		require.NotNil(t, lease)
		require.NoError(t, lease.Yield(ctx, b.clock.Now().Add(24*time.Hour)))
		b.clock.Advance(journal.LongestRest)
		require.NotNil(t, b.claim(t))
	})
}
