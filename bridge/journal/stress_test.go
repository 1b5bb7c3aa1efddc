package journal_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/journal"
)

// Writers append while workers claim, drain and release as fast as they can:
// every job is handled exactly once, in the order of its lane, and none is
// left behind.
func TestConcurrentWritersAndWorkersLoseNothing(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		j := journal.New(b.db, journal.Options{Instance: "here"})
		const writers, lanes, perWriter, workers = 4, 5, 60, 4
		ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
		defer cancel()

		var mu sync.Mutex
		seen := map[string][]string{}
		total := 0
		done := make(chan struct{})
		handle := func(lane journal.LaneKey, payload string) {
			mu.Lock()
			defer mu.Unlock()
			seen[lane.Chat] = append(seen[lane.Chat], payload)
			if total++; total == writers*perWriter {
				close(done)
			}
		}
		var group sync.WaitGroup
		signal := j.Signal(journal.In)
		for range workers {
			group.Go(func() { drain(ctx, t, j, signal, done, handle) })
		}
		for w := range writers {
			group.Go(func() {
				for i := range perWriter {
					lane := journal.LaneKey{Line: "l1", Chat: fmt.Sprint("c", i%lanes), Queue: journal.In}
					_, err := j.Append(ctx, journal.Entry{Lane: lane, Dedupe: fmt.Sprint(w, "-", i), Payload: fmt.Appendf(nil, "%d %03d", w, i)})
					if err != nil {
						t.Errorf("append: %v", err)
					}
				}
			})
		}
		group.Wait()
		require.NoError(t, ctx.Err(), "jobs were left behind: %d of %d handled", total, writers*perWriter)
		require.Equal(t, writers*perWriter, total)
		for chat, payloads := range seen {
			last := map[byte]string{}
			for _, p := range payloads {
				require.Greater(t, p, last[p[0]], "order in %s", chat)
				last[p[0]] = p
			}
		}
	})
}

func drain(ctx context.Context, t *testing.T, j *journal.Journal, signal *journal.Signal, done <-chan struct{}, handle func(journal.LaneKey, string)) {
	for {
		lease, err := j.Claim(ctx, inbound)
		if err != nil {
			t.Errorf("claim: %v", err)
			return
		}
		if lease == nil {
			select {
			case <-signal.C():
				continue
			case <-done:
				return
			case <-ctx.Done():
				return
			}
		}
		signal.Notify()
		for {
			jobs, err := lease.Waiting(ctx, 3)
			if err != nil {
				t.Errorf("waiting: %v", err)
				return
			}
			for _, job := range jobs {
				if err := lease.Done(ctx, job, nil); err != nil {
					t.Errorf("done: %v", err)
					return
				}
				handle(lease.Lane(), string(job.Payload))
			}
			if lease.Finished() {
				break
			}
			if len(jobs) > 0 {
				continue
			}
			if finished, err := lease.Finish(ctx); err != nil {
				t.Errorf("release: %v", err)
				return
			} else if finished {
				break
			}
		}
	}
}

// One connection must be enough: no call may wait for a second one while it
// holds the first.
func TestR11_PoolOfOneConnection(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.db.SetMaxOpenConns(1)
		watched, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		finished := make(chan struct{})
		go func() {
			defer close(finished)
			b.append(t, inLane, "a")
			lease := b.claim(t)
			_ = payloads(t, lease)
			if err := lease.Done(ctx, first(t, lease), func(ctx context.Context, tx *sql.Tx) error {
				_, err := b.AppendTx(ctx, tx, journal.Entry{Lane: inLane, Dedupe: "follow-up"})
				return err
			}); err != nil {
				t.Errorf("done: %v", err)
			}
			if err := lease.Yield(ctx, b.clock.Now()); err != nil {
				t.Errorf("defer: %v", err)
			}
		}()
		select {
		case <-finished:
		case <-watched.Done():
			t.Fatal("deadlock on a pool of one connection")
		}
	})
}

func TestWakeUpsReachOtherProcesses(t *testing.T) {
	t.Parallel()
	db := databasetest.Postgres(t)
	_, err := db.Exec(`INSERT INTO line (id, name, chatwoot_url, account_id, inbox_id, settings, created) VALUES ('l1', '', '', 1, 1, '{}', 0)`)
	require.NoError(t, err)
	listening, appending := journal.New(db, journal.Options{Instance: "a"}), journal.New(db, journal.Options{Instance: "b"})
	run, cancel := context.WithCancel(ctx)
	ended := make(chan error, 2)
	go func() { ended <- listening.Run(run) }()
	go func() { ended <- appending.Run(run) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
		require.NoError(t, <-ended)
	})
	signal := listening.Signal(journal.In)
	for i := 0; ; i++ {
		lane := journal.LaneKey{Line: "l1", Chat: fmt.Sprint("c", i), Queue: journal.In} // an empty one: of others nobody is told
		_, err := appending.Append(ctx, journal.Entry{Lane: lane, Dedupe: fmt.Sprint(i)})
		require.NoError(t, err)
		select {
		case <-signal.C():
			return
		case <-time.After(20 * time.Millisecond):
			require.Less(t, i, 1000, "no wake-up came")
		}
	}
}

// The two queries that run all the time must not read whole tables.
func TestPlansUseIndexes(t *testing.T) {
	t.Parallel()
	db := databasetest.SQLite(t)
	for query, index := range map[string]string{
		`SELECT id FROM job WHERE lane = 'x' AND state = 'waiting' ORDER BY pos LIMIT 1`:                                                                 "job_waiting",
		`SELECT lane.seq, job.id FROM lane LEFT JOIN job ON job.lane = lane.key AND job.state = 'waiting' WHERE lane.key = 'x' ORDER BY job.pos LIMIT 5`: "job_waiting",
		`DELETE FROM job WHERE state = 'done' AND ended < 5`:                                                                                             "job_ended",
		`SELECT 1 FROM job WHERE dedupe = 'x'`:                                                                                                           "sqlite_autoindex_job_1",
		`SELECT wa_id FROM message_link WHERE line = 'x' AND message_id = 5 ORDER BY part`:                                                               "message_link_message",
		`SELECT wa_id FROM message_link WHERE chat = 'x' AND direction = 'in' AND status = '' ORDER BY created`:                                          "message_link_unread",
	} {
		require.Contains(t, databasetest.Plan(t, db, query), index, query)
	}
}
