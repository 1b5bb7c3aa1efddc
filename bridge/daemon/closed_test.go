package daemon_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/daemon"
)

// opened makes a data folder that everybody may read, as an earlier version left it.
func opened(t *testing.T, more ...string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	require.NoError(t, daemon.Migrate(t.Context(), configured(t, dir), slog.New(slog.DiscardHandler)))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "spool"), 0o700))
	for _, name := range append([]string{"wootbridge.db-wal", "wootbridge.db.bak", "crash.last", "admin-address", "spool/wootbridge-1"}, more...) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		require.NoError(t, err)
		if entry.IsDir() {
			return os.Chmod(path, 0o755)
		}
		return os.Chmod(path, 0o644)
	}))
	return dir
}

// saidAtStart is the log of a start.
func saidAtStart(t *testing.T, dir string) string {
	t.Helper()
	var said bytes.Buffer
	require.NoError(t, daemon.Migrate(t.Context(), configured(t, dir), slog.New(slog.NewTextHandler(&said, nil))))
	return said.String()
}

func mode(t *testing.T, path ...string) os.FileMode {
	t.Helper()
	info, err := os.Stat(filepath.Join(path...))
	require.NoError(t, err)
	return info.Mode().Perm()
}

func TestM9_AFolderThatOthersCanReadIsClosed(t *testing.T) {
	t.Parallel()
	dir := opened(t)
	said := saidAtStart(t, dir)
	require.Contains(t, said, "could read the bridge's data; that is over")
	require.Contains(t, said, "wootbridge.db")
	require.NotContains(t, said, "cannot change that")
	require.Equal(t, os.FileMode(0o700), mode(t, dir))
	require.Equal(t, os.FileMode(0o700), mode(t, dir, "spool"))
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, file := range files {
		require.Zero(t, mode(t, dir, file.Name())&0o077, file.Name())
	}
	require.NotContains(t, saidAtStart(t, dir), "could read", "once")
}

// A folder in which others keep their files is not ours to close; our files in it are.
func TestM9_AFolderOfOthersIsWarnedOf(t *testing.T) {
	t.Parallel()
	dir := opened(t, "letter.txt")
	for range 2 {
		said := saidAtStart(t, dir)
		require.Contains(t, said, "cannot change that")
		require.Contains(t, said, `open=[data]`)
		require.Equal(t, os.FileMode(0o755), mode(t, dir))
		require.Equal(t, os.FileMode(0o644), mode(t, dir, "letter.txt"))
		for _, name := range []string{"wootbridge.db", "encryption-key", "instance", "lock", "wootbridge.db.bak"} {
			require.Equal(t, os.FileMode(0o600), mode(t, dir, name), name)
		}
	}
	sticky := opened(t)
	require.NoError(t, os.Chmod(sticky, 0o777|os.ModeSticky))
	require.Contains(t, saidAtStart(t, sticky), "cannot change that")
	require.Equal(t, os.FileMode(0o777), mode(t, sticky))
	require.Equal(t, os.FileMode(0o600), mode(t, sticky, "wootbridge.db"))
}

// Whoever mounts a secret as a link keeps its rights.
func TestM9_ALinkIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := opened(t)
	target := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.Rename(filepath.Join(dir, "encryption-key"), target))
	require.NoError(t, os.Symlink(target, filepath.Join(dir, "encryption-key")))
	said := saidAtStart(t, dir)
	require.Contains(t, said, "open=[encryption-key]", "but it is told")
	require.Equal(t, os.FileMode(0o644), mode(t, target))
	require.Equal(t, os.FileMode(0o700), mode(t, dir))
}

// Whoever could write into the folder before it was closed chooses no file to overwrite.
func TestM9_ALinkInPlaceOfTheLockIsRefused(t *testing.T) {
	t.Parallel()
	target := filepath.Join(t.TempDir(), "precious")
	require.NoError(t, os.WriteFile(target, []byte("precious"), 0o600))
	for what, put := range map[string]func(lock string) error{
		"a link":         func(lock string) error { return os.Symlink(target, lock) },
		"a link nowhere": func(lock string) error { return os.Symlink(target+"-not-there", lock) },
		"a folder":       func(lock string) error { return os.Mkdir(lock, 0o700) },
		"a pipe":         func(lock string) error { return syscall.Mkfifo(lock, 0o600) },
	} {
		dir := t.TempDir()
		require.NoError(t, put(filepath.Join(dir, "lock")), what)
		_, err := daemon.Start(t.Context(), options(configured(t, dir)))
		var setup *daemon.SetupError
		require.ErrorAs(t, err, &setup, what)
		require.ErrorContains(t, err, "remove the link", what)
	}
	content, err := os.ReadFile(target)
	require.NoError(t, err)
	require.Equal(t, "precious", string(content))
	require.NoFileExists(t, target+"-not-there")
}
