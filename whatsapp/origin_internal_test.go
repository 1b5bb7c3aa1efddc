package whatsapp

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

// Only the account's first device, by one of its two addresses, is its phone.
func TestC1_WhoseMessageItIs(t *testing.T) {
	t.Parallel()
	number, lid := types.NewJID("5511999990001", types.DefaultUserServer), types.NewJID("8240000000001", types.HiddenUserServer)
	own := number
	own.Device = 3
	c := &connection{client: whatsmeow.NewClient(&store.Device{ID: &own, LID: lid}, Log(slog.New(slog.DiscardHandler), func(string) {}))}
	device := func(jid types.JID, n uint16) types.JID { jid.Device = n; return jid }
	for name, tc := range map[string]struct {
		sender types.JID
		fromMe bool
		want   origin
	}{
		"the phone by number":         {number, true, ownPhone},
		"the phone by hidden id":      {lid, true, ownPhone},
		"this device":                 {own, true, ownDevice},
		"another device":              {device(lid, 7), true, ownDevice},
		"a customer":                  {types.NewJID("5511888880002", types.DefaultUserServer), false, foreign},
		"not marked as own":           {number, false, foreign},
		"the own digits, elsewhere":   {types.NewJID(number.User, types.HiddenUserServer), true, foreign},
		"the hidden id as a number":   {types.NewJID(lid.User, types.DefaultUserServer), true, foreign},
		"the own digits, messenger":   {types.NewJID(number.User, types.MessengerServer), true, foreign},
		"nobody":                      {types.EmptyJID, true, foreign},
		"a customer marked as own":    {types.NewJID("5511888880002", types.DefaultUserServer), true, foreign},
		"a device of somebody else's": {device(types.NewJID("5511888880002", types.DefaultUserServer), 1), false, foreign},
	} {
		info := types.MessageInfo{MessageSource: types.MessageSource{Sender: tc.sender, IsFromMe: tc.fromMe}}
		require.Equal(t, tc.want, c.originOf(info), name)
	}
	unlinked := &connection{client: whatsmeow.NewClient(&store.Device{}, Log(slog.New(slog.DiscardHandler), func(string) {}))}
	require.Equal(t, foreign, unlinked.originOf(types.MessageInfo{MessageSource: types.MessageSource{IsFromMe: true}}))
}
