package bridge_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// Agents' messages wait for the phone and go out in order once it is linked
// again; what waited too long is red, with the reason, and Retry sends it.
func TestD08_D32_MessagesWaitForTheConnection(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		w.phone.Companion().Unlink()
		w.until("the sign-out", func(s whatsapp.State) bool { return s.Code == whatsapp.StateLoggedOut })

		late := w.desk.say(&deskMessage{Content: "from yesterday"})
		require.Equal(t, http.StatusOK, w.desk.deliver(w.desk.body("message_created", late)))
		_, err := w.db.Exec(`UPDATE job SET created = created - $1 WHERE kind = 'created'`, (25 * time.Hour).Milliseconds())
		require.NoError(t, err)
		fresh := w.desk.say(&deskMessage{Content: "just now"})
		require.Equal(t, http.StatusOK, w.desk.deliver(w.desk.body("message_created", fresh)))

		pair(t, w)
		_, err = w.alice.WaitText(patience, "just now")
		require.NoError(t, err)
		red := w.desk.wait("the red bubble", func(m deskMessage) bool { return m.ID == late.ID && m.Status == "failed" })
		require.Contains(t, red.Reason, "retry")
		require.Equal(t, []string{"just now"}, w.alice.Texts())

		// Chatwoot's Retry button sets the status and says no more than "updated".
		require.Eventually(t, func() bool {
			w.desk.update(func() { late.Status, late.Reason = "sent", "" })
			w.desk.deliver(w.desk.body("message_updated", late))
			return len(w.alice.Texts()) == 2
		}, patience, 50*time.Millisecond)
		require.Equal(t, []string{"just now", "from yesterday"}, w.alice.Texts())
	})
}

// pair links the world's phone to its line.
func pair(t *testing.T, w *world) {
	t.Helper()
	require.NoError(t, w.bridge.Pair(context.Background(), w.line, ""))
	w.until("a QR code", func(s whatsapp.State) bool { return s.QR != "" })
	state, err := w.bridge.State(w.line)
	require.NoError(t, err)
	require.NoError(t, w.phone.ScanQR(state.QR))
	w.connected()
}

func TestPairingAnUnknownLineIsAnError(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		var failure *bridge.Error
		require.ErrorAs(t, w.bridge.Pair(context.Background(), "none", ""), &failure)
		require.Equal(t, bridge.CodeNotFound, failure.Code)
		_, err := w.bridge.State("none")
		require.ErrorAs(t, err, &failure)
	})
}
