package databasetest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
)

// IndexesOnly makes Postgres read whole tables, and sort, only where no index
// can serve: its tables in tests are too small for it to bother. db must be used
// through one connection.
func IndexesOnly(t testing.TB, db *database.DB) {
	t.Helper()
	db.SetMaxOpenConns(1)
	if db.Dialect != database.Postgres {
		return
	}
	_, err := db.Exec(`SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off`)
	require.NoError(t, err)
}

// Plan is how the database would answer a query.
func Plan(t testing.TB, db *database.DB, query string, args ...any) string {
	t.Helper()
	explain := `EXPLAIN QUERY PLAN `
	if db.Dialect == database.Postgres {
		explain = `EXPLAIN `
	}
	rows, err := db.Query(explain+query, args...)
	require.NoError(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	var plan strings.Builder
	for rows.Next() {
		var detail string // the last column; SQLite has others before it
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		values[len(values)-1] = &detail
		require.NoError(t, rows.Scan(values...))
		plan.WriteString(detail + "\n")
	}
	require.NoError(t, rows.Err())
	return plan.String()
}
