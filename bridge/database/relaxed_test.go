package database_test

import (
	"context"
	"database/sql"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
)

func TestOnlyRelaxedTransactionsDoNotWaitForTheDisk(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		db.SetMaxOpenConns(1) // so that the next one meets what the last one left
		for _, relaxed := range []bool{false, true, true, false, true, false} {
			ctx := context.Background()
			if relaxed {
				ctx = database.Relaxed(ctx)
			}
			require.NoError(t, db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
				require.Equal(t, !relaxed, databasetest.WaitsForDisk(t, tx, db.Dialect))
				return nil
			}))
		}
		_, err := db.Exec(`CREATE TABLE written (n BIGINT)`)
		require.NoError(t, err)
		require.NoError(t, db.InTx(database.Relaxed(context.Background()), func(context.Context, *sql.Tx) error { return nil }))
		_, err = db.Exec(`INSERT INTO written VALUES (1)`)
		require.NoError(t, err)
		require.True(t, databasetest.WaitsForDisk(t, db, db.Dialect), "a statement by itself waits, whatever the connection did before")
	})
}

// Of those that share a commit none that needs the disk goes without.
func TestASharedCommitWaitsForTheDiskIfOneNeedsIt(t *testing.T) {
	t.Parallel()
	db := databasetest.SQLite(t)
	const n = 400
	var writing sync.WaitGroup
	waited := make([]bool, n)
	for i := range n {
		writing.Go(func() {
			ctx := context.Background()
			if i%2 == 0 {
				ctx = database.Relaxed(ctx)
			}
			err := db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
				waited[i] = databasetest.WaitsForDisk(t, tx, db.Dialect)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	writing.Wait()
	for i := 1; i < n; i += 2 {
		require.True(t, waited[i])
	}
}
