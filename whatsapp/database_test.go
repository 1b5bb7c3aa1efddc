package whatsapp_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp"
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
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "x.db")+
		"?_pragma=foreign_keys(1)&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_txlock=immediate")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// openPostgres makes a database of its own on the server that make test starts.
func openPostgres(t *testing.T) *sql.DB {
	t.Helper()
	server := os.Getenv("WOOTBRIDGE_TEST_POSTGRES")
	switch {
	case server != "":
	case testing.Short():
		t.Skip("WOOTBRIDGE_TEST_POSTGRES is not set: make test runs this test")
	default:
		t.Fatal("WOOTBRIDGE_TEST_POSTGRES is not set: run make test, or make check without it")
	}
	name := "test_" + strings.ToLower(rand.Text())
	admin, err := sql.Open("postgres", server)
	require.NoError(t, err)
	_, err = admin.Exec("CREATE DATABASE " + name)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := admin.Exec("DROP DATABASE " + name + " WITH (FORCE)")
		require.NoError(t, err)
		require.NoError(t, admin.Close())
	})
	address, err := url.Parse(server)
	require.NoError(t, err)
	address.Path = "/" + name
	db, err := sql.Open("postgres", address.String())
	require.NoError(t, err)
	db.SetMaxOpenConns(8)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func openStore(t *testing.T, db *sql.DB, dialect string) *whatsapp.Store {
	t.Helper()
	store, err := whatsapp.OpenStore(context.Background(), whatsapp.StoreConfig{DB: db, Dialect: dialect, Log: whatsapp.Log(slog.New(slog.DiscardHandler), func(string) {})})
	require.NoError(t, err)
	return store
}
