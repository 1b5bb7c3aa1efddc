package content

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/types"
)

func TestD07_ABroadcastListsMessageIsItsSenders(t *testing.T) {
	t.Parallel()
	list, alice := types.NewJID("1700000000", types.BroadcastServer), types.NewJID("5511888880002", types.DefaultUserServer)
	got := func(chat types.JID, fromMe bool) Message {
		info := types.MessageInfo{ID: "A", MessageSource: types.MessageSource{Chat: chat, Sender: alice, IsFromMe: fromMe, IsGroup: true}}
		e, err := PlaceholderEnvelope(info, TroubleUndecryptable, noAlternate)
		require.NoError(t, err)
		m, err := Decode(e.Payload)
		require.NoError(t, err)
		require.Equal(t, e.Chat, m.Chat)
		return m
	}
	m := got(list, false)
	require.Equal(t, alice.String(), m.Chat.JID)
	require.False(t, m.Group)
	require.Equal(t, types.StatusBroadcastJID.String(), got(types.StatusBroadcastJID, false).Chat.JID)
	require.Equal(t, list.String(), got(list, true).Chat.JID)
}
