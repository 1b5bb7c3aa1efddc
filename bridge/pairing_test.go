package bridge_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// refused lets a phone scan the code of a line in vain, and gives the line's
// state then.
func (w *world) refused(line bridge.LineID, phone *whatsapptest.Peer) whatsapp.State {
	w.t.Helper()
	var state whatsapp.State
	until := func(what string, holds func() bool) {
		w.t.Helper()
		require.Eventually(w.t, func() bool {
			var err error
			state, err = w.bridge.State(line)
			return err == nil && holds()
		}, patience, 5*time.Millisecond, what)
	}
	require.NoError(w.t, w.bridge.Pair(context.Background(), line, ""))
	until("a QR code", func() bool { return state.QR != "" })
	require.Error(w.t, phone.ScanQR(state.QR))
	until("the end of pairing", func() bool { return state.QR == "" && state.Code != whatsapp.StatePairing })
	return state
}

// A phone belongs to one line, and a line to the number that its chats are with:
// otherwise two lines would share what only one of them gets, or one customer's
// chat would go on with another shop.
func TestR34_APhoneAndALineBelongToEachOther(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		sales, err := w.bridge.CreateLine(ctx, bridge.NewLine{
			Name: "Sales", ChatwootURL: w.desk.URL(), ChatwootToken: w.desk.AdminToken(), Account: int64(w.desk.Account()),
		})
		require.NoError(t, err)
		refused := w.refused(sales.ID, w.phone)
		require.Equal(t, whatsapp.StateNew, refused.Code)
		require.Equal(t, `This phone is linked to the line "Shop". Log that line out first.`, refused.Sentence)
		w.connected()
		require.Len(t, w.phone.Companions(), 1)

		require.NoError(t, w.bridge.Logout(ctx, w.line))
		w.until("the end of the session", func(s whatsapp.State) bool { return s.Code == whatsapp.StateLoggedOut })
		other := w.wa.NewPeer("5511999990009", "Other")
		refused = w.refused(w.line, other)
		require.Equal(t, whatsapp.StateLoggedOut, refused.Code)
		require.Contains(t, refused.Sentence, "another phone number")
		require.Empty(t, other.Companions())

		pair(t, w) // its own phone is welcome
		talking(w)
	})
}
