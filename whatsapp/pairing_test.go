package whatsapp_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

func TestAnotherPhoneIsNotLinkedToALine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pair()
	require.ErrorIs(t, w.session.Pair(""), whatsapp.ErrLinked)
	require.NoError(t, w.session.Logout(context.Background()))
	w.waitState(whatsapp.StateLoggedOut)
	other := w.srv.NewPeer("5511999990009", "Other")
	w.scan(other)
	w.sink.wait(t, "a refusal", func() bool { return w.session.State().Code == whatsapp.StateLoggedOut })
	require.Contains(t, w.session.State().Sentence, "another phone number")
	w.pair() // its own phone is welcome

	// A restart does not forget the number.
	require.NoError(t, w.session.Logout(context.Background()))
	w.waitState(whatsapp.StateLoggedOut)
	w.session.Stop()
	w.configure = func(cfg *whatsapp.Config) { cfg.Phone = w.phone.Number() }
	w.start("")
	require.Equal(t, whatsapp.StateLoggedOut, w.session.State().Code)
	w.scan(other)
	w.sink.wait(t, "a refusal", func() bool { return w.session.State().QR == "" })
	require.Contains(t, w.session.State().Sentence, "another phone number")
}

// R34: a phone that another line has is refused, with the reason; the hook
// decides about other numbers too.
func TestR34_APhoneOfAnotherLineIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	taken := w.srv.NewPeer("5511999990007", "Taken")
	other := w.srv.NewPeer("5511999990008", "Other")
	w.session.Stop()
	w.configure = func(cfg *whatsapp.Config) {
		cfg.AllowPair = func(jid string) string {
			if jid == taken.JID().String() {
				return "This phone is linked to the line Sales."
			}
			return ""
		}
	}
	w.start("")
	w.scan(taken)
	w.sink.wait(t, "a refusal", func() bool { return w.session.State().QR == "" })
	require.Equal(t, whatsapp.StateNew, w.session.State().Code)
	require.Equal(t, "This phone is linked to the line Sales.", w.session.State().Sentence)
	w.pair()
	require.NoError(t, w.session.Logout(context.Background()))
	w.waitState(whatsapp.StateLoggedOut)
	w.scan(other)
	w.waitState(whatsapp.StateConnected)
	require.Equal(t, other.Number(), w.session.State().Phone)
}

// R11, R22: the request that asked for a code is over before the phone scans.
func TestR22_PairingOutlivesTheRequestThatAskedForIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.session.Stop()
	ctx, cancel := context.WithCancel(context.Background())
	w.session = whatsapp.NewSession(w.config(""))
	w.session.Start(ctx)
	require.NoError(t, w.session.Pair(""))
	w.sink.wait(t, "a QR code", func() bool { return w.session.State().QR != "" })
	cancel()
	require.NoError(t, w.phone.ScanQR(w.session.State().QR))
	w.waitState(whatsapp.StateConnected)
	w.alice.SendText(w.phone, "hello")
	w.sink.wait(t, "the text", func() bool { return len(w.sink.texts()) == 1 })
}

// R22: the first request and its code are given up; the code of the second works,
// though its request is over as well.
func TestR22_TheSecondCodeIsAsGoodAsTheFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.session.Stop()
	ctx, cancel := context.WithCancel(context.Background())
	w.session = whatsapp.NewSession(w.config(""))
	w.session.Start(ctx)
	require.NoError(t, w.session.Pair(""))
	w.sink.wait(t, "a QR code", func() bool { return w.session.State().QR != "" })
	first := w.session.State().QR
	cancel()
	require.NoError(t, w.session.Pair(""))
	w.sink.wait(t, "another QR code", func() bool {
		code := w.session.State().QR
		return code != "" && code != first
	})
	require.ErrorContains(t, w.phone.ScanQR(first), "not shown")
	require.NoError(t, w.phone.ScanQR(w.session.State().QR))
	w.waitState(whatsapp.StateConnected)
	w.alice.SendText(w.phone, "hello")
	w.sink.wait(t, "the text", func() bool { return len(w.sink.texts()) == 1 })
}

func TestACodeThatNobodyScansIsSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.session.Pair(""))
	w.sink.wait(t, "a QR code", func() bool { return w.session.State().QR != "" })
	w.srv.ExpireQR()
	w.waitState(whatsapp.StateNew)
	require.Contains(t, w.session.State().Sentence, "in time")
	w.pair()
}

// WhatsApp retires a code's secret when a phone scans it. The code with the new
// one is shown at once, in place of the retired one, and it links.
func TestARetiredCodeIsReplacedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorldAt(t, whatsapptest.New(whatsapptest.Options{RotateQR: true}), openStore(t, openSQLite(t), "sqlite"))
	require.NoError(t, w.session.Pair(""))
	w.sink.wait(t, "a QR code", func() bool { return w.session.State().QR != "" })
	retired := w.session.State().QR
	require.ErrorIs(t, w.phone.ScanQR(retired), whatsapptest.ErrQRRetired)
	w.sink.wait(t, "another QR code", func() bool { return w.session.State().QR != retired })
	valid := w.session.State().QR
	ref := func(code string) string { before, _, _ := strings.Cut(code, ","); return before }
	require.Equal(t, ref(retired), ref(valid), "the one that was shown, with another secret")
	require.NoError(t, w.phone.ScanQR(valid))
	w.waitState(whatsapp.StateConnected)
	var shown []string
	w.sink.update(func() {
		for _, state := range w.sink.states {
			if state.QR != "" && (len(shown) == 0 || shown[len(shown)-1] != state.QR) {
				shown = append(shown, state.QR)
			}
		}
	})
	require.Equal(t, []string{retired, valid}, shown, "whoever follows the state sees both, in order")
	w.alice.SendText(w.phone, "hello")
	w.sink.wait(t, "the text", func() bool { return len(w.sink.texts()) == 1 })
}
