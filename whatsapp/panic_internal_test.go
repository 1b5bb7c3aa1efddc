package whatsapp

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp/internal/devicestore"
)

// Both go into logs and into the journal.
func TestAPanicsValueIsNotRepeated(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := &Session{cfg: Config{Log: slog.New(slog.NewTextHandler(&log, nil)), Count: func(string) {}}}
	err := guarded(s, func() error { panic("my card is 4111") })
	var panicked *devicestore.PanicError
	require.ErrorAs(t, err, &panicked)
	require.NotContains(t, err.Error(), "4111")
	require.NotContains(t, log.String(), "4111")
	require.Contains(t, log.String(), "type=string")
	require.Contains(t, log.String(), "panic_internal_test.go", "the stack says where")
}
