package whatsapp

import (
	"context"
	"errors"
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

// connection is one client from its creation to its end. Meanwhile the library
// may lose the server and connect to it again.
type connection struct {
	s      *Session
	client *whatsmeow.Client
	guard  *devicestore.Guard
	ctx    context.Context
	cancel context.CancelFunc
	// latched is set after a failed commit: a later event must not be committed
	// before the failed one, or the order is lost.
	latched    atomic.Bool
	pressure   atomic.Pointer[pressure] // of the newest connection to the server
	committing atomic.Int32             // calls of the sink
	connected  atomic.Bool
	paired     atomic.Int32 // of pairedSteps, which come in either order
	once       sync.Once
	done       chan connectionEnd
	losses     atomic.Int32 // of the server, since it was last connected
	happenings happenings
	announce   chan struct{}
	tasks      chan func() // see later
	pairing    bool        // a phone is to be linked, in place of a login
	brokenOnce atomic.Bool // the stream, and that was counted
	// devicesOutdated is set by the library's word that a message did not go to
	// all devices of its recipient.
	devicesOutdated atomic.Bool
	// waitedBefore is, while WhatsApp brings what had waited, before when a message must
	// have been written to be one of those, in Unix seconds; 0 when all of it came.
	waitedBefore atomic.Int64
	groups       groups
	introduced   atomic.Bool            // the account's name is known, without which nobody is online
	named        bool                   // the device knew the account's name when the connection began
	refusal      atomic.Pointer[string] // why the phone that was tried is not linked
}

// connectionEnd is why a connection ended.
type connectionEnd struct {
	code      Code
	reason    string        // a sentence for people, in place of the code's
	ban       time.Duration // how long WhatsApp blocks the number
	refused   bool          // the server refused the login, and nobody knows why
	broken    bool          // nothing more of the connection could be read
	connected bool
	command   *command
}

// end ends the connection; the first reason counts.
func (c *connection) end(e connectionEnd) {
	c.once.Do(func() {
		e.connected = c.connected.Load()
		c.done <- e
	})
}

// connect makes a connection and waits for its end.
func (s *Session) connect(jid string, pairing *command) connectionEnd {
	device, err := s.loadDevice(jid)
	var lost *devicestore.KeysError
	s.keysLost.Store(errors.As(err, &lost))
	if err != nil {
		s.cfg.Log.Error("the linked device cannot be read", "error", err)
		return connectionEnd{code: StateDisconnected, reason: keysSentence(lost)}
	}
	if device == nil {
		return connectionEnd{code: StateLoggedOut} // the phone unlinked it while we were away
	}
	c := &connection{s: s, pairing: pairing != nil, named: device.PushName != "", done: make(chan connectionEnd, 1), announce: make(chan struct{}, 1), tasks: make(chan func(), laterMost)}
	c.ctx, c.cancel = context.WithCancel(context.WithoutCancel(s.ctx)) // ends after the disconnect, see below
	c.guard = s.cfg.Store.devices.NewGuard(c.storeFailed, s.notePanic, s.cfg.Clock)
	if pairing == nil {
		c.guard.Wrap(device)
	}
	c.client = newClient(s.cfg, c, device)
	if pairing != nil {
		// A device gets its stores when it is paired, without the guard. So the
		// client that paired ends, and the next connection logs in.
		c.client.DisableLoginAutoReconnect = true
		c.client.EnableAutoReconnect = false
	}
	c.client.AddEventHandlerWithSuccessStatus(c.handle)
	s.mu.Lock()
	s.conn = c
	s.mu.Unlock()

	var helpers sync.WaitGroup
	if pairing != nil {
		c.setState(func(st *State) { st.Code = StatePairing })
		helpers.Go(func() { c.pair(*pairing) })
	} else {
		c.setState(func(st *State) { st.Code = StateConnecting })
		helpers.Go(c.attend)
		helpers.Go(c.work)
		helpers.Go(func() {
			if err := guarded(s, func() error { return c.client.ConnectContext(c.ctx) }); err != nil {
				s.cfg.Log.Warn("cannot connect to WhatsApp", "error", err)
				c.end(connectionEnd{code: StateDisconnected})
			}
		})
	}
	end := c.wait()
	s.telling.Lock() // whoever is just told of a change has been when we are over
	s.mu.Lock()
	s.conn = nil
	s.mu.Unlock()
	s.telling.Unlock()
	c.latched.Store(true)
	if p := c.pressure.Load(); p != nil {
		p.release()
	}
	// Disconnect before the context ends: the library's reader also closes the
	// socket when its context ends, without a lock between the two.
	_ = guarded(s, func() error { c.client.Disconnect(); return nil })
	c.cancel()
	helpers.Wait()
	return end
}

func (c *connection) wait() connectionEnd {
	select {
	case end := <-c.done:
		return end
	case asked := <-c.s.commands:
		return connectionEnd{command: &asked, code: StateConnecting, connected: c.connected.Load()}
	case <-c.s.ctx.Done():
		return connectionEnd{connected: c.connected.Load()}
	}
}

// keysSentence says what to do about a device without keys.
func keysSentence(lost *devicestore.KeysError) string {
	switch {
	case lost == nil:
		return ""
	case lost.Missing:
		return "The keys of this line's linked device are not in the database. Restore the whole database from a backup; or log the line out, remove the device on the phone, and link the phone again. Messages are kept."
	default:
		return "The keys of this line's linked device do not open with this encryption key. Start the bridge with the key that the database was used with; or log the line out, remove the device on the phone, and link the phone again. Messages are kept."
	}
}

func (s *Session) loadDevice(jid string) (*store.Device, error) {
	if jid == "" {
		return s.cfg.Store.devices.NewDevice(), nil
	}
	return s.cfg.Store.devices.Device(s.ctx, jid)
}

// storeFailed ends the connection: WhatsApp delivers the affected messages again on
// the next one.
func (c *connection) storeFailed(err error) {
	if c.latched.Swap(true) {
		return
	}
	c.s.cfg.Count("store failure")
	c.s.cfg.Log.Error("the device store failed; connecting again", "error", err)
	c.end(connectionEnd{code: StateDisconnected})
}

// notePanic logs where a panic happened and the type of its value; the value itself
// may hold a customer's words.
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
