package bridge_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/whatsapp"
)

const readInbox = "GET /api/v1/accounts/{account}/inboxes/{id}"

// A line whose inbox was deleted stops and says what to do. An inbox does not
// come back, and a line never gets another one; so all that is left is that
// nothing is given up: neither what was journaled nor what WhatsApp still has.
func TestD04_ADeletedInboxPausesTheLineAndItsMessagesAreKept(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		talking(w)
		inbox, sent := w.desk.Conversations()[0].Inbox, 0
		kept := func() {
			t.Helper()
			w.until("the pause", func(s whatsapp.State) bool { return s.Code == bridge.StatePaused })
			require.Eventually(t, func() bool { return !w.phone.Companion().Online() }, patience, 5*time.Millisecond)
			status, err := w.bridge.LineStatus(ctx, w.line)
			require.NoError(t, err)
			require.Equal(t, "The inbox was deleted in Chatwoot. Delete this line and create a new one.", status.State.Sentence)
			require.Equal(t, sent, status.Queue.Inbound+w.phone.Companion().PendingMessages())
			require.GreaterOrEqual(t, status.Queue.Inbound, 1)
			require.Zero(t, status.Queue.Dead)
		}
		require.NoError(t, w.desk.DeleteInbox(inbox))
		w.alice.SendText(w.phone, "kept")
		sent++
		kept()
		w.alice.SendText(w.phone, "while it is paused")
		sent++
		kept()
		asked := w.desk.Requests()[readInbox]
		require.NoError(t, w.bridge.Resume(ctx, w.line))
		require.Eventually(t, func() bool { return w.desk.Requests()[readInbox] > asked }, patience, 5*time.Millisecond)
		kept()
		var failure *bridge.Error
		require.ErrorAs(t, w.bridge.DeleteLine(ctx, w.line, false), &failure, "not without a word about what waits")
		require.Equal(t, bridge.CodeConflict, failure.Code)
	})
}
