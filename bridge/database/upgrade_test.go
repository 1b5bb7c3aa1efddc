package database_test

import (
	"context"
	"io/fs"
	"testing"

	"github.com/pressly/goose/v3"
	gooseDatabase "github.com/pressly/goose/v3/database"
	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/migrations"
)

// providerOf applies migrations and takes them back.
func providerOf(t *testing.T, db *database.DB) *goose.Provider {
	t.Helper()
	files, err := fs.Sub(migrations.Files, string(db.Dialect))
	require.NoError(t, err)
	dialect := goose.DialectSQLite3
	if db.Dialect == database.Postgres {
		dialect = goose.DialectPostgres
	}
	store, err := gooseDatabase.NewStore(dialect, migrations.VersionTable)
	require.NoError(t, err)
	provider, err := goose.NewProvider("", db.DB, files, goose.WithStore(store))
	require.NoError(t, err)
	return provider
}

// Jobs outlive a change of their table, back and forth, and no id comes twice.
func TestJobsOutliveAnUpgrade(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := context.Background()
		provider := providerOf(t, db)
		_, err := provider.DownTo(ctx, 6)
		require.NoError(t, err)
		for _, query := range []string{
			`INSERT INTO line (id, name, chatwoot_url, account_id, inbox_id, settings, path_hash, created) VALUES ('l', '', '', 1, 1, '{}', '', 0)`,
			`INSERT INTO lane (key, line, chat, dir, seq, due) VALUES ('l/c/in', 'l', 'c', 'in', 3, 1)`,
			`INSERT INTO job (lane, line, pos, dedupe, kind, payload, state, at, created, unsure) VALUES
				('l/c/in', 'l', 1, 'a', 'message', 'one', 'done', 1, 1, 0), ('l/c/in', 'l', 2, 'b', 'message', 'two', 'waiting', 2, 2, 1)`,
			`INSERT INTO job (lane, line, pos, dedupe, kind, payload, at, created) VALUES ('l/c/in', 'l', 3, 'c', 'message', 'pruned', 3, 3)`,
			`DELETE FROM job WHERE dedupe = 'c'`,
		} {
			_, err := db.Exec(query)
			require.NoError(t, err, query)
		}
		type job struct {
			id, pos, unsure        int64
			dedupe, payload, state string
		}
		jobs := func() (all []job) {
			rows, err := db.Query(`SELECT id, pos, unsure, dedupe, payload, state FROM job ORDER BY id`)
			require.NoError(t, err)
			defer rows.Close()
			for rows.Next() {
				var j job
				require.NoError(t, rows.Scan(&j.id, &j.pos, &j.unsure, &j.dedupe, &j.payload, &j.state))
				all = append(all, j)
			}
			require.NoError(t, rows.Err())
			return all
		}
		before := jobs()
		require.Len(t, before, 2)
		_, err = provider.Up(ctx)
		require.NoError(t, err)
		require.Equal(t, before, jobs())
		_, err = provider.DownTo(ctx, 6)
		require.NoError(t, err)
		require.Equal(t, before, jobs())
		_, err = provider.Up(ctx)
		require.NoError(t, err)
		_, err = db.Exec(`INSERT INTO job (lane, line, pos, dedupe, kind, payload, at, created) VALUES ('l/c/in', 'l', 4, 'd', 'message', 'new', 4, 4)`)
		require.NoError(t, err)
		require.Greater(t, jobs()[2].id, before[1].id+1, "the id of the pruned one")
		_, err = db.Exec(`INSERT INTO job (lane, line, pos, dedupe, kind, payload, at, created) VALUES ('l/c/in', 'l', 4, 'e', 'message', 'new', 4, 4)`)
		require.Error(t, err, "two that wait in one place")
	})
}

// A database that has been used is told from one that is being made: what its
// installation had before this release, it keeps.
func TestL06_AUsedDatabaseIsKnown(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := context.Background()
		provider := providerOf(t, db)
		kept := func() (n int) {
			require.NoError(t, db.QueryRow(`SELECT COUNT(*) FROM legacy WHERE name = 'one address'`).Scan(&n))
			return n
		}
		require.Zero(t, kept(), "a new one")
		_, err := provider.DownTo(ctx, 18)
		require.NoError(t, err)
		_, err = provider.Up(ctx)
		require.NoError(t, err)
		require.Zero(t, kept(), "one that nobody has used")
		_, err = provider.DownTo(ctx, 18)
		require.NoError(t, err)
		_, err = db.Exec(`CREATE TABLE whatsmeow_version (version INTEGER)`)
		require.NoError(t, err)
		_, err = provider.Up(ctx)
		require.NoError(t, err)
		require.Equal(t, 1, kept())
	})
}
