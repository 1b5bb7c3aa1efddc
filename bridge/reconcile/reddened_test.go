package reconcile

import (
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// While webhooks fail, what puts a bubble right turns it red again, and the
// conversation does not count as changed. When they fail no more, all of them are
// put right, however long ago that was.
func TestBubblesAreTakenBackFromRedWhenWebhooksFailNoMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		s := newStand(t, d, NewShared(time.Now), 1)
		fails := true
		s.WebhookFails = func() bool { return fails }
		var messages []int
		for range 2 {
			c := d.add(1)
			s.knows(c)
			id := d.post(c, map[string]any{
				"message_type": 0, "status": "failed", "content": "hello", "source_id": "WAID:A" + strconv.Itoa(c.id),
				"content_attributes": map[string]any{"external_error": "Failed to open TCP connection to bridge.example:443"},
			}, 0)
			messages = append(messages, id)
			s.compares()
			time.Sleep(time.Minute)
		}
		patches := func() int {
			return d.count(func(q question) bool { return q.method == http.MethodPatch })
		}
		require.Positive(t, patches(), "it is tried at once")
		s.compares()
		for range 2 {
			time.Sleep(210 * time.Second)
			s.compares()
		}
		d.questions()
		s.compares()
		require.Zero(t, patches(), "and not for ever while that is of no use")
		fails = false
		s.compares()
		require.Equal(t, len(messages), patches())
		for _, c := range d.conversations {
			c.messages[0]["status"] = "sent"
		}
		require.Empty(t, s.behind())
		s.compares()
		require.Zero(t, patches())
	})
}
