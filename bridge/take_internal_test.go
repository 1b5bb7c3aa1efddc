package bridge

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Ticks wait for messages, not the other way round; those of a single message
// that was just sent do not.
func TestReceiptsYieldToMessagesOfOtherChats(t *testing.T) {
	t.Parallel()
	r := &runtime{b: &Bridge{}, line: Line{ID: "l1"}}
	sends := share{outPool, "l1"}
	require.Equal(t, receiptRest, r.receiptDelay())
	require.True(t, r.b.shares.enter(sends, 8))
	require.True(t, r.b.shares.enter(share{outPool, "l2"}, 8))
	require.Equal(t, receiptRest, r.receiptDelay())
	require.True(t, r.b.shares.enter(sends, 8))
	require.Equal(t, receiptYield, r.receiptDelay())
	r.b.shares.leave(sends)
	require.Equal(t, receiptRest, r.receiptDelay())
}
