package intake

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
)

func TestWhatLeftLastIsKnownOfTheLiveliestChats(t *testing.T) {
	t.Parallel()
	a, _ := newArrivals()
	const chats = 10 * rememberedChats
	for i := 1; i <= chats; i++ {
		require.False(t, a.Sent(fmt.Sprint("chat ", i), chatwoot.MessageID(i)))
		require.False(t, a.Sent("lively", chatwoot.MessageID(i)))
		require.LessOrEqual(t, len(a.sent.young)+len(a.sent.old), 2*rememberedChats)
	}
	require.Zero(t, a.LastSent("chat 1"), "forgotten")
	for i := chats; i > chats-rememberedChats+1; i-- { // the lively one is among them
		require.Equal(t, chatwoot.MessageID(i), a.LastSent(fmt.Sprint("chat ", i)))
	}
	require.True(t, a.Sent("lively", chats-1), "overtaken")
}
