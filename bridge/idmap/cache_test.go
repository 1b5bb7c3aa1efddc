package idmap_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/idmap"
)

// A shared cache outlives an upgrade: what an earlier version put there is read
// as it was meant.
func TestACachedLinkOfAnEarlierVersionIsRead(t *testing.T) {
	t.Parallel()
	const earlier = `{"Line":"l1","WA":"3EB0","Part":1,"Chat":"c1","Message":5,"Conversation":6,"Direction":"out","Sender":"a@b","Status":"sent"}`
	want := idmap.Link{Line: "l1", WA: "3EB0", Part: 1, Chat: "c1", Message: 5, Conversation: 6, Origin: idmap.FromAgent, Sender: "a@b", Status: idmap.Sent}
	var got idmap.Link
	require.NoError(t, json.Unmarshal([]byte(earlier), &got))
	require.Equal(t, want, got)
	written, err := json.Marshal(want)
	require.NoError(t, err)
	require.JSONEq(t, earlier, string(written))
}
