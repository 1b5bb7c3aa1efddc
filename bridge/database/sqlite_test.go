package database_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
)

// Writers of one SQLite file take turns: none is passed by again and again
// while it waits.
func TestWritersTakeTurns(t *testing.T) {
	t.Parallel()
	const writers, writes = 8, 60
	db := databasetest.SQLite(t)
	_, err := db.Exec(`CREATE TABLE turn (who INTEGER)`)
	require.NoError(t, err)
	var writing errgroup.Group
	start := make(chan struct{})
	for who := range writers {
		writing.Go(func() error {
			<-start
			for range writes {
				err := db.InTx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
					_, err := tx.ExecContext(ctx, `INSERT INTO turn VALUES ($1)`, who)
					return err
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	close(start)
	require.NoError(t, writing.Wait())
	rows, err := db.Query(`SELECT who FROM turn ORDER BY rowid`)
	require.NoError(t, err)
	defer rows.Close()
	waited, longest := [writers]int{}, 0
	for at := 0; rows.Next(); at++ {
		var who int
		require.NoError(t, rows.Scan(&who))
		if waited[who] != 0 { // its first write may come late, because it began late
			longest = max(longest, at-waited[who])
		}
		waited[who] = at
	}
	require.NoError(t, rows.Err())
	require.LessOrEqual(t, longest, 3*writers, "writes of others between two of one that writes all the time")
}

// A writer that gives up leaves the queue, and the next one gets its turn.
func TestAWaitingWriterCanGiveUp(t *testing.T) {
	t.Parallel()
	db := databasetest.SQLite(t)
	tx, err := db.BeginTx(context.Background(), nil)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err = db.BeginTx(ctx, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = db.ExecContext(ctx, `DELETE FROM line`)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, tx.Rollback())
	_, err = db.Exec(`DELETE FROM line`)
	require.NoError(t, err)
}

// A transaction that SQLite has ended by itself leaves a connection of which
// nobody knows what it is in; the next writer gets another one.
func TestAWriterAfterATransactionThatSQLiteEnded(t *testing.T) {
	t.Parallel()
	db := databasetest.SQLite(t)
	ctx := context.Background()
	_, err := db.Exec(`CREATE TABLE kept (n INTEGER PRIMARY KEY)`)
	require.NoError(t, err)
	insert := func(query string) error {
		return db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, query, 1)
			return err
		})
	}
	require.NoError(t, insert(`INSERT INTO kept VALUES ($1)`))
	require.Error(t, insert(`INSERT OR ROLLBACK INTO kept VALUES ($1)`))
	require.NoError(t, insert(`DELETE FROM kept WHERE n = $1`))
	require.NoError(t, insert(`INSERT INTO kept VALUES ($1)`))
}

// A statement of a caller who has given up does not begin; one that has begun
// ends, and its transaction is rolled back.
func TestACallerWhoHasGivenUp(t *testing.T) {
	t.Parallel()
	db := databasetest.SQLite(t)
	_, err := db.Exec(`CREATE TABLE kept (n INTEGER)`)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	tx, err := db.BeginTx(ctx, nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(ctx, `INSERT INTO kept VALUES ($1)`, 1)
	require.NoError(t, err)
	cancel()
	_, err = tx.ExecContext(ctx, `INSERT INTO kept VALUES ($1)`, 2)
	require.ErrorIs(t, err, context.Canceled)
	require.Error(t, tx.Commit())
	_, err = db.ExecContext(ctx, `INSERT INTO kept VALUES ($1)`, 3)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, db.QueryRowContext(ctx, `SELECT n FROM kept`).Scan(new(int)), context.Canceled)
	var kept int
	require.NoError(t, db.QueryRow(`SELECT count(*) FROM kept`).Scan(&kept))
	require.Zero(t, kept)
}
