package journal_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/journal"
)

func addLine(t *testing.T, db *database.DB, id string) {
	t.Helper()
	_, err := db.Exec(`INSERT INTO line (id, name, chatwoot_url, account_id, inbox_id, settings, created)
		VALUES ($1, '', '', 1, 1, '{}', 0)`, id)
	require.NoError(t, err)
}

// After an outage every lane of the backlog falls due again in these seconds;
// what a customer writes now still goes first.
func TestRetriedBacklogIsNotLive(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, journal.LaneKey{Line: "l1", Chat: "failed", Queue: journal.In}, "failed")
		b.clock.Advance(time.Minute)
		lease := b.claim(t)
		require.NoError(t, lease.Fail(ctx, first(t, lease), journal.Failure{Outcome: journal.Retried, Cause: "away", RetryAt: b.clock.Now().Add(time.Second)}))
		b.clock.Advance(2 * time.Second)
		b.append(t, journal.LaneKey{Line: "l1", Chat: "live", Queue: journal.In}, "live")
		require.Equal(t, "live", b.claim(t).Lane().Chat)
		require.NotNil(t, b.claim(t))
	})
}

// The head of a lane that was not released cleanly may have had an effect; in the
// middle of another lane nobody would look.
func TestAMergeWaitsForALaneNotReleasedCleanly(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, journal.LaneKey{Line: "l1", Chat: "c2", Queue: journal.In}, "a")
		require.NotNil(t, b.claim(t)) // and its worker dies
		b.clock.Advance(time.Minute)
		merge := func() error {
			return b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
				return b.MergeChats(ctx, tx, "l1", "c1", "c2")
			})
		}
		require.ErrorIs(t, merge(), journal.ErrBusy)
		lease := b.claim(t)
		require.True(t, lease.Unclean())
		require.NoError(t, lease.Yield(ctx, b.clock.Now()))
		require.NoError(t, merge())
	})
}

func TestADeletedLineLeavesNothingAndItsWorkerStops(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "a")
		lease := b.claim(t)
		job := first(t, lease)
		require.NoError(t, b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			_, err := b.DeleteLine(ctx, tx, "l1", 100)
			return err
		}))
		require.ErrorIs(t, lease.Done(ctx, job, nil), journal.ErrLeaseLost)
		_, err := lease.Waiting(ctx, 1)
		require.ErrorIs(t, err, journal.ErrLeaseLost)
		stats, err := b.Stats(ctx)
		require.NoError(t, err)
		require.Empty(t, stats)
	})
}

func TestReplayAllKeepsTheOrderAndTheLine(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		other := journal.LaneKey{Line: "l2", Chat: "c", Queue: journal.In}
		for i := range 3 {
			b.append(t, inLane, fmt.Sprint(i))
		}
		b.append(t, other, "other")
		for range 2 {
			lease := b.claim(t)
			jobs, err := lease.Waiting(ctx, 10)
			require.NoError(t, err)
			for _, job := range jobs {
				require.NoError(t, lease.Dead(ctx, job, "x", nil))
			}
			require.Empty(t, payloads(t, lease))
			_, err = lease.Finish(ctx)
			require.NoError(t, err)
		}
		n, err := b.ReplayAll(ctx, "l1")
		require.NoError(t, err)
		require.Equal(t, 3, n)
		require.Equal(t, []string{"0", "1", "2"}, payloads(t, b.claim(t)))
		n, err = b.ReplayAll(ctx, "")
		require.NoError(t, err)
		require.Equal(t, 1, n)
		_, err = b.Jobs(ctx, journal.JobFilter{State: "lost", Limit: 1})
		require.Error(t, err)
	})
}

func TestKeepRenewsWhileWorkGoesOn(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		addLine(t, db, "l1")
		j := journal.New(db, journal.Options{Instance: "here", LeaseTTL: 15 * time.Second}) // a busy machine renews late
		_, err := j.Append(ctx, journal.Entry{Lane: inLane, Dedupe: "a"})
		require.NoError(t, err)
		lease, err := j.Claim(ctx, inbound)
		require.NoError(t, err)
		kept, stop := lease.Keep(ctx)
		defer stop()
		until := func() (ms int64) {
			require.NoError(t, db.QueryRow(`SELECT lease FROM lane`).Scan(&ms))
			return ms
		}
		start := until()
		require.Eventually(t, func() bool { return until() > start+1000 }, 30*time.Second, 20*time.Millisecond)
		require.NoError(t, kept.Err())
		_, err = db.Exec(`UPDATE lane SET owner = 'somebody else'`)
		require.NoError(t, err)
		<-kept.Done()
		require.ErrorIs(t, context.Cause(kept), journal.ErrLeaseLost)
	})
}

// Whoever claims the lane next must not find us at work, also when the
// database is away and cannot say so.
func TestKeepStopsBeforeALeaseItCannotRenewEnds(t *testing.T) {
	t.Parallel()
	db, err := database.Open(ctx, database.Config{DataDir: t.TempDir()})
	require.NoError(t, err)
	require.NoError(t, db.Migrate(ctx))
	addLine(t, db, "l1")
	j := journal.New(db, journal.Options{Instance: "here", LeaseTTL: time.Second})
	_, err = j.Append(ctx, journal.Entry{Lane: inLane, Dedupe: "a"})
	require.NoError(t, err)
	lease, err := j.Claim(ctx, inbound)
	require.NoError(t, err)
	claimed := time.Now()
	require.NoError(t, db.Close())
	kept, stop := lease.Keep(ctx)
	defer stop()
	<-kept.Done()
	require.ErrorIs(t, context.Cause(kept), journal.ErrLeaseLost)
	require.Greater(t, time.Since(claimed), 500*time.Millisecond, "a lease is not given up at the first failed renewal")
}

func TestD02_RunEndsThoughPostgresIsAway(t *testing.T) {
	t.Parallel()
	db := databasetest.Postgres(t)
	var name string
	require.NoError(t, db.QueryRow(`SELECT current_database()`).Scan(&name))
	server, err := sql.Open("postgres", os.Getenv(databasetest.PostgresEnv))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	_, err = server.Exec(`ALTER DATABASE ` + name + ` ALLOW_CONNECTIONS false`)
	require.NoError(t, err)
	run, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- journal.New(db, journal.Options{Instance: "here"}).Run(run) }()
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(20 * time.Second):
		t.Fatal("Run goes on after its context")
	}
}

// With sequential scans made expensive, a query whose condition no index can
// serve is the one that still scans.
func TestPlansUseIndexesOnPostgres(t *testing.T) {
	t.Parallel()
	db := databasetest.Postgres(t)
	databasetest.IndexesOnly(t, db)
	for query, index := range map[string]string{
		`SELECT id FROM job WHERE lane = 'x' AND state = 'waiting' ORDER BY pos LIMIT 1`:                                                                 "job_waiting",
		`SELECT id FROM job WHERE state = 'done' AND ended < 5 LIMIT 1000`:                                                                               "job_ended",
		`SELECT id FROM job WHERE line = 'x' AND id > 5 AND state = 'dead' ORDER BY id LIMIT 10`:                                                         "job_dead",
		`SELECT lane.seq, job.id FROM lane LEFT JOIN job ON job.lane = lane.key AND job.state = 'waiting' WHERE lane.key = 'x' ORDER BY job.pos LIMIT 5`: "job_waiting",
		`SELECT 1 FROM job WHERE dedupe = 'x'`:                                                                                                           "job_dedupe_key",
		`SELECT wa_id FROM message_link WHERE line = 'x' AND message_id = 5 ORDER BY part`:                                                               "message_link_message",
		`SELECT wa_id FROM message_link WHERE chat = 'x' AND direction = 'in' AND status = '' ORDER BY created DESC LIMIT 3`:                             "message_link_unread",
	} {
		require.Contains(t, databasetest.Plan(t, db, query), index, query)
	}
}

// A commit that is lost in a power cut must not hide that its lane's head may
// have had an effect; where a repeat does no harm, none waits for the disk.
func TestWhatWaitsForTheDisk(t *testing.T) {
	for name, test := range map[string]struct {
		dir                       journal.Queue
		record, notLast, lastDone bool
	}{
		"towards Chatwoot, all but the end that gives the lane back": {journal.In, true, true, false},
		"upkeep, the same": {journal.Maintenance, true, true, false},
		"towards WhatsApp, where a repeat has the same id, nothing": {journal.Out, false, false, false},
		"statuses, which may be said twice, nothing":                {journal.Status, false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, b bundle) {
				lane := journal.LaneKey{Line: "l1", Chat: "c1", Queue: test.dir}
				b.append(t, lane, "a")
				b.append(t, lane, "b")
				waits := func(want bool) func(context.Context, *sql.Tx) error {
					return func(ctx context.Context, tx *sql.Tx) error {
						require.Equal(t, want, databasetest.WaitsForDisk(ctx, t, tx, b.db.Dialect))
						return nil
					}
				}
				lease, err := b.Claim(ctx, journal.Filter{Queue: test.dir})
				require.NoError(t, err)
				jobs, err := lease.Next(ctx, 50)
				require.NoError(t, err)
				require.NoError(t, lease.Record(ctx, waits(test.record)))
				require.NoError(t, lease.Done(ctx, jobs[0], waits(test.notLast)))
				require.NoError(t, lease.Done(ctx, jobs[1], waits(test.lastDone)))
				require.True(t, lease.Finished())
			})
		})
	}
}
