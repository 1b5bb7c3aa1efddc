package guard_test

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/internal/guard"
)

func TestAPanicBecomesAnErrorWithoutItsValue(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	panics := 0
	g := guard.Guard{Log: slog.New(slog.NewTextHandler(&log, nil)), Count: func() { panics++ }}
	err := g.Run("doing a test", func() error { panic("a customer's words") })
	var stopped *guard.PanicError
	require.ErrorAs(t, err, &stopped)
	require.Equal(t, 1, panics)
	require.Contains(t, log.String(), "panic while doing a test")
	require.Contains(t, log.String(), "guard_test.go", "the stack")
	require.NotContains(t, log.String()+err.Error(), "a customer's words")

	failed := errors.New("failed")
	require.ErrorIs(t, g.Run("doing a test", func() error { return failed }), failed)
	require.NoError(t, guard.Guard{}.Run("doing a test", func() error { return nil }))
	require.Equal(t, 1, panics)
}
