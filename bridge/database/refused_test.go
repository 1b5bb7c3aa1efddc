package database_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
)

// What the database refuses for its content is told from what it cannot do now.
func TestC3_WhatNeverFitsIsToldFromPassingTrouble(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		insert := func(value any) error {
			return db.InTx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, `INSERT INTO fits (id) VALUES ($1)`, value)
				if err != nil {
					return fmt.Errorf("insert: %w", err)
				}
				return nil
			})
		}
		_, err := db.Exec(`CREATE TABLE fits (id TEXT NOT NULL UNIQUE CHECK (id <> 'no'))`)
		require.NoError(t, err)
		require.NoError(t, insert("a"))
		for _, value := range []any{"a", "no", nil} {
			require.True(t, database.NeverFits(insert(value)), "%v", value)
		}
		if db.Dialect == database.Postgres {
			random := "" // what can be compressed would fit
			for range 300 {
				random += databasetest.Unique()
			}
			for _, value := range []string{"a\x00b", "\xff", random} {
				require.True(t, database.NeverFits(insert(value)), "%q", value)
			}
		}
		_, err = db.Exec(`INSERT INTO nowhere (id) VALUES ('a')`)
		require.Error(t, err)
		require.False(t, database.NeverFits(err), "a schema that is not migrated yet")
		cancelled, cancel := context.WithCancel(context.Background())
		cancel()
		_, err = db.ExecContext(cancelled, `INSERT INTO fits (id) VALUES ('b')`)
		require.False(t, database.NeverFits(err))
		require.False(t, database.NeverFits(errors.New("something else")))
		require.False(t, database.NeverFits(nil))
		require.NoError(t, db.Close())
		require.False(t, database.NeverFits(insert("b")))
	})
}
