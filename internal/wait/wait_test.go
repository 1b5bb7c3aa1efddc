package wait_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/internal/wait"
)

func TestSleepEndsWithItsTimeOrItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		require.True(t, wait.Sleep(t.Context(), time.Minute))
		require.Equal(t, time.Minute, time.Since(began))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.False(t, wait.Sleep(ctx, time.Minute))
		require.Equal(t, time.Minute+time.Second, time.Since(began))
	})
}

func TestWokenSaysWhichCame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wake := make(chan int, 1)
		require.Equal(t, wait.Elapsed, wait.Woken(t.Context(), time.Second, wake))
		wake <- 1
		require.Equal(t, wait.Signal, wait.Woken(t.Context(), time.Second, wake))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.Equal(t, wait.Ended, wait.Woken(ctx, time.Second, wake))
	})
}

func TestBackoffDoublesUpToItsMost(t *testing.T) {
	t.Parallel()
	b := wait.Backoff{First: 2 * time.Second, Most: 5 * time.Minute}
	for attempt, want := range []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second} {
		require.Equal(t, want, b.After(attempt))
	}
	for _, attempt := range []int{8, 20, 64, 1000} {
		require.Equal(t, 5*time.Minute, b.After(attempt))
	}
	b.Jitter = 0.5
	for attempt := range 100 {
		pause := b.After(attempt)
		require.GreaterOrEqual(t, pause, 2*time.Second)
		require.LessOrEqual(t, pause, 5*time.Minute+150*time.Second)
	}
	require.Equal(t, time.Second, wait.Backoff{First: time.Minute, Most: time.Second}.After(3))
}
