package bridge_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// WhatsApp does not answer for as long as it likes: that is not the webhook's
// business.
func TestD14_AWebhookIsAnsweredBeforeItsMessageIsSent(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		companion := w.phone.Companion()
		companion.HoldAcks(true)
		first := w.desk.say("first")
		require.Eventually(t, func() bool { return companion.HeldAcks() > 0 }, patience, 5*time.Millisecond, "a send without an answer")
		w.desk.webhookTaken(first.ID)
		second := w.desk.say("second")
		w.desk.webhookTaken(second.ID)
		for _, d := range w.desk.Webhooks() {
			require.Equal(t, http.StatusOK, d.Status, "%+v", d)
		}
		require.Positive(t, companion.HeldAcks())
		companion.HoldAcks(false)
		w.desk.wait("the first tick", withStatus(first.ID, "delivered"))
		w.desk.wait("the second tick", withStatus(second.ID, "delivered"))
		require.Equal(t, []string{"first", "second"}, w.alice.Texts())
	}, byWebhook)
}

// WhatsApp takes a message, and the process ends before it says so.
func TestD18_ARepeatAfterALostAnswerArrivesOnce(t *testing.T) {
	eachListening(t, func(t *testing.T, w *world) {
		talking(w)
		w.alice.SetAutoDelivery(false) // a receipt would tell that it arrived
		companion := w.phone.Companion()
		companion.HoldAcks(true)
		w.desk.say("once")
		require.Eventually(t, func() bool { return companion.HeldAcks() > 0 }, patience, 5*time.Millisecond, "a send without an answer")
		w.bridge.Stop()
		companion.HoldAcks(false)
		w.start()
		w.connected()
		w.desk.say("after")
		_, err := w.alice.WaitText(patience, "after")
		require.NoError(t, err)
		require.Equal(t, []string{"once", "after"}, w.alice.Texts())
		require.Positive(t, w.wa.Repeats(), "it was sent again, under the same id")
	})
}
