package lines

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
)

// What a line has to do with the conversations that are behind it reads no other
// line's.
func TestConversationsThatAreBehindAreFoundByTheirLine(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		databasetest.IndexesOnly(t, db)
		for query, args := range map[string][]any{
			selectBehind: {"l1"},
			dropBehind:   {"l1", 1},
			deleteBehind: {"l1", 10},
		} {
			plan := databasetest.Plan(t, db, query, args...)
			require.Regexp(t, `comparison_pkey|SEARCH comparison USING PRIMARY KEY`, plan, query)
			require.NotRegexp(t, `SCAN comparison|Seq Scan on comparison`, plan, query)
		}
		require.NotRegexp(t, `SCAN line|Seq Scan on line`, databasetest.Plan(t, db, setBehind, "l1", 1, 1, 1, 1, 1))
	})
}

// What processes tell each other of a line reads little.
func TestT07_WhatProcessesTellEachOtherIsFoundByAnIndex(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		databasetest.IndexesOnly(t, db)
		for query, test := range map[string]struct {
			index string
			args  []any
		}{
			readLost:       {`line_pkey|sqlite_autoindex_line_1`, []any{"l1"}},
			selectAsked:    {`line_command_open`, []any{1}},
			deleteCommands: {`line_command_line|line_command_pkey|sqlite_autoindex_line_command_1`, []any{"l1", 10}},
		} {
			plan := databasetest.Plan(t, db, query, test.args...)
			require.Regexp(t, test.index, plan, query)
			require.NotRegexp(t, `(?i)\bsort\b|TEMP B-TREE|SCAN line\b|Seq Scan`, plan, query)
		}
	})
}
