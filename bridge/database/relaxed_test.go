package database_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
)

func TestOnlyRelaxedTransactionsOfPostgresDoNotWaitForTheDisk(t *testing.T) {
	t.Parallel()
	db := databasetest.Postgres(t)
	db.SetMaxOpenConns(1) // so that the next one meets what the last one left
	for _, relaxed := range []bool{false, true, true, false, true, false} {
		ctx := context.Background()
		if relaxed {
			ctx = database.Relaxed(ctx)
		}
		require.NoError(t, db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			require.Equal(t, !relaxed, databasetest.WaitsForDisk(ctx, t, tx, db.Dialect))
			return nil
		}))
	}
}
