package whatsapp_test

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp"
)

// What the library fills into its lines is what people wrote or are called: it
// is not taken for the library's own words.
func TestALineTellsOnlyInTheLibrarysOwnWords(t *testing.T) {
	t.Parallel()
	c := &counts{}
	log := whatsapp.Log(slog.New(slog.DiscardHandler), c.count).Sub("Socket")
	log.Warnf("Failed to update name of %s to %q", "5511", "Failed to decrypt frame: panicked, Handler queue is full")
	require.Empty(t, c.all())
	log.Warnf("Failed to decrypt frame: %v", "why")
	log.Warnf("Failed to decode node in frame: %v", "why")
	require.Equal(t, map[string]int{"garbled frame": 1, "unread frame": 1}, c.all())
}
