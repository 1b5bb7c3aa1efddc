package database_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
)

func TestKeptStatements(t *testing.T) {
	t.Parallel()
	numbers := func(t *testing.T, q interface {
		QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	}, above int, each func(n int)) {
		rows, err := q.QueryContext(context.Background(), `SELECT n FROM kept WHERE n > $1 ORDER BY n`, above)
		require.NoError(t, err)
		defer rows.Close()
		for rows.Next() {
			var n int
			require.NoError(t, rows.Scan(&n))
			each(n)
		}
		require.NoError(t, rows.Err())
	}
	for name, test := range map[string]func(t *testing.T, tx *sql.Tx){
		"a query inside another one of the same text": func(t *testing.T, tx *sql.Tx) {
			pairs := 0
			numbers(t, tx, 0, func(n int) { numbers(t, tx, n, func(int) { pairs++ }) })
			require.Equal(t, 3, pairs)
		},
		"a query that was not read to its end": func(t *testing.T, tx *sql.Tx) {
			for range 3 {
				rows, err := tx.Query(`SELECT n FROM kept WHERE n > $1 ORDER BY n`, 0)
				require.NoError(t, err)
				require.True(t, rows.Next())
				require.NoError(t, rows.Close())
			}
		},
		"a table that changes": func(t *testing.T, tx *sql.Tx) {
			numbers(t, tx, 0, func(int) {})
			_, err := tx.Exec(`ALTER TABLE kept ADD COLUMN more TEXT NOT NULL DEFAULT 'x'`)
			require.NoError(t, err)
			sum := 0
			numbers(t, tx, 1, func(n int) { sum += n })
			require.Equal(t, 5, sum)
		},
		"a statement that fails once": func(t *testing.T, tx *sql.Tx) {
			insert := func(n int) error {
				_, err := tx.Exec(`INSERT INTO kept (n) VALUES ($1)`, n)
				return err
			}
			require.NoError(t, insert(10))
			require.Error(t, insert(10))
			require.NoError(t, insert(11))
		},
		"more of them than are kept": func(t *testing.T, tx *sql.Tx) {
			for i := range 1000 {
				var n int
				require.NoError(t, tx.QueryRow(fmt.Sprintf(`SELECT n + %d FROM kept WHERE n = $1`, i), 1).Scan(&n))
				require.Equal(t, 1+i, n)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := databasetest.SQLite(t)
			_, err := db.Exec(`CREATE TABLE kept (n INTEGER PRIMARY KEY); INSERT INTO kept VALUES (1), (2), (3)`)
			require.NoError(t, err)
			require.NoError(t, db.InTx(context.Background(), func(_ context.Context, tx *sql.Tx) error {
				test(t, tx)
				return nil
			}))
		})
	}
}

// Postgres refuses a prepared query whose columns have changed their types, and
// goes on to do so.
func TestAKeptStatementOutlivesAChangedTable(t *testing.T) {
	t.Parallel()
	db := databasetest.Postgres(t)
	db.SetMaxOpenConns(1)
	_, err := db.Exec(`CREATE TABLE kept (n INTEGER PRIMARY KEY); INSERT INTO kept VALUES (1)`)
	require.NoError(t, err)
	look := func() error {
		var n string
		return db.QueryRow(`SELECT n FROM kept WHERE n::text = $1`, "1").Scan(&n)
	}
	require.NoError(t, look())
	_, err = db.Exec(`ALTER TABLE kept ALTER COLUMN n TYPE TEXT`)
	require.NoError(t, err)
	require.ErrorContains(t, look(), "cached plan")
	require.NoError(t, look())
}
