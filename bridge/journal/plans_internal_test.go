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
		queries := j.claimQueries(f, now, 4, `l.key`)
		backlog := f
		backlog.Class = Backlog
		for _, test := range []struct {
			laneQuery
			index string
		}{
			{queries[0], "lane_live"},
			{queries[1], "lane_due"},
			{j.claimQueries(backlog, now, 4, `l.key`)[0], "lane_due"},
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

// What waits in a lane is found without reading what is done, of which there may be
// thousands: another index begins with the lane as well.
func TestT13_WhatWaitsIsFoundWithoutWhatIsDone(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		if db.Dialect == database.Postgres { // these sort a few jobs
			db.SetMaxOpenConns(1)
			_, err := db.Exec(`SET enable_seqscan = off`)
			require.NoError(t, err)
		}
		for query, args := range map[string][]any{
			nextJobs:                      {"l1/c1/in", 4},
			waitingOfTwo:                  {"l1/c1/in", "l1/c2/in"},
			countJobs:                     nil,
			New(db, Options{}).findHeld(): {"l1/c1/in", "l1", "|a|", "|b|"},
		} {
			plan := databasetest.Plan(t, db, query, args...)
			require.Contains(t, plan, "job_waiting", query)
			require.NotContains(t, plan, "job_lane", query)
		}
	})
}

// The deletion of a line reads its own rows only, a lane at a time.
func TestT13_ADeletedLinesJobsAreFoundByTheirLane(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		databasetest.IndexesOnly(t, db)
		for query, test := range map[string]struct {
			index string
			args  []any
		}{
			laneOfLine:   {"lane_line", []any{"l1"}},
			oldestOfLane: {"job_lane", []any{"l1/c1/in", 500}},
			deleteOldest: {"job_lane", []any{"l1/c1/in", 1}},
			deleteLane:   {`lane_pkey|sqlite_autoindex_lane_1`, []any{"l1/c1/in"}},
			// What the database itself asks when a lane or a job goes.
			`SELECT 1 FROM job WHERE lane = $1`:        {"job_lane", []any{"l1/c1/in"}},
			`SELECT 1 FROM job_attempt WHERE job = $1`: {`job_attempt_pkey|job_attempt USING PRIMARY KEY`, []any{1}},
		} {
			plan := databasetest.Plan(t, db, query, test.args...)
			require.Regexp(t, test.index, plan, query)
			require.NotRegexp(t, `(?i)\bsort\b|TEMP B-TREE|SCAN (job|lane)|Seq Scan`, plan, query)
		}
	})
}

// What could not be converted is found without what is done or waits.
func TestUnconvertedJobsAreFoundAmongAllOthers(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		databasetest.IndexesOnly(t, db)
		for query, args := range map[string][]any{readUnconverted: {"l1", 0, 10}, unconvertedOf: nil} {
			plan := databasetest.Plan(t, db, query, args...)
			require.Contains(t, plan, "job_unconverted", query)
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
			queries[failAndAdd] = []any{1, "x", 1, true, 1, 1, "retry", keptLast, keptFirst + keptLast, "1 2"}
		}
		for query, args := range queries {
			plan := databasetest.Plan(t, db, query, args...)
			require.Regexp(t, `job_attempt_pkey|SEARCH job_attempt USING PRIMARY KEY`, plan, query)
			require.NotRegexp(t, `SCAN job|Seq Scan on job`, plan, query)
		}
	})
}
