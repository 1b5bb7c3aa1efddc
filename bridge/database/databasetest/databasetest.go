package databasetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
)

// The variables that make test sets.
const (
	PostgresEnv    = "WOOTBRIDGE_TEST_POSTGRES"
	PostgresBinEnv = "WOOTBRIDGE_TEST_POSTGRES_BIN"
	RedisEnv       = "WOOTBRIDGE_TEST_REDIS"
)

// Each runs a test on SQLite and on Postgres.
func Each(t *testing.T, test func(t *testing.T, db *database.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, SQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, Postgres(t))
	})
}

// SQLite opens a fresh file.
func SQLite(t testing.TB) *database.DB {
	t.Helper()
	dir := t.TempDir()
	migrated, err := migratedFile()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, database.FileName), migrated, 0o600))
	return open(t, database.Config{DataDir: dir})
}

// Postgres opens a fresh database.
func Postgres(t testing.TB) *database.DB {
	t.Helper()
	return open(t, database.Config{URL: copied(t, migratedDatabase(t)), MaxConns: 8})
}

func open(t testing.TB, cfg database.Config) *database.DB {
	t.Helper()
	db, err := database.Open(context.Background(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.NoError(t, db.Migrate(context.Background()))
	return db
}

// PostgresURL is the address of a new, empty database that is dropped when
// the test ends.
func PostgresURL(t testing.TB) string {
	t.Helper()
	return copied(t, "template1")
}

// copied is the address of a copy of a database, which is dropped when the test ends.
func copied(t testing.TB, template string) string {
	t.Helper()
	server := required(t, PostgresEnv)
	name := "test_" + Unique()
	admin, err := sql.Open("postgres", server)
	require.NoError(t, err)
	_, err = admin.Exec("CREATE DATABASE " + name + " TEMPLATE " + template)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := admin.Exec("DROP DATABASE " + name + " WITH (FORCE)")
		require.NoError(t, err)
		require.NoError(t, admin.Close())
	})
	return at(t, server, name)
}

// at is the address of another database of a server.
func at(t testing.TB, server, name string) string {
	t.Helper()
	address, err := url.Parse(server)
	require.NoError(t, err)
	address.Path = "/" + name
	return address.String()
}

// PostgresProgram is the path of one of Postgres's programs, for a test that
// needs a server of its own.
func PostgresProgram(t testing.TB, name string) string {
	t.Helper()
	return filepath.Join(required(t, PostgresBinEnv), name)
}

// RedisURL is the address of the test Redis. Tests share it: use Unique in
// the key prefix.
func RedisURL(t testing.TB) string {
	t.Helper()
	return required(t, RedisEnv)
}

// Unique is a short name that no other test has.
func Unique() string {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// required is what make test has set. Only whoever asks for the short tests gets
// by without a server, and the test says that it did not run.
func required(t testing.TB, name string) string {
	t.Helper()
	value := os.Getenv(name)
	switch {
	case value != "":
	case testing.Short():
		t.Skipf("%s is not set: make test runs this test", name)
	default:
		t.Fatalf("%s is not set: run make test, or make check without it", name)
	}
	return value
}

// WaitsForDisk reports whether the commit of a transaction waits for the disk;
// ctx is the one that the transaction's function is given.
func WaitsForDisk(ctx context.Context, t testing.TB, tx *sql.Tx, dialect database.Dialect) bool {
	t.Helper()
	if dialect == database.SQLite {
		return !database.IsRelaxed(ctx)
	}
	var answer string
	require.NoError(t, tx.QueryRowContext(ctx, `SHOW synchronous_commit`).Scan(&answer))
	return answer == "on"
}
