package journal_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
)

// doorman admits lanes, and keeps what they got.
type doorman struct {
	closed    bool
	begun     []*journal.Lease
	canceled  int
	notBefore time.Time
}

func (d *doorman) Admit(journal.Entry) journal.Place {
	if d.closed {
		return nil
	}
	return d
}

func (d *doorman) Begin(lease *journal.Lease, notBefore time.Time) {
	d.begun, d.notBefore = append(d.begun, lease), notBefore
}
func (d *doorman) Cancel() { d.canceled++ }

func TestAnAppendToAnIdleLaneClaimsIt(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		door := &doorman{}
		b.SetAdmission(door)
		b.append(t, inLane, "1")
		require.Len(t, door.begun, 1)
		lease := door.begun[0]
		require.Equal(t, inLane, lease.Lane())
		require.False(t, lease.Unclean())
		require.True(t, lease.Live())
		require.Nil(t, b.claim(t), "it is claimed")

		// The lease holds what a reader would have found.
		jobs, err := lease.Next(ctx, 50)
		require.NoError(t, err)
		read, err := lease.Waiting(ctx, 50)
		require.NoError(t, err)
		require.Equal(t, read, jobs)

		// A second job finds the lane busy; its end is not the lane's.
		b.append(t, inLane, "2")
		require.Equal(t, 1, door.canceled)
		require.NoError(t, lease.Done(ctx, jobs[0], nil))
		require.False(t, lease.Finished())
		require.Equal(t, "2", string(first(t, lease).Payload))
		done(t, lease)

		// And idle again.
		b.append(t, inLane, "3")
		require.Len(t, door.begun, 2)
	})
}

func TestAnAppendThatRepeatsClaimsNothing(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "1")
		lease := b.claim(t)
		require.NoError(t, lease.Done(ctx, first(t, lease), nil))
		door := &doorman{}
		b.SetAdmission(door)
		appended, err := b.Append(ctx, journal.Entry{Lane: inLane, Dedupe: "1", Kind: "k", OccurredAt: b.clock.Now()})
		require.NoError(t, err)
		require.False(t, appended)
		require.Empty(t, door.begun)
		require.Equal(t, 1, door.canceled)
	})
}

// Nobody who has died or been refused is worked for: the lane is found by a claim.
func TestAnAppendLeavesALaneThatIsNotIdle(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "1")
		require.NotNil(t, b.claim(t)) // and never given back
		b.clock.Advance(time.Hour)
		door := &doorman{}
		b.SetAdmission(door)
		b.append(t, inLane, "2")
		require.Empty(t, door.begun)
		require.True(t, b.claim(t).Unclean())

		door.closed = true
		out := journal.LaneKey{Line: "l1", Chat: "c9", Queue: journal.In}
		b.append(t, out, "3")
		require.Equal(t, out, b.claim(t).Lane())
	})
}

// A job that rests may be joined by others before it begins.
func TestALaneThatRestsIsReadWhenItBegins(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		door := &doorman{}
		b.SetAdmission(door)
		appended, err := b.Append(ctx, journal.Entry{Lane: inLane, Dedupe: "1", Kind: "k", Payload: []byte("1"), OccurredAt: b.clock.Now(), Delay: time.Second})
		require.NoError(t, err)
		require.True(t, appended)
		require.Equal(t, b.clock.Now().Add(time.Second).UnixMilli(), door.notBefore.UnixMilli())
		b.append(t, inLane, "2")
		jobs, err := door.begun[0].Next(ctx, 50)
		require.NoError(t, err)
		require.Len(t, jobs, 2)
	})
}

// An owner that dies with a claim of this kind leaves a lane that was not released
// cleanly, as with any other.
func TestAClaimOfAnAppendEndsWithItsOwner(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.SetAdmission(&doorman{})
		b.append(t, inLane, "1")
		b.SetAdmission(nil)
		require.NoError(t, b.EndLeases(ctx, false))
		require.True(t, b.claim(t).Unclean())
	})
}
