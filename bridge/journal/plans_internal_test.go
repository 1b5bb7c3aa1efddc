package journal

import (
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
		databasetest.IndexesOnly(t, db)
		j := New(db, Options{})
		f, now := Filter{Lines: []string{"l1", "l2"}, Queue: Out}, time.Now()
		queries := j.claimQueries(f, now, `l.key`)
		for _, test := range []struct {
			laneQuery
			index string
		}{
			{queries[0], "lane_head"},
			{queries[1], "lane_due"},
			{j.nextQuery(f, now), "lane_due"},
			{laneQuery{farDue, []any{string(Out), now.UnixMilli()}}, "lane_due"},
		} {
			plan := databasetest.Plan(t, db, test.query, test.args...)
			require.Contains(t, plan, test.index, test.query)
			require.Regexp(t, `dir ?= ?('out'|\?)`, plan, test.query)
			require.NotRegexp(t, `(?i)\bsort\b|TEMP B-TREE|SCAN l\b|Seq Scan on lane`, plan, test.query)
		}
	})
}

// What a job has to do with its attempts reads no others: there may be
// thousands. A job's deletion looks for them as the last query does.
func TestAttemptsAreFoundByTheirJob(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		databasetest.IndexesOnly(t, db)
		queries := map[string][]any{
			nextAttempt:                              {1},
			addAttempt:                               {1, 1, 1, "retry", "x"},
			dropAttempt:                              {1, 1},
			keepEnd:                                  {1},
			listAttempts:                             {1},
			`DELETE FROM job_attempt WHERE job = $1`: {1},
		}
		if db.Dialect == database.Postgres {
			queries[failAndAdd] = []any{1, "x", 1, true, 1, 1, "retry", keptLast, keptFirst + keptLast}
		}
		for query, args := range queries {
			plan := databasetest.Plan(t, db, query, args...)
			require.Regexp(t, `job_attempt_pkey|SEARCH job_attempt USING PRIMARY KEY`, plan, query)
			require.NotRegexp(t, `SCAN job|Seq Scan on job`, plan, query)
		}
	})
}
