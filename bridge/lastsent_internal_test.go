package bridge

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
)

func TestWhatLeftLastIsKnownOfTheLiveliestChats(t *testing.T) {
	t.Parallel()
	var lag webhookLag
	const chats = 10 * lastSentChats
	for i := 1; i <= chats; i++ {
		require.False(t, lag.sent(fmt.Sprint("chat ", i), chatwoot.MessageID(i)))
		require.False(t, lag.sent("lively", chatwoot.MessageID(i)))
		require.LessOrEqual(t, len(lag.lastSent.young)+len(lag.lastSent.old), 2*lastSentChats)
	}
	require.Zero(t, lag.last("chat 1"), "forgotten")
	for i := chats; i > chats-lastSentChats+1; i-- { // the lively one is among them
		require.Equal(t, chatwoot.MessageID(i), lag.last(fmt.Sprint("chat ", i)))
	}
	require.True(t, lag.sent("lively", chats-1), "overtaken")
}
