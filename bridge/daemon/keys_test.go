package daemon_test

import (
	"bytes"
	"encoding/base64"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/config"
	"github.com/wootbridge/wootbridge/bridge/daemon"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/seal"
)

func keyText(b byte) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, seal.KeySize))
}

func keyID(t *testing.T, text string) string {
	t.Helper()
	key, err := seal.ParseKey(text)
	require.NoError(t, err)
	return key.ID()
}

// installation is one whose database has a line with secrets; the bridge does not run.
type installation struct {
	t        *testing.T
	dir      string
	settings []string
}

// withFile keeps everything in the data folder.
func withFile(t *testing.T) *installation { return &installation{t: t, dir: t.TempDir()} }

// withVariable has a Postgres and a key that was set.
func withVariable(t *testing.T) *installation {
	return &installation{t: t, dir: t.TempDir(), settings: []string{
		"WOOTBRIDGE_DATABASE_URL=" + databasetest.PostgresURL(t), "WOOTBRIDGE_ENCRYPTION_KEY=" + keyText(1),
	}}
}

func (i *installation) config(settings ...string) config.Config {
	i.t.Helper()
	return configured(i.t, i.dir, append(append([]string{}, i.settings...), settings...)...)
}

func (i *installation) database() *database.DB {
	i.t.Helper()
	cfg := i.config()
	db, err := database.Open(i.t.Context(), database.Config{URL: cfg.DatabaseURL.Reveal(), DataDir: i.dir})
	require.NoError(i.t, err)
	return db
}

func (i *installation) migrate(settings ...string) error {
	return daemon.Migrate(i.t.Context(), i.config(settings...), slog.New(slog.DiscardHandler))
}

func (i *installation) newKey(settings ...string) (daemon.KeyChange, error) {
	return daemon.NewKey(i.t.Context(), i.config(settings...), slog.New(slog.DiscardHandler))
}

// fill puts a line into the database, sealed with a key.
func (i *installation) fill(text string) {
	i.t.Helper()
	key, err := seal.ParseKey(text)
	require.NoError(i.t, err)
	db := i.database()
	defer db.Close()
	require.NoError(i.t, lines.NewStore(db, key).Insert(i.t.Context(), lines.Line{
		ID: "l1", Name: "Shop", ChatwootURL: "http://c", Account: 1, Inbox: 2, Token: "t0ken", WebhookSecret: "s", PathSecret: "p", SourceKey: "k",
	}))
}

// opens says whether the database is sealed with a key.
func (i *installation) opens(text string) bool {
	i.t.Helper()
	key, err := seal.ParseKey(text)
	require.NoError(i.t, err)
	db := i.database()
	defer db.Close()
	all, err := lines.NewStore(db, key).List(i.t.Context())
	if err != nil {
		require.ErrorIs(i.t, err, seal.ErrOpen)
		return false
	}
	require.Len(i.t, all, 1)
	require.Equal(i.t, "t0ken", all[0].Token.Reveal())
	return true
}

func (i *installation) file(name string) string {
	i.t.Helper()
	content, err := os.ReadFile(filepath.Join(i.dir, name))
	require.NoError(i.t, err)
	return string(bytes.TrimSpace(content))
}

func TestM9_AKeyThatOpensNothingChangesNothing(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(*testing.T) *installation{"sqlite": withFile, "postgres": withVariable} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := make(t)
			right, wrong := keyText(1), "WOOTBRIDGE_ENCRYPTION_KEY="+keyText(2)
			require.NoError(t, i.migrate())
			if name == "sqlite" {
				right = i.file("encryption-key")
			}
			i.fill(right)
			for range 2 { // of an earlier version, which did not note its key, in the second round
				for _, attempt := range []func() error{
					func() error { return i.migrate(wrong) },
					func() error {
						_, err := daemon.Start(t.Context(), options(i.config(wrong)))
						return err
					},
					func() error {
						_, err := i.newKey(wrong, "WOOTBRIDGE_NEW_ENCRYPTION_KEY="+keyText(3))
						return err
					},
				} {
					err := attempt()
					var setup *daemon.SetupError
					require.ErrorAs(t, err, &setup)
					require.ErrorContains(t, err, keyID(t, keyText(2)))
					require.ErrorContains(t, err, "nothing was changed")
					require.True(t, i.opens(right))
				}
				db := i.database()
				_, err := db.Exec(`DELETE FROM encryption_key`)
				require.NoError(t, err)
				require.NoError(t, db.Close())
			}
			require.NoError(t, i.migrate())
			require.ErrorContains(t, i.migrate(wrong), "was sealed with the key "+keyID(t, right))
		})
	}
}

func TestM9_ANewKeyInTheDataFolder(t *testing.T) {
	t.Parallel()
	i := withFile(t)
	require.NoError(t, i.migrate())
	first := i.file("encryption-key")
	i.fill(first)
	done, err := i.newKey()
	require.NoError(t, err)
	second := i.file("encryption-key")
	require.NotEqual(t, first, second)
	require.Equal(t, daemon.KeyChange{ID: keyID(t, second), OldFile: filepath.Join(i.dir, "encryption-key."+keyID(t, first))}, done)
	require.Equal(t, first, i.file("encryption-key."+keyID(t, first)))
	require.True(t, i.opens(second))
	require.False(t, i.opens(first))

	_, err = i.newKey()
	require.NoError(t, err, "twice")
	third := i.file("encryption-key")
	require.True(t, i.opens(third))
	require.NotEqual(t, second, third)
	_, err = i.newKey("WOOTBRIDGE_NEW_ENCRYPTION_KEY=" + keyText(9))
	require.NoError(t, err)
	require.Equal(t, keyText(9), i.file("encryption-key"))
	require.True(t, i.opens(keyText(9)))
	p := started(t, options(i.config()))
	all, err := p.Bridge().Lines(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)
	for _, pattern := range []string{"encryption-key.*", ".encryption-key*"} {
		files, err := filepath.Glob(filepath.Join(i.dir, pattern))
		require.NoError(t, err)
		for _, file := range files {
			require.NotContains(t, file, "new")
			info, err := os.Stat(file)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), info.Mode(), file)
		}
	}
}

// A process that dies on the way leaves the folder in one of these states; whatever comes
// next completes it.
func TestM9_ANewKeyWhoseProcessDied(t *testing.T) {
	t.Parallel()
	died := func(t *testing.T, afterCommit bool) (i *installation, before, next string) {
		i = withFile(t)
		require.NoError(t, i.migrate())
		before, next = i.file("encryption-key"), keyText(7)
		i.fill(before)
		if afterCommit {
			_, err := i.newKey("WOOTBRIDGE_NEW_ENCRYPTION_KEY=" + next)
			require.NoError(t, err)
			require.NoError(t, os.Remove(filepath.Join(i.dir, "encryption-key."+keyID(t, before))))
			require.NoError(t, os.WriteFile(filepath.Join(i.dir, "encryption-key"), []byte(before), 0o600))
		}
		require.NoError(t, os.WriteFile(filepath.Join(i.dir, "encryption-key.new"), []byte(next+"\n"), 0o600))
		return i, before, next
	}
	complete := func(t *testing.T, i *installation, before, next string) {
		require.Equal(t, next, i.file("encryption-key"))
		require.Equal(t, before, i.file("encryption-key."+keyID(t, before)))
		require.NoFileExists(t, filepath.Join(i.dir, "encryption-key.new"))
		require.True(t, i.opens(next))
	}
	t.Run("before the commit, then a start", func(t *testing.T) {
		t.Parallel()
		i, before, _ := died(t, false)
		require.NoError(t, i.migrate())
		require.Equal(t, before, i.file("encryption-key"))
		require.True(t, i.opens(before))
	})
	t.Run("before the commit, then again", func(t *testing.T) {
		t.Parallel()
		i, before, next := died(t, false)
		done, err := i.newKey()
		require.NoError(t, err)
		require.Equal(t, keyID(t, next), done.ID, "with the key that it has made already")
		require.False(t, done.Before)
		complete(t, i, before, next)
	})
	t.Run("after the commit, then a start", func(t *testing.T) {
		t.Parallel()
		i, before, next := died(t, true)
		require.NoError(t, i.migrate())
		complete(t, i, before, next)
		require.NoError(t, i.migrate())
	})
	t.Run("after the commit, then again", func(t *testing.T) {
		t.Parallel()
		i, before, next := died(t, true)
		done, err := i.newKey()
		require.NoError(t, err)
		require.Equal(t, keyID(t, next), done.ID)
		require.True(t, done.Before, "one change, not two")
		complete(t, i, before, next)
	})
}

func TestM9_ANewKeyThatIsSet(t *testing.T) {
	t.Parallel()
	i := withVariable(t)
	require.NoError(t, i.migrate())
	i.fill(keyText(1))
	_, err := i.newKey()
	var setup *daemon.SetupError
	require.ErrorAs(t, err, &setup)
	require.ErrorContains(t, err, "WOOTBRIDGE_NEW_ENCRYPTION_KEY is not set")

	next := "WOOTBRIDGE_NEW_ENCRYPTION_KEY=" + keyText(2)
	require.NoError(t, i.migrate(next), "it is set already, and not in use yet")
	require.True(t, i.opens(keyText(1)))

	// Another process uses the database, from another folder.
	other := &installation{t: t, dir: t.TempDir(), settings: i.settings}
	db := i.database()
	_, err = db.Exec(`UPDATE line SET owner = 'other/run', owned_until = $1`, int64(1)<<60)
	require.NoError(t, err)
	_, err = other.newKey(next)
	require.ErrorAs(t, err, &setup)
	require.ErrorContains(t, err, "stop all of them first")
	require.True(t, i.opens(keyText(1)))
	_, err = db.Exec(`UPDATE line SET owned_until = 0`)
	require.NoError(t, err)
	require.NoError(t, db.Close())

	done, err := i.newKey(next)
	require.NoError(t, err)
	require.Equal(t, daemon.KeyChange{ID: keyID(t, keyText(2))}, done)
	require.True(t, i.opens(keyText(2)))
	done, err = i.newKey(next)
	require.NoError(t, err)
	require.Equal(t, daemon.KeyChange{ID: keyID(t, keyText(2)), Before: true}, done)

	require.NoError(t, i.migrate(next), "both are set: the database says which it is")
	require.ErrorAs(t, i.migrate(), &setup, "the old one alone")
	i.settings[1] = "WOOTBRIDGE_ENCRYPTION_KEY=" + keyText(2)
	require.NoError(t, i.migrate())
	done, err = i.newKey(next)
	require.NoError(t, err)
	require.True(t, done.Before)
	require.NoFileExists(t, filepath.Join(i.dir, "encryption-key"))
}
