package database_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
)

func TestM9_ARewriteLeavesNothingOfWhatWasReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := database.Open(t.Context(), database.Config{DataDir: dir})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	secret := bytes.Repeat([]byte("s3cret"), 5)
	_, err = db.Exec(`CREATE TABLE kept (id INTEGER PRIMARY KEY, value BLOB)`)
	require.NoError(t, err)
	for id := range 300 { // some pages of them
		_, err := db.Exec(`INSERT INTO kept VALUES ($1, $2)`, id, append(bytes.Repeat([]byte{byte(id)}, id), secret...))
		require.NoError(t, err)
	}
	_, err = db.Exec(`UPDATE kept SET value = $1`, make([]byte, 30))
	require.NoError(t, err)
	holds := func() (found []string) {
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		require.NoError(t, err)
		for _, file := range files {
			content, err := os.ReadFile(file)
			require.NoError(t, err)
			if bytes.Contains(content, secret) {
				found = append(found, filepath.Base(file))
			}
		}
		return found
	}
	require.NotEmpty(t, holds(), "there is something to clean")
	require.NoError(t, db.Rewrite(t.Context()))
	require.Empty(t, holds())
	var rows int
	require.NoError(t, db.QueryRow(`SELECT COUNT(*) FROM kept`).Scan(&rows))
	require.Equal(t, 300, rows)
}

func TestM9_ATableIsRewrittenOnPostgres(t *testing.T) {
	t.Parallel()
	db := databasetest.Postgres(t)
	file := func() (node string) {
		require.NoError(t, db.QueryRow(`SELECT pg_relation_filepath('line')`).Scan(&node))
		return node
	}
	before := file()
	require.NoError(t, db.Rewrite(t.Context(), "line"))
	require.NotEqual(t, before, file())
	require.Error(t, db.Rewrite(t.Context(), "nowhere"))
	db.SetMaxOpenConns(1)
	var patience string
	require.NoError(t, db.QueryRow(`SHOW lock_timeout`).Scan(&patience))
	require.Equal(t, "0", patience, "the next user of the connection waits as always")
}

// SQLite makes files that everybody can read, where nothing keeps it from that.
func TestM9_TheDatabasesFilesAreClosedToOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := database.Open(t.Context(), database.Config{DataDir: dir})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	require.NoError(t, db.Migrate(t.Context()))
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Len(t, files, 3, "the file, its log and its index")
	for _, file := range files {
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode(), file)
	}
}
