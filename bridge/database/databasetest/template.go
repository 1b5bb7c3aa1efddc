package databasetest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/migrations"
)

// Migrating takes longer than most tests, so it is done once, and each test gets a copy.

// migratedFile is a SQLite file that was migrated, made once in a process.
var migratedFile = sync.OnceValues(func() (content []byte, err error) {
	dir, err := os.MkdirTemp("", "wootbridge-template-")
	if err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := migrate(database.Config{DataDir: dir}); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, database.FileName))
})

// migratedDatabase is the name of a Postgres database that was migrated, made once on a
// server: all packages share it.
func migratedDatabase(t testing.TB) string {
	t.Helper()
	server := required(t, PostgresEnv)
	name := "migrated_" + fingerprint(t)
	admin, err := sql.Open("postgres", server)
	require.NoError(t, err)
	defer admin.Close()
	there := func() (found bool) {
		require.NoError(t, admin.QueryRow(`SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)`, name).Scan(&found))
		return found
	}
	if there() {
		return name
	}
	// It has its name when it is complete. Of several that are made at once the first
	// one is taken.
	making := "making_" + Unique()
	_, err = admin.Exec("CREATE DATABASE " + making)
	require.NoError(t, err)
	require.NoError(t, migrate(database.Config{URL: at(t, server, making)}))
	if _, err := admin.Exec("ALTER DATABASE " + making + " RENAME TO " + name); err != nil {
		require.True(t, there(), "name the database: %v", err)
		_, err = admin.Exec("DROP DATABASE " + making + " WITH (FORCE)")
		require.NoError(t, err)
	}
	return name
}

func migrate(cfg database.Config) (err error) {
	db, err := database.Open(context.Background(), cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return db.Migrate(context.Background())
}

// fingerprint tells the migrations of one state of the code from those of others.
func fingerprint(t testing.TB) string {
	t.Helper()
	sum := sha256.New()
	require.NoError(t, fs.WalkDir(migrations.Files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := migrations.Files.ReadFile(path)
		fmt.Fprintf(sum, "%s %d\n%s", path, len(content), content)
		return err
	}))
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
