package intake

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
)

// A message of which no way has told makes others suspect for longer than one that
// was lost with a failure, and asks for no comparison: one has just found it.
func TestAMissingMessageMakesOthersSuspect(t *testing.T) {
	t.Parallel()
	a, c := newArrivals()
	a.NoteMissing()
	require.Empty(t, a.Requests())
	c.now = c.now.Add(missingFor - time.Second)
	require.True(t, a.Incomplete(), "it may be red, too")
	require.True(t, a.Overdue(journal.Job{RecordedAt: c.now, OccurredAt: c.now}))
	a.NoteMissing()
	c.now = c.now.Add(missingFor - time.Second)
	require.True(t, a.Incomplete())
	c.now = c.now.Add(time.Second)
	require.False(t, a.Incomplete())
}
