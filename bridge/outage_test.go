package bridge_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// Agents' messages wait for the phone and go out in order once it is linked
// again; what waited too long is red, with the reason, and Retry sends it.
func TestD08_D32_MessagesWaitForTheConnection(t *testing.T) {
	eachListening(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		w.phone.Companion().Unlink()
		w.until("the sign-out", func(s whatsapp.State) bool { return s.Code == whatsapp.StateLoggedOut })

		late := w.desk.say("from yesterday")
		w.told("created", late.ID)
		_, err := w.db.Exec(`UPDATE job SET created = created - $1 WHERE kind = 'created'`, (25 * time.Hour).Milliseconds())
		require.NoError(t, err)
		w.told("created", w.desk.say("just now").ID)

		pair(t, w)
		_, err = w.alice.WaitText(patience, "just now")
		require.NoError(t, err)
		red := w.desk.wait("the red bubble", withStatus(late.ID, "failed"))
		require.Contains(t, red.Reason, "retry")
		require.Equal(t, []string{"just now"}, w.alice.Texts())

		// Chatwoot's Retry button sets the status and says no more than "updated".
		require.NoError(t, w.desk.Retry(late.ID))
		_, err = w.alice.WaitText(patience, "from yesterday")
		require.NoError(t, err)
		require.Equal(t, []string{"just now", "from yesterday"}, w.alice.Texts())
	})
}

func TestPairingAnUnknownLineIsAnError(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		var failure *bridge.Error
		require.ErrorAs(t, w.bridge.Pair(context.Background(), "none", ""), &failure)
		require.Equal(t, fault.CodeNotFound, failure.Code)
		_, err := w.bridge.State("none")
		require.ErrorAs(t, err, &failure)
	})
}
