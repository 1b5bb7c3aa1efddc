package database_test

import (
	"context"
	"database/sql"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
)

// Writers of one SQLite file take turns: none is passed by again and again
// while it waits.
func TestWritersTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const writers = 8
		db := databasetest.SQLite(t)
		_, err := db.Exec(`CREATE TABLE turn (who INTEGER)`)
		require.NoError(t, err)
		first, err := db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		var writing errgroup.Group
		var want []int
		for who := range writers {
			writing.Go(func() error {
				return db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
					_, err := tx.ExecContext(ctx, `INSERT INTO turn VALUES ($1)`, who)
					return err
				})
			})
			synctest.Wait() // it waits for its turn
			want = append(want, who)
		}
		require.NoError(t, first.Commit())
		require.NoError(t, writing.Wait())
		rows, err := db.Query(`SELECT who FROM turn ORDER BY rowid`)
		require.NoError(t, err)
		defer rows.Close()
		var got []int
		for rows.Next() {
			var who int
			require.NoError(t, rows.Scan(&who))
			got = append(got, who)
		}
		require.NoError(t, rows.Err())
		require.Equal(t, want, got, "who came first writes first")
	})
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
