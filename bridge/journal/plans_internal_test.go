package journal

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
)

// The lanes of one direction are found by an index that begins with it, in the
// order in which they are wanted: others may rest by the thousands.
func TestLanesAreFoundByTheirDirection(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		db.SetMaxOpenConns(1)
		ctx, explain := context.Background(), `EXPLAIN QUERY PLAN `
		if db.Dialect == database.Postgres {
			// So that only a query that no index can serve still scans or sorts.
			_, err := db.Exec(`SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off`)
			require.NoError(t, err)
			explain = `EXPLAIN `
		}
		j := New(db, Options{})
		f, now := Filter{Lines: []string{"l1", "l2"}, Dir: Out}, time.Now()
		looks := j.claimLooks(f, now, `l.key`)
		for _, test := range []struct {
			look
			index string
		}{
			{looks[0], "lane_head"},
			{looks[1], "lane_due"},
			{j.nextLook(f, now), "lane_due"},
		} {
			rows, err := db.QueryContext(ctx, explain+test.query, test.args...)
			require.NoError(t, err)
			columns, err := rows.Columns()
			require.NoError(t, err)
			var plan strings.Builder
			for rows.Next() {
				values := make([]any, len(columns))
				for i := range values {
					values[i] = new(any)
				}
				var detail string
				values[len(values)-1] = &detail
				require.NoError(t, rows.Scan(values...))
				plan.WriteString(detail + "\n")
			}
			require.NoError(t, rows.Err())
			require.NoError(t, rows.Close())
			require.Contains(t, plan.String(), test.index, test.query)
			require.Regexp(t, `dir ?= ?('out'|\?)`, plan.String(), test.query)
			require.NotRegexp(t, `(?i)\bsort\b|TEMP B-TREE|SCAN l\b|Seq Scan on lane`, plan.String(), test.query)
		}
	})
}
