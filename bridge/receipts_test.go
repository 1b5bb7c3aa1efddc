package bridge_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// The receipt of a message that the bridge does not know, such as a deletion's
// own, does not keep the ticks of others.
func TestAnUnknownReceiptKeepsNobodyWaiting(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		oops := w.desk.say("oops")
		sent, err := w.alice.WaitText(patience, "oops")
		require.NoError(t, err)
		w.desk.wait("the tick", withStatus(oops.ID, "delivered"))
		require.NoError(t, w.desk.Delete(oops.ID))
		_, err = w.alice.WaitMessage(patience, func(r whatsapptest.Received) bool {
			return r.Message.GetProtocolMessage().GetKey().GetID() == sent.ID
		})
		require.NoError(t, err)

		const aside = `SELECT COUNT(*) FROM job JOIN lane ON lane.key = job.lane WHERE dir = 'upkeep' AND kind = 'receipt' AND state = 'waiting'`
		var waiting int
		require.Eventually(t, func() bool {
			return w.db.QueryRow(aside).Scan(&waiting) == nil && waiting == 1
		}, patience, 5*time.Millisecond, "the deletion's receipt waits for its message")
		w.desk.wait("the next tick", withStatus(w.desk.say("next").ID, "delivered"))
	})
}

// Of receipts that wait in a row only the highest costs a request.
func TestReceiptsThatWaitAreShownAtOnce(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		w.alice.SetAutoDelivery(false)
		reply := w.desk.say("hello")
		there, err := w.alice.WaitText(patience, "hello")
		require.NoError(t, err)
		w.settled()
		w.desk.AddRule(chatwoottest.Rule{Method: http.MethodPatch, Path: "/messages/", Times: 1, Fault: chatwoottest.InternalServerError()})
		w.alice.MarkDelivered(there.ID)
		w.failed("receipt")
		w.alice.MarkRead(there.ID)
		require.Eventually(t, func() bool {
			var n int
			return w.db.QueryRow(`SELECT COUNT(*) FROM job WHERE kind = 'receipt' AND state = 'waiting'`).Scan(&n) == nil && n == 2
		}, patience, time.Millisecond, "both wait")
		w.pass(believed)
		w.desk.wait("the read tick", withStatus(reply.ID, "read"))
		require.NoError(t, w.desk.WaitIdle(t.Context()))
		told := 0
		for _, hook := range w.desk.Webhooks() {
			if hook.Message == reply.ID && hook.Event == "message_updated" {
				told++
			}
		}
		require.Equal(t, 1, told, "one status was set")
	})
}
