package bridge_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp"
)

const readInbox = "GET /api/v1/accounts/{account}/inboxes/{id}"

// A line whose inbox was deleted stops and says what to do. An inbox does not
// come back, and a line never gets another one; so all that is left is that
// nothing is given up: neither what was journaled nor what WhatsApp still has.
func TestD04_ADeletedInboxPausesTheLineAndItsMessagesAreKept(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		talking(w)
		inbox := w.desk.Conversations()[0].Inbox
		kept := func() (journaled, withWhatsApp int) {
			t.Helper()
			w.until("the pause", func(s whatsapp.State) bool { return s.Code == bridge.StatePaused })
			require.Eventually(t, func() bool { return !w.phone.Companion().Online() }, patience, 5*time.Millisecond)
			// Read first: what WhatsApp gives up meanwhile is journaled then.
			withWhatsApp = w.phone.Companion().PendingMessages()
			status, err := w.bridge.LineStatus(ctx, w.line)
			require.NoError(t, err)
			require.Contains(t, status.State.Sentence, "inbox does not exist")
			require.NotContains(t, status.State.Sentence, "Delete")
			require.Zero(t, status.Queue.Dead)
			return status.Queue.Inbound, withWhatsApp
		}
		// Nothing is answered before WhatsApp knows that it need not keep the first
		// message.
		taken := make(chan struct{})
		remove := w.desk.OnRequest(func(*http.Request) chatwoottest.Fault {
			<-taken
			return chatwoottest.Fault{}
		})
		require.NoError(t, w.desk.DeleteInbox(inbox))
		w.alice.SendText(w.phone, "kept")
		require.NoError(t, w.phone.Companion().WaitSettled(patience))
		remove()
		close(taken)
		journaled, withWhatsApp := kept()
		require.Equal(t, 1, journaled)
		require.Zero(t, withWhatsApp)

		w.alice.SendText(w.phone, "while it is paused")
		journaled, withWhatsApp = kept()
		require.Equal(t, 1, journaled)
		require.Equal(t, 1, withWhatsApp)

		asked := w.desk.Requests()[readInbox]
		require.NoError(t, w.bridge.Resume(ctx, w.line))
		require.Eventually(t, func() bool { return w.desk.Requests()[readInbox] > asked }, patience, 5*time.Millisecond)
		// The line may have been connected long enough to take the second one, and
		// even then WhatsApp may not have heard of it.
		journaled, withWhatsApp = kept()
		require.LessOrEqual(t, journaled, 2, "nothing twice")
		require.GreaterOrEqual(t, journaled, 1)
		if journaled == 1 {
			require.Equal(t, 1, withWhatsApp)
		}
		var failure *bridge.Error
		require.ErrorAs(t, w.bridge.DeleteLine(ctx, w.line, false), &failure, "not without a word about what waits")
		require.Equal(t, fault.CodeConflict, failure.Code)
	})
}
