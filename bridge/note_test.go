package bridge_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

func note(reply int) func(chatwoottest.Message) bool {
	return func(m chatwoottest.Message) bool { return m.Private && m.ReplyTo == reply }
}

func TestAnAgentTakesBackWhatWasTypedOnThePhone(t *testing.T) {
	eachListening(t, func(t *testing.T, w *world) {
		typed := w.phone.TypeText(w.alice, "oops")
		echo := w.desk.wait("the echo", withText("oops"))
		w.idle("in")
		require.NoError(t, w.desk.Delete(echo.ID))
		_, err := w.alice.WaitMessage(patience, func(r whatsapptest.Received) bool {
			return r.Message.GetProtocolMessage().GetKey().GetID() == typed
		})
		require.NoError(t, err)
	})
}
