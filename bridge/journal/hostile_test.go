package journal_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/journal"
)

// What others call their messages decides nothing about the journal: each is
// taken once, is found again, and can be given up with any reason.
func TestC3_HostileIDsAreTakenOnceAndFoundAgain(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		hostile := databasetest.HostileIDs()
		key := func(id string) string { return "l1|c1|wa|in|" + id + "|message" }
		for what, id := range hostile {
			held, err := b.Holds(ctx, inLane, id)
			require.NoError(t, err, what)
			require.False(t, held, what)
		}
		for what, id := range hostile {
			entry := journal.Entry{Lane: inLane, Dedupe: key(id), Kind: "message", Payload: []byte(id), OccurredAt: b.clock.Now()}
			appended, err := b.Append(ctx, entry)
			require.NoError(t, err, what)
			require.True(t, appended, what)
			appended, err = b.Append(ctx, entry)
			require.NoError(t, err, what)
			require.False(t, appended, "%s: a copy", what)
			require.NoError(t, b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
				appended, err := b.AppendTx(ctx, tx, entry)
				require.False(t, appended, "%s: a copy in a transaction", what)
				return err
			}))
			payload, found, err := b.Payload(ctx, entry.Dedupe)
			require.NoError(t, err, what)
			require.True(t, found, what)
			require.Equal(t, id, string(payload))
			if what != "bars" {
				held, err := b.Holds(ctx, inLane, id)
				require.NoError(t, err, what)
				require.True(t, held, what)
			}
		}
		held, err := b.Holds(ctx, inLane, "3EB0A")
		require.NoError(t, err)
		require.False(t, held, "no id stands for others")

		lease := b.claim(t)
		require.Len(t, payloads(t, lease), len(hostile))
		for range hostile {
			job := first(t, lease)
			require.NoError(t, lease.Dead(ctx, job, "given up: "+string(job.Payload), nil))
		}
		jobs, err := b.Jobs(ctx, journal.JobFilter{State: journal.Dead, Limit: 100})
		require.NoError(t, err)
		require.Len(t, jobs, len(hostile))
		for what, id := range hostile {
			if what == "bars" {
				continue
			}
			held, err := b.Holds(ctx, inLane, id)
			require.NoError(t, err, what)
			require.True(t, held, "%s: given up", what)
		}
	})
}

func TestC3_AReasonOfOthersKeepsNoLaneFromItsWork(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		b.append(t, inLane, "a")
		for what, text := range databasetest.HostileIDs() {
			lease := b.claim(t)
			require.NotNil(t, lease, what)
			require.NoError(t, lease.Fail(ctx, first(t, lease), journal.Failure{Outcome: journal.Retried, Cause: text, RetryAt: b.clock.Now()}), what)
			reasons, err := b.LastErrors(ctx)
			require.NoError(t, err)
			require.LessOrEqual(t, len(reasons["l1"]), 2000, what)
		}
	})
}

func TestC3_HostileNamesOfChatsAndKindsHaveALaneEach(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		chats := databasetest.HostileIDs()
		for what, chat := range chats {
			lane := journal.LaneKey{Line: "l1", Chat: chat, Queue: journal.In}
			for n := range 2 {
				_, err := b.Append(ctx, journal.Entry{Lane: lane, Dedupe: fmt.Sprint(what, n), Kind: chat, Payload: []byte(what), OccurredAt: b.clock.Now()})
				require.NoError(t, err, what)
			}
		}
		for range chats {
			lease := b.claim(t)
			require.NotNil(t, lease)
			waiting := payloads(t, lease)
			require.Len(t, waiting, 2)
			require.Equal(t, waiting[0], waiting[1])
			for range waiting {
				require.NoError(t, lease.Done(ctx, first(t, lease), nil))
			}
			require.Empty(t, payloads(t, lease))
			finished, err := lease.Finish(ctx)
			require.NoError(t, err)
			require.True(t, finished)
		}
		require.Nil(t, b.claim(t))
		require.NoError(t, b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			return b.MergeChats(ctx, tx, "l1", "c1", chats["a NUL"])
		}))
	})
}
