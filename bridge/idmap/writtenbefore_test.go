package idmap_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/idmap"
)

// Where reading begins must be no newer than anything written since a time.
func TestWrittenBefore(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := context.Background()
		now := time.UnixMilli(1000)
		m := idmap.New(db, idmap.Options{Cache: idmap.NewMemory(10, time.Now), Clock: func() time.Time { return now }})
		before := func(at int64) int64 {
			message, err := m.WrittenBefore(ctx, "l1", time.UnixMilli(at))
			require.NoError(t, err)
			return message
		}
		record := func(write func(tx *sql.Tx) error) {
			require.NoError(t, db.InTx(ctx, func(_ context.Context, tx *sql.Tx) error { return write(tx) }))
		}
		link := func(wa string, message, at int64) {
			now = time.UnixMilli(at)
			record(func(tx *sql.Tx) error {
				return m.LinkMessage(ctx, tx, idmap.Link{Line: "l1", WA: wa, Chat: "c", Message: message, Origin: idmap.FromCustomer})
			})
		}
		require.Zero(t, before(5000), "nothing is known")
		record(func(tx *sql.Tx) error { return m.SetAgentMessage(ctx, tx, "l1", 7, time.Time{}, idmap.AgentReceived) })
		require.EqualValues(t, 7, before(5000), "the oldest that is known")
		link("not posted", 0, 500)
		link("one", 10, 1000)
		link("two", 20, 2000)
		link("three", 30, 3000)
		link("sent late", 15, 3500)
		require.EqualValues(t, 7, before(1000))
		require.EqualValues(t, 10, before(1001))
		require.EqualValues(t, 20, before(3000))
		require.EqualValues(t, 30, before(5000))
	})
}
