package bridge_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// While webhooks are late, Chatwoot itself is asked for what came before.
func TestD24_AMessageWhoseWebhookIsLateIsTakenFromChatwoot(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		require.NoError(t, w.desk.WaitIdle(t.Context()))
		w.pass(2 * time.Second) // whatever comes now is late
		var first chatwoottest.Message
		written, arrived := make(chan struct{}), make(chan struct{})
		remove := w.desk.OnWebhook(func(hook chatwoottest.Webhook) chatwoottest.WebhookFault {
			<-written
			if hook.Message == first.ID {
				<-arrived
			}
			return chatwoottest.WebhookFault{}
		})
		first = w.desk.say("first")
		w.desk.say("second")
		close(written)
		require.NoError(t, w.alice.WaitCount(patience, 2))
		close(arrived)
		w.desk.webhookTaken(first.ID)
		remove()
		w.desk.say("end")
		_, err := w.alice.WaitText(patience, "end")
		require.NoError(t, err)
		require.Equal(t, []string{"first", "second", "end"}, w.alice.Texts())
	}, byWebhook)
}

func TestD32_RetrySendsAMessageWhoseWebhookNeverCame(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		require.NoError(t, w.desk.WaitIdle(t.Context()))
		handler := w.handler.Swap(nil) // the bridge is away: Chatwoot marks the message
		m := w.desk.say("lost")
		w.desk.wait("the red bubble", withStatus(m.ID, "failed"))
		require.NoError(t, w.desk.WaitIdle(t.Context()))
		w.handler.Store(handler)
		require.Empty(t, w.alice.Texts())
		require.NoError(t, w.desk.Retry(m.ID))
		_, err := w.alice.WaitText(patience, "lost")
		require.NoError(t, err)
		w.desk.say("end")
		_, err = w.alice.WaitText(patience, "end")
		require.NoError(t, err)
		require.Equal(t, []string{"lost", "end"}, w.alice.Texts())
	}, byWebhook)
}
