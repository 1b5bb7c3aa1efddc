package bridge_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
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

		require.Eventually(t, func() bool { return w.aside() == 1 }, patience, 5*time.Millisecond, "the deletion's receipt waits for its message")
		w.desk.wait("the next tick", withStatus(w.desk.say("next").ID, "delivered"))
	})
}

// aside is how many receipts wait aside for their messages.
func (w *world) aside() (n int) {
	w.t.Helper()
	require.NoError(w.t, w.db.QueryRow(`SELECT COUNT(*) FROM job JOIN lane ON lane.key = job.lane
		WHERE dir = 'upkeep' AND kind = 'receipt' AND state = 'waiting'`).Scan(&n))
	return n
}

// quiet requires that nobody is told of a job that waits, or of a failure.
func (w *world) quiet() {
	w.t.Helper()
	status, err := w.bridge.LineStatus(w.t.Context(), w.line)
	require.NoError(w.t, err)
	require.Empty(w.t, status.LastError)
	require.Equal(w.t, journal.Stats{}, status.Queue)
}

// What has no bubble gets receipts too: they wait uncounted, fail nothing, and go.
func TestT19_AReceiptWithoutABubbleWaitsUncountedAndGoesWithoutAWord(t *testing.T) {
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
		require.Eventually(t, func() bool { return w.aside() == 1 }, patience, 5*time.Millisecond)
		w.settled()
		w.quiet()
		for i := range 9 { // looks; the clocks may not go apart, which the line would tell of
			w.pass(10 * time.Second)
			w.desk.SetClockAhead(time.Duration(i+1) * 10 * time.Second)
			w.quiet()
		}
		require.Eventually(t, func() bool { return w.aside() == 0 }, patience, 5*time.Millisecond)
		w.quiet()
		var failed int
		require.NoError(t, w.db.QueryRow(`SELECT COUNT(*) FROM job_attempt`).Scan(&failed))
		require.Zero(t, failed, "no attempt failed")
	})
}

// A receipt that came before its message was recorded is no failure of the line,
// and is shown as soon as the message is, by a process that starts meanwhile too,
// and though another waits for what will never come.
func TestT02_AnEarlyReceiptIsNoFailureAndIsShownInAMoment(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		oops := w.desk.say("oops")
		w.desk.wait("the tick", withStatus(oops.ID, "delivered"))
		require.NoError(t, w.desk.Delete(oops.ID))
		require.Eventually(t, func() bool { return w.aside() == 1 }, patience, 5*time.Millisecond, "the deletion's receipt")
		w.settled()

		remove := w.desk.OnRequest(func(r *http.Request) chatwoottest.Fault {
			if r.Method == http.MethodPost {
				return chatwoottest.InternalServerError()
			}
			return chatwoottest.Fault{}
		})
		w.phone.TypeText(w.alice, "typed early")
		require.Eventually(t, func() bool { return w.aside() == 2 }, patience, 5*time.Millisecond, "its receipt")
		status, err := w.bridge.LineStatus(t.Context(), w.line)
		require.NoError(t, err)
		require.Equal(t, 1, status.Queue.Inbound, "the message itself")
		require.NotContains(t, status.LastError, "receipt")
		w.bridge.Stop()
		remove()
		w.start()
		w.connected()
		w.pass(believed)
		early := w.desk.wait("the early message", withText("typed early"))
		w.desk.wait("its tick", withStatus(early.ID, "delivered"))
		w.settled()
		w.quiet()
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
