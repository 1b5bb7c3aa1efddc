package database_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/processtest"
)

// What stands between the process and Postgres is known at the start, and what cannot
// work is refused with a sentence.
func TestK6_APoolerIsFoundOut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config  func(t *testing.T, own string) database.Config
		listens bool
		refused string
	}{
		"Postgres itself": {func(_ *testing.T, own string) database.Config { return database.Config{URL: own} }, true, ""},
		"Postgres itself, and its address once more": {func(_ *testing.T, own string) database.Config { return database.Config{URL: own, DirectURL: own} }, true, ""},
		"sessions": {func(t *testing.T, own string) database.Config {
			return database.Config{URL: processtest.StartPgBouncer(t, own, processtest.PoolSession, 10)}
		}, true, ""},
		"transactions": {func(t *testing.T, own string) database.Config {
			return database.Config{URL: processtest.StartPgBouncer(t, own, processtest.PoolTransaction, 10)}
		}, false, ""},
		"transactions in one session": {func(t *testing.T, own string) database.Config {
			return database.Config{URL: processtest.StartPgBouncer(t, own, processtest.PoolTransaction, 1)}
		}, false, ""},
		"transactions, and an address past": {func(t *testing.T, own string) database.Config {
			return database.Config{URL: processtest.StartPgBouncer(t, own, processtest.PoolTransaction, 10), DirectURL: own}
		}, true, ""},
		"statements": {func(t *testing.T, own string) database.Config {
			return database.Config{URL: processtest.StartPgBouncer(t, own, processtest.PoolStatement, 10)}
		}, false, "statement mode"},
		"the address past leads through it": {func(t *testing.T, own string) database.Config {
			through := processtest.StartPgBouncer(t, own, processtest.PoolTransaction, 10)
			return database.Config{URL: through, DirectURL: through}
		}, false, "WOOTBRIDGE_DATABASE_DIRECT_URL leads through a pooler"},
		"the address past is another database": {func(t *testing.T, own string) database.Config {
			return database.Config{URL: own, DirectURL: databasetest.PostgresURL(t)}
		}, false, "does not lead to the database"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, err := database.Open(t.Context(), test.config(t, databasetest.PostgresURL(t)))
			if test.refused != "" {
				require.True(t, database.IsAddressError(err), "%v", err)
				require.ErrorContains(t, err, test.refused)
				return
			}
			require.NoError(t, err)
			defer db.Close()
			require.Equal(t, test.listens, db.ListenURL() != "")
		})
	}
}

// Processes that start at once behind a pooler change the schema one after the other,
// and the next start is not held up.
func TestK6_TheSchemaIsChangedBehindAPooler(t *testing.T) {
	t.Parallel()
	through := processtest.StartPgBouncer(t, databasetest.PostgresURL(t), processtest.PoolTransaction, 8)
	start := func() {
		db, err := database.Open(context.Background(), database.Config{URL: through, MaxConns: 3})
		if err != nil {
			t.Error(err)
			return
		}
		defer db.Close()
		if err := db.Exclusively(context.Background(), db.Migrate); err != nil {
			t.Error(err)
		}
		if err := db.Try(context.Background(), time.Now()); err != nil {
			t.Error(err)
		}
	}
	for range 3 {
		var starts sync.WaitGroup
		for range 3 {
			starts.Go(start)
		}
		starts.Wait()
	}
}
