package daemon

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Only root can give files away, so the test says what belongs to whom.
func TestM9_WhatBelongsToAnotherUserIsWarnedOf(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.Mkdir(dir, 0o755))
	require.NoError(t, os.Chmod(dir, 0o755))
	for _, name := range []string{"crash.last", "encryption-key"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o644))
		require.NoError(t, os.Chmod(filepath.Join(dir, name), 0o644))
	}
	var said bytes.Buffer
	closeToOthers(dir, func(info os.FileInfo) bool {
		return !slices.Contains([]string{"data", "crash.last"}, info.Name())
	}, slog.New(slog.NewTextHandler(&said, nil)))
	require.Contains(t, said.String(), "cannot change that")
	require.Contains(t, said.String(), `open="[crash.last data]"`)
	mode := func(path ...string) os.FileMode {
		info, err := os.Stat(filepath.Join(path...))
		require.NoError(t, err)
		return info.Mode().Perm()
	}
	require.Equal(t, os.FileMode(0o755), mode(dir))
	require.Equal(t, os.FileMode(0o644), mode(dir, "crash.last"))
	require.Equal(t, os.FileMode(0o600), mode(dir, "encryption-key"))
}

// another is a file's description with another user.
type another struct{ os.FileInfo }

func (another) Sys() any { return &syscall.Stat_t{Uid: uint32(os.Geteuid()) + 1} }

func TestWhoOwnsAFileIsTold(t *testing.T) {
	t.Parallel()
	info, err := os.Stat(t.TempDir())
	require.NoError(t, err)
	require.True(t, ownedByUs(info))
	require.False(t, ownedByUs(another{info}))
}
