package whatsapp_test

import (
	"context"
	"database/sql"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/storetest"
)

// eachDatabase runs a test on SQLite and on Postgres.
func eachDatabase(t *testing.T, test func(t *testing.T, store *whatsapp.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, openStore(t, openSQLite(t), "sqlite"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, openStore(t, openPostgres(t), "postgres"))
	})
}

func openSQLite(t *testing.T) *sql.DB {
	t.Helper()
	return storetest.SQLite(t)
}

func openPostgres(t *testing.T) *sql.DB {
	t.Helper()
	return storetest.Postgres(t)
}

func openStore(t *testing.T, db *sql.DB, dialect string) *whatsapp.Store {
	t.Helper()
	storetest.Prepare(t, db, dialect)
	return openStoreWith(t, db, dialect, storetest.NewSealer())
}

// openStoreWith opens what openStore has prepared.
func openStoreWith(t *testing.T, db *sql.DB, dialect string, sealer whatsapp.Sealer) *whatsapp.Store {
	t.Helper()
	store, err := whatsapp.OpenStore(context.Background(), whatsapp.StoreConfig{DB: db, Dialect: dialect, Sealer: sealer, Log: whatsapp.Log(slog.New(slog.DiscardHandler), func(string) {})})
	require.NoError(t, err)
	return store
}
