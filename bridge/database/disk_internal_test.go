package database

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestWhatWaitsForTheDisk(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	connector := newSQLiteConnector(path)
	waits, folder := 0, 0
	connector.disk.sync = func(name string) error {
		if name == filepath.Dir(path) {
			folder++
			return syncFolder(name)
		}
		require.Equal(t, path+"-wal", name)
		require.FileExists(t, name)
		waits++
		return connector.disk.syncFile(name)
	}
	db := &DB{DB: sql.OpenDB(connector), Dialect: SQLite}
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	ctx := context.Background()
	_, err := db.Exec(`CREATE TABLE written (n INTEGER PRIMARY KEY)`)
	require.NoError(t, err)
	insert := func(n int) func(context.Context, *sql.Tx) error {
		return func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO written VALUES ($1)`, n)
			return err
		}
	}
	for _, step := range []struct {
		name string
		do   func() error
		want int
	}{
		{"a transaction", func() error { return db.InTx(ctx, insert(1)) }, 1},
		{"a relaxed one", func() error { return db.InTx(Relaxed(ctx), insert(2)) }, 0},
		{"a statement by itself", func() error { _, err := db.ExecContext(ctx, `INSERT INTO written VALUES (3)`); return err }, 1},
		{"a relaxed one", func() error { _, err := db.ExecContext(Relaxed(ctx), `INSERT INTO written VALUES (4)`); return err }, 0},
		{"a look", func() error { return db.QueryRowContext(ctx, `SELECT n FROM written WHERE n = $1`, 4).Scan(new(int)) }, 0},
	} {
		before := waits
		require.NoError(t, step.do(), step.name)
		require.Equal(t, step.want, waits-before, step.name)
	}
	before := waits
	require.Error(t, db.InTx(ctx, insert(1)))
	require.Equal(t, before, waits, "what was undone needs no disk")
	require.Equal(t, 1, folder)

	away := errors.New("no space")
	connector.disk.sync = func(string) error { return away }
	require.ErrorIs(t, db.InTx(ctx, insert(5)), away)
	require.NoError(t, db.InTx(Relaxed(ctx), insert(6)))
}

func TestTheLogIsRemovedWithTheLastConnection(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gone-wal")
	require.NoError(t, newDisk(path).syncFile(path), "SQLite has brought it to the disk before")
}

// Who takes every descriptor that the process may have keeps no commit from the disk:
// the log is opened once, and anew only where it is another file.
func TestH4_TheLogStaysOpen(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "wal")
	write := func(text string) {
		require.NoError(t, os.WriteFile(path+"-new", []byte(text), 0o600))
		require.NoError(t, os.Rename(path+"-new", path)) // another file, as after the last connection
	}
	write("one")
	d := newDisk(path)
	require.NoError(t, d.wait())
	kept := d.kept
	require.NotNil(t, kept)
	for range 3 {
		require.NoError(t, d.wait())
		require.Same(t, kept, d.kept)
	}
	write("two")
	require.NoError(t, d.wait())
	require.NotSame(t, kept, d.kept, "what is brought to the disk is the log that SQLite writes now")
	require.ErrorIs(t, kept.Sync(), os.ErrClosed)
	text, err := os.ReadFile(d.kept.Name())
	require.NoError(t, err)
	require.Equal(t, "two", string(text))

	require.NoError(t, os.Remove(path))
	require.NoError(t, d.wait(), "SQLite has brought it to the disk before")
	require.Nil(t, d.kept)
	write("three")
	require.NoError(t, d.wait())
	require.NoError(t, d.close())
	require.NoError(t, d.close())
}

// Those who come while the disk is busy wait for the next time, all together,
// and never for one that had begun before.
func TestWaitsForTheDiskAreShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var began atomic.Int64
		finish := make(chan error)
		d := newDisk("log")
		d.entered = true
		d.sync = func(string) error {
			began.Add(1)
			return <-finish
		}
		var waiting sync.WaitGroup
		var ended, failed atomic.Int64
		wait := func() {
			waiting.Go(func() {
				if d.wait() != nil {
					failed.Add(1)
				}
				ended.Add(1)
			})
			synctest.Wait()
		}
		wait()
		require.EqualValues(t, 1, began.Load())
		for range 50 {
			wait()
		}
		require.EqualValues(t, 1, began.Load())
		finish <- nil
		synctest.Wait()
		require.EqualValues(t, 1, ended.Load())
		require.EqualValues(t, 2, began.Load(), "one for all that came meanwhile")
		wait()
		finish <- errors.New("broken")
		synctest.Wait()
		require.EqualValues(t, 51, ended.Load())
		require.EqualValues(t, 50, failed.Load())
		require.EqualValues(t, 3, began.Load())
		finish <- nil
		waiting.Wait()
		require.EqualValues(t, 50, failed.Load())
		wait()
		require.EqualValues(t, 4, began.Load(), "the disk is free again")
		finish <- nil
		waiting.Wait()
	})
}
