package bridge_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// The receipt of a message that the bridge does not know, such as a deletion's
// own, does not keep the ticks of others.
func TestAnUnknownReceiptKeepsNobodyWaiting(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
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
