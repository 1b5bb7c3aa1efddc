package idmap

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
)

// The ledger keeps every message there was: a look that goes back a few days
// must not read or sort all of it.
func TestOlderMessagesAreFoundByTheirIndex(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		databasetest.IndexesOnly(t, db)
		plan := databasetest.Plan(t, db, writtenBefore, "l1", 1)
		require.Contains(t, plan, "message_link_message")
		require.NotRegexp(t, `(?i)\bsort\b|TEMP B-TREE|Seq Scan`, plan)
	})
}
