package daemon

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A process that is killed for want of memory leaves a mark; one that was short of it
// for a while, or is stopped, does not.
func TestC2_AShortageOfMemoryIsToldFromAKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := func() (*memory, bool) {
		m, short, err := newMemory(dir, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		require.NotZero(t, m.limit)
		return m, short
	}
	m, short := open()
	require.False(t, short)
	used, err := m.used()
	require.NoError(t, err)
	require.NotZero(t, used)

	m.limit = 100
	amounts := make(chan uint64)
	m.used = func() (uint64, error) { return <-amounts, nil }
	run := func() (use func(amount uint64), stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		tick, ended := make(chan time.Time), make(chan struct{})
		go func() {
			defer close(ended)
			m.watch(ctx, tick)
		}()
		use = func(amount uint64) {
			for range 2 { // the second one is taken when the first was dealt with
				tick <- time.Time{}
				amounts <- amount
			}
		}
		return use, func() { cancel(); <-ended }
	}
	use, stop := run()
	use(50)
	require.NoFileExists(t, m.mark)
	use(95)
	require.FileExists(t, m.mark)
	use(85)
	require.FileExists(t, m.mark, "it is not over yet")
	use(50)
	require.NoFileExists(t, m.mark)
	use(95)
	require.FileExists(t, m.mark)
	stop()
	require.NoFileExists(t, m.mark, "it was stopped")

	use, stop = run()
	use(95)
	mark, err := os.ReadFile(m.mark)
	require.NoError(t, err)
	stop()
	require.NoError(t, os.WriteFile(m.mark, mark, 0o600)) // as if it had been killed instead
	_, short = open()
	require.True(t, short)
	_, short = open()
	require.False(t, short, "that was an earlier run")
}
