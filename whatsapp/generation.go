package whatsapp

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"

	"github.com/wootbridge/wootbridge/whatsapp/internal/devicestore"
)

// generation is one client from its making to its end.
type generation struct {
	s      *Session
	client *whatsmeow.Client
	guard  *devicestore.Guard
	ctx    context.Context
	cancel context.CancelFunc
	// latched is set once something could not be committed: nothing after it
	// may be, or the order is lost.
	latched    atomic.Bool
	connected  atomic.Bool
	paired     atomic.Int32 // of pairedSteps, which come in either order
	once       sync.Once
	done       chan genEnd
	losses     atomic.Int32 // of connections, since it was last connected
	announce   chan struct{}
	pairing    bool        // a phone is to be linked, in place of a login
	brokenOnce atomic.Bool // the stream, and that was counted
	// devicesOutdated is set by the library's word that a message did not go to
	// all devices of its recipient.
	devicesOutdated atomic.Bool
	named           bool                   // the device knew the account's name when the generation began
	refusal         atomic.Pointer[string] // why the phone that was tried is not linked
}

// genEnd is why a generation ended.
type genEnd struct {
	code      Code
	reason    string        // a sentence for people, in place of the code's
	ban       time.Duration // how long WhatsApp blocks the number
	refused   bool          // the server refused the login, and nobody knows why
	broken    bool          // nothing more of the connection could be read
	connected bool
	command   *command
}

// end gives the generation up; the first reason counts.
func (g *generation) end(e genEnd) {
	g.once.Do(func() {
		e.connected = g.connected.Load()
		g.done <- e
	})
}

// connect runs one generation to its end.
func (s *Session) connect(jid string, pairing *command) genEnd {
	device, err := s.loadDevice(jid)
	if err != nil {
		s.cfg.Log.Error("the linked device cannot be read", "error", err)
		return genEnd{code: StateDisconnected}
	}
	if device == nil {
		return genEnd{code: StateLoggedOut} // the phone unlinked it while we were away
	}
	g := &generation{s: s, pairing: pairing != nil, named: device.PushName != "", done: make(chan genEnd, 1), announce: make(chan struct{}, 1)}
	g.ctx, g.cancel = context.WithCancel(context.WithoutCancel(s.ctx)) // ends after the disconnect, see below
	g.guard = s.cfg.Store.devices.NewGuard(g.storeFailed, s.notePanic, s.cfg.Clock)
	if pairing == nil {
		g.guard.Wrap(device)
	}
	g.client = newClient(s.cfg, g, device)
	if pairing != nil {
		// A device gets its stores when it is paired, without the guard. So the
		// client that paired ends, and the next generation logs in.
		g.client.DisableLoginAutoReconnect = true
		g.client.EnableAutoReconnect = false
	}
	g.client.AddEventHandlerWithSuccessStatus(g.handle)
	s.mu.Lock()
	s.gen = g
	s.mu.Unlock()

	var helpers sync.WaitGroup
	if pairing != nil {
		g.setState(func(st *State) { st.Code = StatePairing })
		helpers.Go(func() { g.pair(*pairing) })
	} else {
		g.setState(func(st *State) { st.Code = StateConnecting })
		helpers.Go(g.attend)
		helpers.Go(func() {
			if err := guarded(s, func() error { return g.client.ConnectContext(g.ctx) }); err != nil {
				s.cfg.Log.Warn("cannot connect to WhatsApp", "error", err)
				g.end(genEnd{code: StateDisconnected})
			}
		})
	}
	end := g.wait()
	s.telling.Lock() // whoever is just told of a change has been when we are over
	s.mu.Lock()
	s.gen = nil
	s.mu.Unlock()
	s.telling.Unlock()
	g.latched.Store(true)
	// Disconnect before the context ends: the library's reader also closes the
	// socket when its context ends, without a lock between the two.
	_ = guarded(s, func() error { g.client.Disconnect(); return nil })
	g.cancel()
	helpers.Wait()
	return end
}

func (g *generation) wait() genEnd {
	select {
	case end := <-g.done:
		return end
	case c := <-g.s.commands:
		return genEnd{command: &c, code: StateConnecting, connected: g.connected.Load()}
	case <-g.s.ctx.Done():
		return genEnd{connected: g.connected.Load()}
	}
}

func (s *Session) loadDevice(jid string) (*store.Device, error) {
	if jid == "" {
		return s.cfg.Store.devices.NewDevice(), nil
	}
	return s.cfg.Store.devices.Device(s.ctx, jid)
}

// storeFailed gives the generation up: what could not be read or written comes
// again with the next one.
func (g *generation) storeFailed(err error) {
	if g.latched.Swap(true) {
		return
	}
	g.s.cfg.Count("store failure")
	g.s.cfg.Log.Error("the device store failed; connecting again", "error", err)
	g.end(genEnd{code: StateDisconnected})
}

// notePanic logs where a panic was, and of what type its value is: the value
// itself may be what a customer wrote.
func (s *Session) notePanic(value any) {
	s.cfg.Count("panic")
	s.cfg.Log.Error("panic in a call of the whatsapp library or of its event handler",
		"type", fmt.Sprintf("%T", value), "stack", string(debug.Stack()))
}

// phoneOf is the phone number in a device's JID, in digits.
func phoneOf(jid string) string {
	user, server, _ := strings.Cut(jid, "@")
	if server != types.DefaultUserServer {
		return ""
	}
	user, _, _ = strings.Cut(user, ":")
	user, _, _ = strings.Cut(user, ".")
	return user
}
