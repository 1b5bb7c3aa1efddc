package database_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
)

// Transactions that share a commit do not share their failures: what one wrote
// before its error or panic is gone, what the others wrote is there.
func TestSharedCommitsKeepTransactionsApart(t *testing.T) {
	t.Parallel()
	db := databasetest.SQLite(t)
	_, err := db.Exec(`CREATE TABLE kept (n INTEGER PRIMARY KEY)`)
	require.NoError(t, err)
	odd := errors.New("odd")
	const n = 200
	results := make([]error, n)
	var writing sync.WaitGroup
	for i := range n {
		writing.Go(func() {
			defer func() {
				if value := recover(); value != nil {
					results[i] = fmt.Errorf("panic: %v", value)
				}
			}()
			results[i] = db.InTx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
				if _, err := tx.ExecContext(ctx, `INSERT INTO kept VALUES ($1)`, i); err != nil {
					return err
				}
				switch {
				case i%5 == 0:
					panic("five")
				case i%2 == 1:
					return odd
				}
				return nil
			})
		})
	}
	writing.Wait()
	var want, got []int
	for i := range n {
		switch {
		case i%5 == 0:
			require.ErrorContains(t, results[i], "panic: five")
		case i%2 == 1:
			require.ErrorIs(t, results[i], odd)
		default:
			require.NoError(t, results[i])
			want = append(want, i)
		}
	}
	rows, err := db.Query(`SELECT n FROM kept ORDER BY n`)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var i int
		require.NoError(t, rows.Scan(&i))
		got = append(got, i)
	}
	require.NoError(t, rows.Err())
	require.Equal(t, want, got)
}

// One that loses the whole transaction takes the others along; they are done
// again, and hold.
func TestALostTransactionIsDoneAgainForTheOthers(t *testing.T) {
	t.Parallel()
	db := databasetest.SQLite(t)
	_, err := db.Exec(`CREATE TABLE kept (n INTEGER PRIMARY KEY)`)
	require.NoError(t, err)
	const n = 50
	results := make([]error, n)
	var writing sync.WaitGroup
	for i := range n {
		writing.Go(func() {
			results[i] = db.InTx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, `INSERT INTO kept VALUES ($1)`, i)
				if i == n/2 {
					_, lost := tx.ExecContext(ctx, `ROLLBACK`)
					return errors.Join(errors.New("lost"), lost)
				}
				return err
			})
		})
	}
	writing.Wait()
	for i, err := range results {
		if i == n/2 {
			require.ErrorContains(t, err, "lost")
		} else {
			require.NoError(t, err)
		}
	}
	var kept int
	require.NoError(t, db.QueryRow(`SELECT COUNT(*) FROM kept`).Scan(&kept))
	require.Equal(t, n-1, kept)
}

func TestAPanicIsThatOfItsCaller(t *testing.T) {
	t.Parallel()
	db := databasetest.SQLite(t)
	require.PanicsWithError(t, "boom", func() {
		_ = db.InTx(context.Background(), func(context.Context, *sql.Tx) error { panic(errors.New("boom")) })
	})
}
