package whatsapp

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types/events"
)

// Accounts that WhatsApp asks for a passkey are asked with a QR code and with a
// code to type alike: nobody is sent from one to the other.
func TestAPasskeyIsSaidForWhatItIs(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		event any
		item  whatsmeow.QRChannelItem
	}{
		"asked":                     {&events.PairPasskeyRequest{}, whatsmeow.QRChannelItem{Event: whatsmeow.QRChannelEventPasskeyRequest}},
		"to be compared":            {nil, whatsmeow.QRChannelItem{Event: whatsmeow.QRChannelEventPasskeyResponse}},
		"asked, and not understood": {&events.PairPasskeyError{}, whatsmeow.QRChannelItem{Event: whatsmeow.QRChannelEventError, Error: errors.New("odd")}},
	} {
		c := &connection{}
		if tc.event != nil {
			require.True(t, c.handle(tc.event), name)
		}
		sentence := c.unpaired(tc.item)
		require.Equal(t, passkeySentence, sentence, name)
		require.Contains(t, sentence, "passkey")
		require.Contains(t, sentence, "neither with a QR code nor with a code to type")
		require.NotContains(t, sentence, "or link with the phone number")
	}
}
