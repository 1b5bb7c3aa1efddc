package outbound

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
)

func TestD08_ALaneRestsUntilSomethingIsToBeShown(t *testing.T) {
	t.Parallel()
	now := time.Now()
	fresh, old := outJob(journal.KindCreated, 1, now.Add(-10*time.Second)), outJob(journal.KindCreated, 1, now.Add(-2*time.Hour))
	for name, test := range map[string]struct {
		jobs   []journal.Job
		maxAge time.Duration
		want   time.Duration
	}{
		"until the bubble turns red": {[]journal.Job{fresh}, 24 * time.Hour, 50 * time.Second},
		"shown already":              {[]journal.Job{old}, 24 * time.Hour, offlineLook},
		"the next one turns red":     {[]journal.Job{old, fresh}, 24 * time.Hour, 50 * time.Second},
		"until it is too old":        {[]journal.Job{old}, 2*time.Hour + 5*time.Second, 5*time.Second + time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, nextShown(test.jobs[0], test.jobs, test.maxAge, now))
		})
	}
	require.False(t, expired(old, 2*time.Hour, now))
	require.True(t, expired(old, 2*time.Hour-time.Second, now))
	late := fresh
	late.OccurredAt = now.Add(-3 * time.Hour)
	require.True(t, expired(late, 2*time.Hour, now), "what was written long ago counts from then")
	require.False(t, expired(outJob(journal.KindDeleted, 1, now.Add(-time.Hour)), time.Minute, now), "a deletion is never too late")
}
