package journal_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
)

func (b bundle) claimClass(t *testing.T, class journal.Class) *journal.Lease {
	t.Helper()
	lease, err := b.Claim(ctx, journal.Filter{Queue: journal.In, Class: class})
	require.NoError(t, err)
	return lease
}

// done ends the only job of a lane.
func done(t *testing.T, lease *journal.Lease) {
	t.Helper()
	require.NoError(t, lease.Done(ctx, first(t, lease), nil))
	finished, err := lease.Finish(ctx)
	require.NoError(t, err)
	require.True(t, finished)
}

// What makes a job live or a backlog is how it came, not how long it waits.
func TestT18_ALiveJobKeepsItsTurnHoweverLongItWaits(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		late := journal.LaneKey{Line: "l1", Chat: "late", Queue: journal.In}
		b.appendLate(t, late, "late")
		b.append(t, inLane, "live")
		b.clock.Advance(time.Hour)
		require.Equal(t, inLane, b.claimClass(t, journal.Live).Lane())
		require.Nil(t, b.claimClass(t, journal.Live))
		require.Equal(t, late, b.claimClass(t, journal.Backlog).Lane())
	})
}

// What waits before a live job in its lane goes with it, for the lane keeps its
// order; what comes behind it does not.
func TestT18_ALaneIsLiveUpToItsNewestLiveJob(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.appendLate(t, inLane, "1")
		require.Nil(t, b.claimClass(t, journal.Live))
		b.append(t, inLane, "2")
		b.appendLate(t, inLane, "3")
		require.Nil(t, b.claimClass(t, journal.Backlog))

		lease := b.claimClass(t, journal.Live)
		require.True(t, lease.Live())
		jobs, err := lease.Waiting(ctx, 10)
		require.NoError(t, err)
		require.Equal(t, []bool{true, true, false}, []bool{jobs[0].Live, jobs[1].Live, jobs[2].Live})
		for _, job := range jobs[:2] {
			require.NoError(t, lease.Done(ctx, job, nil))
		}
		require.NoError(t, lease.Yield(ctx, b.clock.Now()))
		require.Nil(t, b.claimClass(t, journal.Live))
		require.Equal(t, inLane, b.claimClass(t, journal.Backlog).Lane())
	})
}

// What failed is a backlog, unless somebody waits for what is behind it.
func TestT18_ARetryIsABacklog(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "1")
		lease := b.claimClass(t, journal.Live)
		require.NoError(t, lease.Fail(ctx, first(t, lease), journal.Failure{Outcome: journal.Retried, Cause: "no", RetryAt: b.clock.Now()}))
		require.Nil(t, b.claimClass(t, journal.Live))

		b.append(t, inLane, "2")
		lease = b.claimClass(t, journal.Live)
		require.NoError(t, lease.Fail(ctx, first(t, lease), journal.Failure{Outcome: journal.Retried, Cause: "no", RetryAt: b.clock.Now()}))
		require.Equal(t, inLane, b.claimClass(t, journal.Live).Lane())
	})
}

// What waited through an outage is a backlog, of that line and queue only.
func TestT18_WhatWaitedThroughAnOutageIsABacklog(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		other, out := journal.LaneKey{Line: "l2", Chat: "c1", Queue: journal.In}, journal.LaneKey{Line: "l1", Chat: "c1", Queue: journal.Out}
		for _, lane := range []journal.LaneKey{inLane, other, out} {
			b.append(t, lane, lane.String())
		}
		require.NoError(t, b.Sink(ctx, "l1", journal.In))
		require.Equal(t, other, b.claimClass(t, journal.Live).Lane())
		require.Equal(t, inLane, b.claimClass(t, journal.Backlog).Lane())
		lease, err := b.Claim(ctx, journal.Filter{Queue: journal.Out, Class: journal.Live})
		require.NoError(t, err)
		require.Equal(t, out, lease.Lane())
	})
}

// An emptied lane forgets what it was.
func TestT18_AnIdleLaneIsWhatItsNextJobIs(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "1")
		lease := b.claimClass(t, journal.Live)
		done(t, lease)
		b.appendLate(t, inLane, "2")
		require.Nil(t, b.claimClass(t, journal.Live))
		require.Equal(t, inLane, b.claimClass(t, journal.Backlog).Lane())
	})
}

func TestSeveralLanesAreClaimedTogether(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		for _, chat := range []string{"c1", "c2", "c3"} {
			b.append(t, journal.LaneKey{Line: "l1", Chat: chat, Queue: journal.In}, chat)
			b.clock.Advance(time.Millisecond)
		}
		leases, err := b.ClaimMany(ctx, inbound, 2)
		require.NoError(t, err)
		require.Len(t, leases, 2)
		require.ElementsMatch(t, []string{"c1", "c2"}, []string{leases[0].Lane().Chat, leases[1].Lane().Chat})
		for _, lease := range leases {
			require.Equal(t, lease.Lane().Chat, string(first(t, lease).Payload))
			done(t, lease)
		}
		leases, err = b.ClaimMany(ctx, inbound, 2)
		require.NoError(t, err)
		require.Len(t, leases, 1)
		require.Equal(t, "c3", leases[0].Lane().Chat)
		leases, err = b.ClaimMany(ctx, inbound, 2)
		require.NoError(t, err)
		require.Empty(t, leases)
	})
}
