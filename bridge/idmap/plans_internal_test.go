package idmap

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
)

// The deletion of a line reads its own rows only.
func TestT13_ADeletedLinesRowsAreFoundByTheLine(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		databasetest.IndexesOnly(t, db)
		for _, query := range deletions {
			plan := databasetest.Plan(t, db, query, "l1", 500)
			require.Regexp(t, `(?s)(Index (Only )?Scan|SEARCH).*(Index (Only )?Scan|SEARCH)`, plan, query)
			require.NotRegexp(t, `(?i)\bsort\b|TEMP B-TREE|SCAN \w*(link|chat|message|alias)|Seq Scan`, plan, query)
		}
	})
}

// A stanza's addresses, and each message of an agent's, are looked up by themselves.
func TestT08_T09_WhatIsKnownOfAnAddressOrAnIDIsFoundByIndexes(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		databasetest.IndexesOnly(t, db)
		for query, args := range map[string][]any{
			aliasesOfChats + "$2, $3" + endOfList: {"l1", "1@lid", "2@s.whatsapp.net"},
			metUnder:                              {"l1", 5, "3EB0"},
			lostMessages:                          {"l1", 5, 7, 0},
		} {
			plan := databasetest.Plan(t, db, query, args...)
			require.NotRegexp(t, `(?i)\bsort\b|TEMP B-TREE|SCAN \w*(link|chat|message|alias|named|line)\b|Seq Scan`, plan, query)
		}
	})
}

// The ledger keeps every message there was: a look that goes back a few days
// must not read or sort all of it.
func TestOlderMessagesAreFoundByTheirIndex(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		databasetest.IndexesOnly(t, db)
		for query, args := range map[string][]any{writtenBefore: {"l1", 1}, newestMessage: {"l1"}} {
			plan := databasetest.Plan(t, db, query, args...)
			require.Contains(t, plan, "message_link_message")
			require.NotRegexp(t, `(?i)\bsort\b|TEMP B-TREE|Seq Scan`, plan)
		}
	})
}
