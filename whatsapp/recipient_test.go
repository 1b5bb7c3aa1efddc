package whatsapp_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"

	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// R02: the recipient has a device that the library's list does not know yet.
func TestR02_AnOutdatedDeviceListIsMadeGood(t *testing.T) {
	t.Parallel()
	srv := whatsapptest.New(whatsapptest.Options{ForwardRepeats: true})
	w, c, _ := newCountingWorld(t, srv)
	require.NoError(t, w.trySend(w.alice, "3EB0FIRST"))
	require.Zero(t, c.all()["device list outdated"])

	hers := w.linkAlicesDesktop()
	require.NoError(t, w.trySend(w.alice, "3EB0SECOND"))
	hers.wait(t, "the text on her other device", func() bool { return len(hers.texts()) > 0 })
	hers.update(func() { require.Equal(t, []string{"3EB0SECOND"}, hers.texts()) })
	require.Equal(t, 1, c.all()["device list outdated"])
	require.Equal(t, 1, c.all()["sent again to all devices"])
}

// R02: some of the recipient's devices have no keys; the others get the message,
// at once and only once.
func TestR02_ADeviceWithoutKeysDoesNotKeepTheOthersFromIt(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		withhold    func(alice *whatsapptest.Peer, desktops []*whatsapptest.Device)
		phone, desk bool // who gets it
	}{
		"one of her desktops": {func(_ *whatsapptest.Peer, desktops []*whatsapptest.Device) { desktops[1].WithholdKeys(true) }, true, true},
		"her phone":           {func(alice *whatsapptest.Peer, _ []*whatsapptest.Device) { alice.WithholdKeys(true) }, false, true},
		"all but her phone": {func(_ *whatsapptest.Peer, desktops []*whatsapptest.Device) {
			desktops[0].WithholdKeys(true)
			desktops[1].WithholdKeys(true)
		}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, c, _ := newCountingWorld(t, whatsapptest.New(whatsapptest.Options{ForwardRepeats: true}))
			hers := w.linkAlicesDesktop()
			w.linkAlicesDesktop()
			tc.withhold(w.alice, w.alice.Companions())
			require.NoError(t, w.trySend(w.alice, "3EB0PART"))
			require.Positive(t, c.all()["device without keys"])
			require.Zero(t, c.all()["sent again to all devices"])

			// Whatever reaches her after this one, that one has not.
			w.alice.WithholdKeys(false)
			for _, desktop := range w.alice.Companions() {
				desktop.WithholdKeys(false)
			}
			require.NoError(t, w.trySend(w.alice, "3EB0NEXT"))
			require.NoError(t, must(w.alice.WaitText(patience, "3EB0NEXT")))
			hers.wait(t, "the next text on her desktop", func() bool { return slices.Contains(hers.texts(), "3EB0NEXT") })
			require.Equal(t, tc.phone, slices.Contains(w.alice.Texts(), "3EB0PART"), "her phone")
			hers.update(func() { require.Equal(t, tc.desk, slices.Contains(hers.texts(), "3EB0PART"), "her desktop") })
		})
	}
}

// R02: the library sends to nobody what it could encrypt for nobody, and calls
// that sent.
func TestR02_WhatNobodyCouldReadIsNotSent(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(w *world) (mend func()){
		"she has no keys": func(w *world) func() {
			w.alice.WithholdKeys(true)
			return func() { w.alice.WithholdKeys(false) }
		},
		"WhatsApp does not give any": func(w *world) func() {
			return w.srv.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
				if e.Is(whatsapptest.StanzaIn, "iq") && asksForKeys(e) {
					return whatsapptest.Action{Error: 503}
				}
				return whatsapptest.Action{}
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.pair()
			mend := fault(w)
			err := w.trySend(w.alice, "3EB0UNREAD")
			require.Error(t, err)
			var refused *whatsapp.PermanentError
			require.NotErrorAs(t, err, &refused)
			mend()
			require.NoError(t, w.trySend(w.alice, "3EB0UNREAD"))
			require.NoError(t, must(w.alice.WaitText(patience, "3EB0UNREAD")))
			require.Equal(t, []string{"3EB0UNREAD"}, w.alice.Texts())
			require.Zero(t, w.srv.Repeats(), "the first attempt never left")
		})
	}
}

func must[T any](_ T, err error) error { return err }

// linkAlicesDesktop gives the customer a second device, and what it receives.
func (w *world) linkAlicesDesktop() *sink {
	w.t.Helper()
	hers := newSink()
	cfg := w.config("")
	cfg.Sink = hers
	desktop := whatsapp.NewSession(cfg)
	desktop.Start(context.Background())
	w.t.Cleanup(desktop.Stop)
	require.NoError(w.t, desktop.Pair(""))
	hers.wait(w.t, "a QR code", func() bool { return desktop.State().QR != "" })
	require.NoError(w.t, w.alice.ScanQR(desktop.State().QR))
	hers.wait(w.t, "a connection", func() bool { return desktop.State().Code == whatsapp.StateConnected })
	return hers
}

// asksForKeys tells a request for the keys of others from one about one's own.
func asksForKeys(e whatsapptest.HookEvent) bool {
	_, ok := e.Node.GetOptionalChildByTag("key")
	return ok && e.Attr("xmlns") == "encrypt" && e.Attr("type") == "get"
}

// R02: a recipient asks for a message again after the bridge was restarted.
func TestR02_ARetryIsServedAfterARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pair()
	require.NoError(t, w.trySend(w.alice, "3EB0WARM"))
	_, err := w.alice.WaitText(patience, "3EB0WARM")
	require.NoError(t, err)
	var withheld atomic.Int64
	remove := w.srv.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
		if e.Is(whatsapptest.StanzaOut, "receipt") && e.Attr("type") == "retry" {
			w.sink.update(func() { withheld.Add(1) })
			return whatsapptest.Action{Drop: true}
		}
		return whatsapptest.Action{}
	})
	w.alice.FailNext(1)
	require.NoError(t, w.trySend(w.alice, "3EB0AGAIN"))
	w.sink.wait(t, "her request", func() bool { return withheld.Load() > 0 })
	w.session.Stop()
	remove()
	w.start(w.session.State().JID)
	_, err = w.alice.WaitText(patience, "3EB0AGAIN")
	require.NoError(t, err)
}

// asksForLID tells the question for somebody's address from that for devices.
func asksForLID(e whatsapptest.HookEvent) bool { return asksAbout(e, "lid") }

// asksForNumber tells the question whether a number is on WhatsApp.
func asksForNumber(e whatsapptest.HookEvent) bool { return asksAbout(e, "contact") }

func asksAbout(e whatsapptest.HookEvent, what string) bool {
	if !e.Is(whatsapptest.StanzaIn, "iq") || e.Attr("xmlns") != "usync" {
		return false
	}
	_, ok := e.Node.GetOptionalChildByTag("usync", "query", what)
	return ok
}

func whenAsked(fits func(whatsapptest.HookEvent) bool, action whatsapptest.Action) whatsapptest.Hook {
	return func(e whatsapptest.HookEvent) whatsapptest.Action {
		if fits(e) {
			return action
		}
		return whatsapptest.Action{}
	}
}

// describing answers the question for somebody's address with users without any.
func describing(numbers ...string) whatsapptest.Hook {
	var users []waBinary.Node
	for _, number := range numbers {
		users = append(users, waBinary.Node{Tag: "user", Attrs: waBinary.Attrs{"jid": types.NewJID(number, types.DefaultUserServer)}})
	}
	return answering(asksForLID, users...)
}

// isOn says that a number is registered, and nothing else.
func isOn(number string) waBinary.Node {
	return waBinary.Node{Tag: "user", Attrs: waBinary.Attrs{"jid": types.NewJID(number, types.DefaultUserServer)}, Content: []waBinary.Node{
		{Tag: "contact", Attrs: waBinary.Attrs{"type": "in"}, Content: []byte("+" + number)},
	}}
}

func answering(asks func(whatsapptest.HookEvent) bool, users ...waBinary.Node) whatsapptest.Hook {
	return func(e whatsapptest.HookEvent) whatsapptest.Action {
		if !asks(e) {
			return whatsapptest.Action{}
		}
		return whatsapptest.Action{Reply: []waBinary.Node{{
			Tag:   "iq",
			Attrs: waBinary.Attrs{"type": "result", "id": e.Attr("id"), "from": types.ServerJID},
			Content: []waBinary.Node{{Tag: "usync", Attrs: waBinary.Attrs{"sid": "1", "index": "0", "last": "true"}, Content: []waBinary.Node{
				{Tag: "result"}, {Tag: "list", Content: users},
			}}},
		}}}
	}
}

// R14: only a clear no is a no; what is not known waits as it does without a
// connection, and never dies of it.
func TestR14_OnlyAClearNoIsANo(t *testing.T) {
	t.Parallel()
	const nobody, alice = "5511000000000", "5511888880002"
	address := func(action whatsapptest.Action) whatsapptest.Hook { return whenAsked(asksForLID, action) }
	number := func(action whatsapptest.Action) whatsapptest.Hook { return whenAsked(asksForNumber, action) }
	for name, tc := range map[string]struct {
		to      string
		faults  []whatsapptest.Hook
		refused bool
	}{
		"nobody has the number":                 {nobody, nil, true},
		"nobody has it, and it is passed over":  {nobody, []whatsapptest.Hook{describing()}, true},
		"WhatsApp is away":                      {alice, []whatsapptest.Hook{address(whatsapptest.Action{Error: 503})}, false},
		"too many questions":                    {alice, []whatsapptest.Hook{address(whatsapptest.Action{Error: 429})}, false},
		"she is passed over":                    {alice, []whatsapptest.Hook{describing(), answering(asksForNumber)}, false},
		"she has no address":                    {alice, []whatsapptest.Hook{describing(alice), answering(asksForNumber, isOn(alice))}, false},
		"neither question is answered":          {alice, []whatsapptest.Hook{describing(), number(whatsapptest.Action{Error: 503})}, false},
		"nobody has it, and WhatsApp goes away": {nobody, []whatsapptest.Hook{number(whatsapptest.Action{Error: 503})}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.pair()
			var mend []func()
			for _, fault := range tc.faults {
				mend = append(mend, w.srv.Hook(fault))
			}
			send := func() error {
				return w.session.Send(context.Background(), content.Outgoing{ID: "3EB0UNKNOWN", To: tc.to + "@s.whatsapp.net", Text: "?"})
			}
			err := send()
			var refused *whatsapp.PermanentError
			if tc.refused {
				require.ErrorAs(t, err, &refused)
				require.Equal(t, whatsapp.ReasonNotOnWhatsApp, refused.Reason)
				return
			}
			require.ErrorIs(t, err, whatsapp.ErrNotConnected, "it waits")
			require.NotErrorAs(t, err, &refused)
			for _, remove := range mend {
				remove()
			}
			if tc.to == alice {
				require.NoError(t, send())
				require.NoError(t, must(w.alice.WaitText(patience, "?")))
			}
		})
	}
}

// R14: a chat that exists has its address, so that an answer is not needed.
func TestR14_AChatThatExistsIsSentToWithoutAsking(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pair()
	w.alice.SendText(w.phone, "hi")
	w.sink.wait(t, "her text", func() bool { return len(w.sink.texts()) == 1 })
	w.srv.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
		if asksForLID(e) {
			return whatsapptest.Action{Error: 503}
		}
		return whatsapptest.Action{}
	})
	require.NoError(t, w.trySend(w.alice, "3EB0KNOWN"))
	require.NoError(t, must(w.alice.WaitText(patience, "3EB0KNOWN")))
}

// R14: WhatsApp is asked for the recipient's devices, too.
func TestR14_ADeviceListThatCannotBeHadIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pair()
	w.alice.SendText(w.phone, "hi")
	w.sink.wait(t, "her text", func() bool { return len(w.sink.texts()) == 1 })
	remove := w.srv.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
		if e.Is(whatsapptest.StanzaIn, "iq") && e.Attr("xmlns") == "usync" {
			return whatsapptest.Action{Error: 503}
		}
		return whatsapptest.Action{}
	})
	require.ErrorIs(t, w.trySend(w.alice, "3EB0WAITS"), whatsapp.ErrNotConnected)
	remove()
	require.NoError(t, w.trySend(w.alice, "3EB0WAITS"))
	require.NoError(t, must(w.alice.WaitText(patience, "3EB0WAITS")))
}

// T01: what people write is not the form under which WhatsApp has the number.
func TestT01_WhatsAppSaysUnderWhichNumberSomebodyIsRegistered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pair()
	account := func(number string) (content.Address, error) {
		return w.session.Account(context.Background(), number+"@s.whatsapp.net")
	}
	for written, registered := range map[string]string{
		"5531987654321": "553187654321", "541145678901": "5491145678901", "5215512345679": "525512345679", "49015112345678": "4915112345678",
	} {
		peer := w.srv.NewPeer(registered, "Somebody")
		peer.AddAlias(written)
		want := content.Address{JID: peer.JID().String(), Alt: peer.LID().String()}
		found, err := account(written)
		require.NoError(t, err)
		require.Equal(t, want, found, written)
		found, err = account(registered)
		require.NoError(t, err)
		require.Equal(t, want, found, "by its own number")
		require.NoError(t, w.session.Send(context.Background(), content.Outgoing{ID: "3EB0" + written, To: want.Alt, Text: written}))
		require.NoError(t, must(peer.WaitText(patience, written)))
	}
	// Both forms are somebody's: who is asked for is written to.
	long, short := w.srv.NewPeer("5511987654399", "Long"), w.srv.NewPeer("551187654399", "Short")
	for _, peer := range []*whatsapptest.Peer{long, short} {
		found, err := account(peer.Number())
		require.NoError(t, err)
		require.Equal(t, peer.LID().String(), found.Alt)
	}
	var refused *whatsapp.PermanentError
	_, err := account("5531900000000")
	require.ErrorAs(t, err, &refused)
	require.Equal(t, whatsapp.ReasonNotOnWhatsApp, refused.Reason)
	found, err := w.session.Account(context.Background(), "123-456@g.us")
	require.NoError(t, err)
	require.Equal(t, content.Address{JID: "123-456@g.us"}, found)
}
