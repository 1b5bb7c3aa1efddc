package bridge_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// WhatsApp took a message and never said so: the bubble was made red. What the
// customer's phone says of it later is the truth.
func TestT06_AReceiptBeatsAFailure(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		talking(w)
		w.alice.SetAutoRead(false)
		m := w.desk.say("did it arrive?")
		got := w.got(0)
		w.desk.wait("its tick", withStatus(m.ID, "delivered"))
		w.idle("out")
		// As it is after attempts whose answers were all lost.
		_, err := w.db.Exec(`UPDATE agent_message SET state = 'unsure', shown = 'failed' WHERE message_id = $1`, m.ID)
		require.NoError(t, err)
		_, err = w.db.Exec(`UPDATE message_link SET status = 'sending' WHERE message_id = $1`, m.ID)
		require.NoError(t, err)
		w.alice.MarkRead(got.ID)
		w.desk.wait("the truth", withStatus(m.ID, "read"))
		require.Eventually(t, func() bool {
			var state string
			require.NoError(t, w.db.QueryRow(`SELECT state FROM agent_message WHERE message_id = $1`, m.ID).Scan(&state))
			return state == "sent"
		}, patience, 5*time.Millisecond)
		require.Len(t, w.alice.Messages(), 1)
	})
}
