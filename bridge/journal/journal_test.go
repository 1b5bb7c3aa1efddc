package journal_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/journal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a time that only tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type bundle struct {
	*journal.Journal
	db    *database.DB
	clock *clock
}

// each runs the conformance suite's test on both databases.
func each(t *testing.T, test func(t *testing.T, b bundle)) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		for _, id := range []string{"l1", "l2"} {
			_, err := db.Exec(`INSERT INTO line (id, name, chatwoot_url, account_id, inbox_id, settings, created)
				VALUES ($1, '', '', 1, 1, '{}', 0)`, id)
			require.NoError(t, err)
		}
		c := &clock{now: time.UnixMilli(1_800_000_000_000)}
		test(t, bundle{journal.New(db, journal.Options{Clock: c.Now, Instance: "here", LeaseTTL: 30 * time.Second}), db, c})
	})
}

var (
	ctx     = context.Background()
	inLane  = journal.LaneKey{Line: "l1", Chat: "c1", Queue: journal.In}
	inbound = journal.Filter{Queue: journal.In}
)

func (b bundle) append(t *testing.T, lane journal.LaneKey, dedupe string) {
	t.Helper()
	ok, err := b.Append(ctx, journal.Entry{Lane: lane, Dedupe: dedupe, Kind: "k", Payload: []byte(dedupe), OccurredAt: b.clock.Now()})
	require.NoError(t, err)
	require.True(t, ok)
}

// appendLate appends what nobody waits for.
func (b bundle) appendLate(t *testing.T, lane journal.LaneKey, dedupe string) {
	t.Helper()
	ok, err := b.Append(ctx, journal.Entry{Lane: lane, Dedupe: dedupe, Kind: "k", Payload: []byte(dedupe), OccurredAt: b.clock.Now(), Backlog: true})
	require.NoError(t, err)
	require.True(t, ok)
}

func (b bundle) claim(t *testing.T) *journal.Lease {
	t.Helper()
	lease, err := b.Claim(ctx, inbound)
	require.NoError(t, err)
	return lease
}

func payloads(t *testing.T, l *journal.Lease) []string {
	t.Helper()
	jobs, err := l.Waiting(ctx, 100)
	require.NoError(t, err)
	var list []string
	for _, job := range jobs {
		list = append(list, string(job.Payload))
	}
	return list
}

func first(t *testing.T, l *journal.Lease) journal.Job {
	t.Helper()
	jobs, err := l.Waiting(ctx, 1)
	require.NoError(t, err)
	require.Len(t, jobs, 1)
	return jobs[0]
}

func TestRepeatedDedupeKeyLeavesNoTrace(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "a")
		lease := b.claim(t)
		require.Equal(t, []string{"a"}, payloads(t, lease))
		ok, err := b.Append(ctx, journal.Entry{Lane: inLane, Dedupe: "a"})
		require.NoError(t, err)
		require.False(t, ok)
		require.NoError(t, lease.Done(ctx, first(t, lease), nil))
		finished, err := lease.Finish(ctx)
		require.NoError(t, err)
		require.True(t, finished, "the repeat must not look like a new job")
		require.Nil(t, b.claim(t))
	})
}

func TestALaneIsClaimedOnceAndOthersGoOn(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "a")
		b.append(t, journal.LaneKey{Line: "l1", Chat: "c2", Queue: journal.In}, "b")
		one, two := b.claim(t), b.claim(t)
		require.NotNil(t, one)
		require.NotNil(t, two)
		require.NotEqual(t, one.Lane(), two.Lane())
		require.Nil(t, b.claim(t))
	})
}

// Without the guard in Release the job would stay for ever.
func TestReleaseIsRefusedWhenSomethingCame(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "a")
		lease := b.claim(t)
		require.NoError(t, lease.Done(ctx, first(t, lease), nil))
		require.Empty(t, payloads(t, lease))
		b.append(t, inLane, "b")
		finished, err := lease.Finish(ctx)
		require.NoError(t, err)
		require.False(t, finished)
		require.Equal(t, []string{"b"}, payloads(t, lease))
	})
}

func TestTheLastJobGivesTheLaneBackUnlessMoreCame(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "a")
		lease := b.claim(t)
		jobs, err := lease.Waiting(ctx, 2)
		require.NoError(t, err)
		b.append(t, inLane, "b")
		require.NoError(t, lease.Done(ctx, jobs[0], nil))
		require.False(t, lease.Finished(), "something came since the look")
		require.Nil(t, b.claim(t))

		jobs, err = lease.Waiting(ctx, 2)
		require.NoError(t, err)
		require.NoError(t, lease.Done(ctx, jobs[0], func(ctx context.Context, tx *sql.Tx) error {
			_, err := b.AppendTx(ctx, tx, journal.Entry{Lane: inLane, Dedupe: "c"})
			return err
		}))
		require.True(t, lease.Finished())
		require.ErrorIs(t, lease.Renew(ctx), journal.ErrLeaseLost)
		next := b.claim(t)
		require.NotNil(t, next, "what the last job has appended")
		require.False(t, next.Unclean())
		require.Len(t, payloads(t, next), 1)
		require.NoError(t, next.Done(ctx, first(t, next), nil))
		require.False(t, next.Finished(), "there may be more than was read")
	})
}

func TestAnIdleLaneRestsForADelay(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		delayed := func(dedupe string, d time.Duration) {
			_, err := b.Append(ctx, journal.Entry{Lane: inLane, Dedupe: dedupe, Payload: []byte(dedupe), Delay: d})
			require.NoError(t, err)
		}
		signal := b.Signal(journal.In)
		delayed("a", time.Second)
		require.Nil(t, b.claim(t))
		due, waits, err := b.NextDue(ctx, inbound)
		require.NoError(t, err)
		require.True(t, waits)
		require.Equal(t, b.clock.Now().Add(time.Second), due)
		<-signal.C()
		b.clock.Advance(time.Second)
		delayed("b", time.Hour) // one that waits already is not put off
		lease := b.claim(t)
		require.Equal(t, []string{"a", "b"}, payloads(t, lease))
	})
}

func TestABellWakesOneWorkerForEachRing(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		in, out := b.Signal(journal.In), b.Signal(journal.Out)
		for _, name := range []string{"a", "b"} {
			b.append(t, inLane, name)
		}
		require.Len(t, in.C(), 1)
		require.Empty(t, out.C())
		<-in.C()
		b.WakeAll()
		require.Len(t, in.C(), 1)
		require.Len(t, out.C(), 1)
	})
}

func TestAnExpiredLeaseCannotRecord(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "a")
		slow := b.claim(t)
		require.False(t, slow.Unclean())
		b.clock.Advance(31 * time.Second)
		next := b.claim(t)
		require.NotNil(t, next)
		require.True(t, next.Unclean(), "the head may have had an effect")

		job := first(t, slow)
		err := slow.Done(ctx, job, func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE line SET name = 'written' WHERE id = 'l1'`)
			return err
		})
		require.ErrorIs(t, err, journal.ErrLeaseLost)
		var name string
		require.NoError(t, b.db.QueryRow(`SELECT name FROM line WHERE id = 'l1'`).Scan(&name))
		require.Empty(t, name)
		_, err = slow.Finish(ctx)
		require.ErrorIs(t, err, journal.ErrLeaseLost)
		require.NoError(t, next.Done(ctx, job, nil))
	})
}

func TestDoneRollsBackWithItsRecord(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "a")
		lease := b.claim(t)
		boom := errors.New("boom")
		require.ErrorIs(t, lease.Done(ctx, first(t, lease), func(context.Context, *sql.Tx) error { return boom }), boom)
		require.Equal(t, []string{"a"}, payloads(t, lease))
	})
}

func TestD20_AFailingHeadHoldsItsLaneUntilItsTimeAndNoOther(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "a")
		b.append(t, inLane, "b")
		lease := b.claim(t)
		retry := b.clock.Now().Add(5 * time.Second)
		require.NoError(t, lease.Fail(ctx, first(t, lease), journal.Failure{Outcome: journal.Retried, Cause: "refused", RetryAt: retry}))
		require.Nil(t, b.claim(t))
		b.append(t, journal.LaneKey{Line: "l1", Chat: "c2", Queue: journal.In}, "other chat")
		other := b.claim(t)
		require.Equal(t, []string{"other chat"}, payloads(t, other))
		require.NoError(t, other.Done(ctx, first(t, other), nil))
		_, err := other.Finish(ctx)
		require.NoError(t, err)
		due, ok, err := b.NextDue(ctx, inbound)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, retry.UnixMilli(), due.UnixMilli())

		b.append(t, inLane, "c") // does not pull the lane forward
		require.Nil(t, b.claim(t))
		b.clock.Advance(5 * time.Second)
		lease = b.claim(t)
		require.NotNil(t, lease)
		require.False(t, lease.Unclean())
		job := first(t, lease)
		require.Equal(t, 1, job.Attempt)
		require.Equal(t, "refused", job.LastError)
		require.Equal(t, []string{"a", "b", "c"}, payloads(t, lease))
	})
}

// Once an attempt may have had an effect, that is remembered with the job, in
// whatever lane it is, and of a job that is replayed it is assumed.
func TestAnUnsureJobStaysSoUntilItsEnd(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "a")
		b.append(t, inLane, "b")
		for _, attempt := range []struct{ unsure, after bool }{{false, false}, {true, true}, {false, true}} {
			lease := b.claim(t)
			require.NoError(t, lease.Fail(ctx, first(t, lease), journal.Failure{Outcome: journal.Retried, Cause: "away", RetryAt: b.clock.Now(), MayHaveActed: attempt.unsure}))
			lease = b.claim(t)
			require.False(t, lease.Unclean())
			jobs, err := lease.Waiting(ctx, 2)
			require.NoError(t, err)
			require.Equal(t, []bool{attempt.after, false}, []bool{jobs[0].MayHaveActed, jobs[1].MayHaveActed})
			require.NoError(t, lease.Yield(ctx, b.clock.Now()))
		}
		require.NoError(t, b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return b.MergeChats(ctx, tx, "l1", "c0", "c1") }))
		lease := b.claim(t)
		require.Equal(t, "c0", lease.Lane().Chat)
		require.True(t, first(t, lease).MayHaveActed)

		require.NoError(t, lease.Done(ctx, first(t, lease), nil))
		certain := first(t, lease)
		require.False(t, certain.MayHaveActed)
		require.NoError(t, lease.Dead(ctx, certain, "panic", nil))
		_, err := lease.Finish(ctx)
		require.NoError(t, err)
		require.NoError(t, b.Replay(ctx, certain.ID))
		require.True(t, first(t, b.claim(t)).MayHaveActed)
	})
}

func TestLiveLanesBeforeBacklog(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		late := journal.LaneKey{Line: "l1", Chat: "old", Queue: journal.In}
		b.appendLate(t, late, "old")
		b.clock.Advance(time.Minute)
		b.append(t, journal.LaneKey{Line: "l1", Chat: "live", Queue: journal.In}, "live")
		require.Equal(t, "live", b.claim(t).Lane().Chat)
		require.Equal(t, "old", b.claim(t).Lane().Chat)
	})
}

func TestPausedAndForeignLinesRest(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "a")
		_, err := b.db.Exec(`UPDATE line SET paused = 'signed out' WHERE id = 'l1'`)
		require.NoError(t, err)
		require.Nil(t, b.claim(t))
		_, err = b.db.Exec(`UPDATE line SET paused = '' WHERE id = 'l1'`)
		require.NoError(t, err)
		lease, err := b.Claim(ctx, journal.Filter{Queue: inbound.Queue, Lines: []string{"l2"}})
		require.NoError(t, err)
		require.Nil(t, lease)
		require.NotNil(t, b.claim(t))
	})
}

func TestReplayGoesToTheEndWithItsOwnTime(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "a")
		sent := b.clock.Now()
		lease := b.claim(t)
		job := first(t, lease)
		require.NoError(t, lease.Dead(ctx, job, "no such thing", nil))
		_, err := lease.Finish(ctx)
		require.NoError(t, err)
		b.clock.Advance(time.Hour)
		b.append(t, inLane, "b")

		dead, err := b.Jobs(ctx, journal.JobFilter{State: journal.Dead, Limit: 10})
		require.NoError(t, err)
		require.Len(t, dead, 1)
		require.Equal(t, "no such thing", dead[0].LastError)
		require.NoError(t, b.Replay(ctx, dead[0].ID))
		require.ErrorIs(t, b.Replay(ctx, dead[0].ID), journal.ErrNoDeadJob)

		lease = b.claim(t)
		require.Equal(t, []string{"b", "a"}, payloads(t, lease))
		jobs, err := lease.Waiting(ctx, 2)
		require.NoError(t, err)
		require.Equal(t, sent.UnixMilli(), jobs[1].OccurredAt.UnixMilli())
	})
}

func TestPruneKeepsWhatIsDeadOrWaits(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		for _, name := range []string{"done", "dead", "waiting"} {
			b.append(t, inLane, name)
		}
		lease := b.claim(t)
		require.NoError(t, lease.Done(ctx, first(t, lease), nil))
		require.NoError(t, lease.Dead(ctx, first(t, lease), "x", nil))
		n, err := b.Prune(ctx, b.clock.Now().Add(time.Second))
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
		stats, err := b.Stats(ctx)
		require.NoError(t, err)
		require.Equal(t, journal.Stats{Inbound: 1, Dead: 1}, stats["l1"])
	})
}

func TestMergedChatsAreJoinedByArrival(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		elder, younger := inLane, journal.LaneKey{Line: "l1", Chat: "c2", Queue: journal.In}
		for i, lane := range []journal.LaneKey{younger, elder, younger, elder} {
			b.append(t, lane, fmt.Sprint(i))
		}
		merge := func() error {
			return b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
				return b.MergeChats(ctx, tx, "l1", "c1", "c2")
			})
		}
		lease := b.claim(t)
		require.ErrorIs(t, merge(), journal.ErrBusy)
		require.NoError(t, lease.Yield(ctx, b.clock.Now()))
		require.NoError(t, merge())
		lease = b.claim(t)
		require.Equal(t, elder, lease.Lane())
		require.Equal(t, []string{"0", "1", "2", "3"}, payloads(t, lease))
		require.Nil(t, b.claim(t))
	})
}

// In a lane the position counts: a job that was asked for again has an old id and
// stands at the end.
func TestT12_AMergeKeepsTheOrderOfEachLane(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		elder, younger := inLane, journal.LaneKey{Line: "l1", Chat: "c2", Queue: journal.In}
		for i, lane := range []journal.LaneKey{younger, elder, younger, younger, elder, younger} {
			b.append(t, lane, fmt.Sprint(i))
		}
		// The younger lane's order becomes 3, 5, 0, 2; the elder's is 1, 4.
		for dedupe, pos := range map[string]int{"3": 11, "5": 12, "0": 13, "2": 14} {
			_, err := b.db.Exec(`UPDATE job SET pos = $2 WHERE dedupe = $1`, dedupe, pos)
			require.NoError(t, err)
		}
		_, err := b.db.Exec(`UPDATE lane SET seq = 14 WHERE key = $1`, younger.String())
		require.NoError(t, err)
		require.NoError(t, b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			return b.MergeChats(ctx, tx, "l1", "c1", "c2")
		}))
		require.Equal(t, []string{"1", "3", "4", "5", "0", "2"}, payloads(t, b.claim(t)))
	})
}

func TestLeasesOfAnEarlierRunEnd(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "a")
		require.NotNil(t, b.claim(t))
		again := journal.New(b.db, journal.Options{Clock: b.clock.Now, Instance: "here"})
		require.NoError(t, again.EndLeases(ctx, false))
		lease, err := again.Claim(ctx, inbound)
		require.NoError(t, err)
		require.NotNil(t, lease)
		require.True(t, lease.Unclean())
	})
}

// What only live traffic may take, the backlog does not.
func TestAFilterForLiveLanesLeavesTheBacklog(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		live := journal.Filter{Queue: journal.In, Class: journal.Live}
		b.appendLate(t, inLane, "old")
		b.clock.Advance(time.Minute)
		lease, err := b.Claim(ctx, live)
		require.NoError(t, err)
		require.Nil(t, lease)
		_, waits, err := b.NextDue(ctx, live)
		require.NoError(t, err)
		require.False(t, waits)
		b.append(t, journal.LaneKey{Line: "l1", Chat: "c2", Queue: journal.In}, "new")
		due, waits, err := b.NextDue(ctx, live)
		require.NoError(t, err)
		require.True(t, waits)
		require.False(t, due.After(b.clock.Now()))
		lease, err = b.Claim(ctx, live)
		require.NoError(t, err)
		require.Equal(t, "c2", lease.Lane().Chat)
	})
}

// A receipt that waits aside for its message is no number of the line's and no
// failure; everything else in its lane is.
func TestT19_ReceiptsThatWaitAsideAreNotCounted(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		upkeep := journal.LaneKey{Line: "l1", Chat: "c1", Queue: journal.Maintenance}
		add := func(lane journal.LaneKey, kind, dedupe string) {
			_, err := b.Append(ctx, journal.Entry{Lane: lane, Kind: kind, Dedupe: dedupe, OccurredAt: b.clock.Now()})
			require.NoError(t, err)
		}
		counted := func() journal.Stats {
			all, err := b.Stats(ctx)
			require.NoError(t, err)
			return all["l1"]
		}
		add(upkeep, journal.KindReceipt, "aside")
		lease, err := b.Claim(ctx, journal.Filter{Queue: journal.Maintenance})
		require.NoError(t, err)
		require.NoError(t, lease.Fail(ctx, first(t, lease), journal.Failure{Outcome: journal.Retried, Cause: "of an earlier release", RetryAt: b.clock.Now()}))
		b.clock.Advance(30 * time.Second)
		require.Equal(t, journal.Stats{}, counted())
		causes, err := b.LastErrors(ctx)
		require.NoError(t, err)
		require.Empty(t, causes)

		add(upkeep, journal.KindFile, "file")
		add(journal.LaneKey{Line: "l1", Chat: "c1", Queue: journal.Status}, journal.KindReceipt, "receipt")
		b.clock.Advance(5 * time.Second)
		require.Equal(t, journal.Stats{Inbound: 1, Outbound: 1, OldestSeconds: 5}, counted())
	})
}
