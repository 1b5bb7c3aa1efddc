package whatsapp_test

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// waits are the waits of a session between its connections; they end when the
// test says so.
type waits struct {
	mu      sync.Mutex
	lengths []time.Duration
	begun   chan struct{}
	fire    chan time.Time
}

func newWaits() *waits { return &waits{begun: make(chan struct{}, 1000), fire: make(chan time.Time)} }

func (f *waits) After(d time.Duration) <-chan time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lengths = append(f.lengths, d)
	f.begun <- struct{}{}
	return f.fire
}

// next waits for a wait to begin and gives its length.
func (f *waits) next(t *testing.T) time.Duration {
	t.Helper()
	select {
	case <-f.begun:
	case <-time.After(patience):
		t.Fatal("the session did not wait")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lengths[len(f.lengths)-1]
}

func (f *waits) end(t *testing.T) {
	t.Helper()
	select {
	case f.fire <- time.Time{}:
	case <-time.After(patience):
		t.Fatal("the session did not wait")
	}
}

// newWaitingWorld is a paired session whose waits the test ends.
func newWaitingWorld(t *testing.T) (*world, *waits) {
	t.Helper()
	f := newWaits()
	w := newWorld(t)
	w.configure = func(cfg *whatsapp.Config) { cfg.After = f.After }
	w.session.Stop()
	w.start("")
	w.pair()
	return w, f
}

func TestALostConnectionComesBackByItself(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(d *whatsapptest.Device){
		"reset":                     func(d *whatsapptest.Device) { d.Drop() },
		"stream error 503":          func(d *whatsapptest.Device) { d.StreamError("503") },
		"unknown stream error":      func(d *whatsapptest.Device) { d.StreamError("999") },
		"login refused by 503":      func(d *whatsapptest.Device) { d.RefuseLogin(503) },
		"login refused by 500":      func(d *whatsapptest.Device) { d.RefuseLogin(500) },
		"stream error 515":          func(d *whatsapptest.Device) { d.StreamError("515") },
		"login refused, no message": func(d *whatsapptest.Device) { d.RefuseLogin(418) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.pair()
			logins := w.phone.Companion().Logins()
			lose(w.phone.Companion())
			require.NoError(t, w.phone.Companion().WaitLogins(patience, logins+1))
			w.waitState(whatsapp.StateConnected)
			w.alice.SendText(w.phone, "after it")
			w.sink.wait(t, "the text", func() bool { return len(w.sink.texts()) == 1 })
		})
	}
}

func TestABannedNumberConnectsAgainAfterTheBan(t *testing.T) {
	t.Parallel()
	w, f := newWaitingWorld(t)
	logins := w.phone.Companion().Logins()
	w.phone.Companion().TempBan(101, 2*time.Hour)
	require.Equal(t, 2*time.Hour, f.next(t))
	state := w.session.State()
	require.Equal(t, whatsapp.StateBanned, state.Code)
	require.WithinDuration(t, time.Now().Add(2*time.Hour), state.Until, time.Minute)
	require.Contains(t, state.Sentence, state.Until.UTC().Format("2006-01-02 15:04"))
	require.Equal(t, logins, w.phone.Companion().Logins())
	f.end(t)
	w.waitState(whatsapp.StateConnected)
	require.Zero(t, w.session.State().Until)
}

func TestRefusedLoginsAreTriedAgainLessAndLess(t *testing.T) {
	t.Parallel()
	w, f := newWaitingWorld(t)
	for range 10 {
		w.phone.Companion().RefuseLogin(418)
	}
	var lengths []time.Duration
	for i := range 10 {
		lengths = append(lengths, f.next(t))
		require.Equal(t, whatsapp.StateDisconnected, w.session.State().Code)
		require.Contains(t, w.session.State().Sentence, "code 418")
		if i < 9 {
			f.end(t)
		}
	}
	for i, length := range lengths[:8] {
		least := min(time.Second<<i, 30*time.Second)
		require.GreaterOrEqual(t, length, least)
		require.LessOrEqual(t, length, least+least/2)
	}
	require.Equal(t, []time.Duration{time.Hour, time.Hour}, lengths[8:])
	f.end(t)
	w.waitState(whatsapp.StateConnected)
}

// The device is replaced, refused, dropped, reconnected and unlinked, fifty
// times in all. Nothing of an old client is used, and the race detector finds
// nothing.
func TestR03_ReplaceLogOutAndPairAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var synced atomic.Int64
	w.srv.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
		if e.Is(whatsapptest.StanzaIn, "presence") {
			w.sink.update(func() { synced.Add(1) })
		}
		return whatsapptest.Action{}
	})
	reconnected := func(disturb func(d *whatsapptest.Device)) {
		t.Helper()
		device := w.phone.Companion()
		logins := device.Logins()
		disturb(device)
		require.NoError(t, device.WaitLogins(patience, logins+1))
		w.waitState(whatsapp.StateConnected)
	}
	for i := range 10 {
		w.pair()
		w.sink.wait(t, "the first sync", func() bool { return synced.Swap(0) > 0 })
		reconnected(func(d *whatsapptest.Device) { d.Drop() })
		reconnected(func(d *whatsapptest.Device) {
			d.Replace()
			w.waitState(whatsapp.StateReplaced)
			w.session.Reconnect()
		})
		reconnected(func(*whatsapptest.Device) { w.session.Reconnect() })
		reconnected(func(d *whatsapptest.Device) { d.RefuseLogin(418) })
		// The library forgets the device while it may still work on what came
		// last, without a lock between the two: let it finish.
		require.NoError(t, w.phone.Companion().WaitSettled(patience))
		if i%2 == 0 {
			w.phone.Companion().Unlink()
		} else {
			require.NoError(t, w.session.Logout(context.Background()))
		}
		w.waitState(whatsapp.StateLoggedOut)
		require.Empty(t, w.session.State().JID)
		require.Equal(t, w.phone.Number(), w.session.State().Phone)
	}
}

// D36: there is no network when the session starts.
func TestD36_TheFirstConnectionWaitsForTheNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pair()
	w.session.Stop()
	jid := w.session.State().JID
	var away atomic.Bool
	away.Store(true)
	proxy := newProxy(t, w.srv.Addr(), &away)
	t.Cleanup(func() { w.session.Stop() }) // before the proxy ends
	w.configure = func(cfg *whatsapp.Config) { cfg.Simulator.Addr = proxy }
	w.start(jid)
	w.waitState(whatsapp.StateDisconnected)
	away.Store(false)
	w.waitState(whatsapp.StateConnected)
}

// newProxy passes connections on, unless the network is away.
func newProxy(t *testing.T, to string, away *atomic.Bool) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { pass(client, to, away) })
		}
	})
	t.Cleanup(func() { require.NoError(t, listener.Close()); serving.Wait() })
	return listener.Addr().String()
}

func pass(client net.Conn, to string, away *atomic.Bool) {
	defer client.Close()
	if away.Load() {
		return
	}
	server, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer server.Close()
	var other sync.WaitGroup
	other.Go(func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	})
	_, _ = io.Copy(client, server)
	_ = client.Close()
	other.Wait()
}

// R21, R28: two lines of one process pair and work at once; nothing crosses.
func TestR28_TwoSessionsDoNotCross(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	second := newSink()
	phone := w.srv.NewPeer("5511999990002", "Second shop")
	cfg := w.config("")
	cfg.Sink, cfg.JID = second, ""
	other := whatsapp.NewSession(cfg)
	other.Start(context.Background())
	t.Cleanup(other.Stop)
	require.NoError(t, w.session.Pair(""))
	require.NoError(t, other.Pair(""))
	w.sink.wait(t, "a QR code", func() bool { return w.session.State().QR != "" })
	second.wait(t, "a QR code", func() bool { return other.State().QR != "" })
	require.NoError(t, phone.ScanQR(other.State().QR))
	require.NoError(t, w.phone.ScanQR(w.session.State().QR))
	w.waitState(whatsapp.StateConnected)
	second.wait(t, "a connection", func() bool { return other.State().Code == whatsapp.StateConnected })
	var writing sync.WaitGroup
	writing.Go(func() {
		for range 20 {
			w.alice.SendText(w.phone, "to the first")
			w.alice.SendText(phone, "to the second")
		}
	})
	for range 5 {
		require.NoError(t, w.session.Send(context.Background(), content.Outgoing{ID: "3EB0FIRST", To: w.alice.JID().String(), Text: "from the first"}))
		require.NoError(t, other.Send(context.Background(), content.Outgoing{ID: "3EB0SECOND", To: w.alice.JID().String(), Text: "from the second"}))
	}
	writing.Wait()
	w.sink.wait(t, "its texts", func() bool { return len(w.sink.texts()) == 20 })
	second.wait(t, "its texts", func() bool { return len(second.texts()) == 20 })
	w.sink.update(func() { require.NotContains(t, w.sink.texts(), "to the second") })
	second.update(func() { require.NotContains(t, second.texts(), "to the first") })
	require.NoError(t, w.alice.WaitCount(patience, 2))
	w.phone.Companion().Unlink()
	w.waitState(whatsapp.StateLoggedOut)
	require.Equal(t, whatsapp.StateConnected, other.State().Code)
}

func TestThePhoneKeepsRinging(t *testing.T) {
	t.Parallel()
	var quiet atomic.Int64
	w := newWorld(t)
	w.srv.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
		if e.Is(whatsapptest.StanzaIn, "presence") && e.Attr("type") == "unavailable" {
			w.sink.update(func() { quiet.Add(1) })
		}
		return whatsapptest.Action{}
	})
	w.pair()
	w.sink.wait(t, "the session to say that it is not in use", func() bool { return quiet.Load() > 0 })
	require.False(t, w.phone.Companion().Available())
	before := quiet.Load()
	w.session.Reconnect()
	w.sink.wait(t, "it to say so again", func() bool { return quiet.Load() > before })
}

func TestEveryStateIsToldOnceWithASentence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NotEmpty(t, w.session.State().Sentence)
	w.pair()
	w.phone.Companion().Drop()
	require.NoError(t, w.phone.Companion().WaitLogins(patience, 2))
	w.waitState(whatsapp.StateConnected)
	w.phone.Companion().Unlink()
	w.waitState(whatsapp.StateLoggedOut)
	w.sink.wait(t, "the last state", func() bool {
		return len(w.sink.states) > 0 && w.sink.states[len(w.sink.states)-1].Code == whatsapp.StateLoggedOut
	})
	w.sink.update(func() {
		for i, state := range w.sink.states {
			require.NotEmpty(t, state.Sentence, state.Code)
			if i > 0 {
				require.NotEqual(t, w.sink.states[i-1], state)
			}
		}
	})
}
