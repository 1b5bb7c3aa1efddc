package bridge_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

func withSource(id string) func(chatwoottest.Message) bool {
	return func(m chatwoottest.Message) bool { return m.SourceID == "WAID:"+id }
}

// What cannot be read at first is one line in its chat, followed by the message.
func TestR08_APlaceholderIsFollowedByTheMessage(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		spoiled := w.alice.SendText(w.phone, "my order", whatsapptest.CorruptedTimes(2))
		line := w.desk.wait("the line in its place", withSource(spoiled+"#waiting"))
		content := w.desk.wait("the message", withSource(spoiled))
		require.Equal(t, "my order", content.Text)
		require.Equal(t, line.Conversation, content.Conversation)

		once := w.alice.SendUnavailable(w.phone, "view_once")
		line = w.desk.wait("what only the phone can show", withSource(once+"#waiting"))
		require.Contains(t, line.Text, "🔒")
		w.alice.SendText(w.phone, "the end")
		w.desk.wait("the last message", withText("the end"))
		w.settled()
		require.Len(t, w.desk.Conversations(), 1)
		require.Len(t, w.desk.incoming(), 5, "nothing twice")
	})
}
