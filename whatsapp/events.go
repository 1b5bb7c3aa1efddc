package whatsapp

import (
	"fmt"
	"time"

	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"github.com/wootbridge/wootbridge/internal/wait"
)

// connectionEvent follows what is about the connection itself. The library calls
// it from several goroutines, in no fixed order.
func (c *connection) connectionEvent(event any) {
	switch evt := event.(type) {
	case *events.PairSuccess:
		c.s.phoneLives()
		c.setState(func(st *State) { st.Code, st.JID, st.Phone = StateConnecting, evt.ID.String(), evt.ID.User })
		c.pairedStep()
	case *events.ManualLoginReconnect:
		c.pairedStep()
	case *events.PairPasskeyRequest, *events.PairPasskeyError:
		sentence := passkeySentence
		c.refusal.Store(&sentence)
	case *events.Connected:
		c.connected.Store(true)
		c.losses.Store(0)
		c.setState(func(st *State) { st.Code = StateConnected })
		if c.named {
			c.sayUnavailable()
		}
	case *events.PushNameSetting:
		c.sayUnavailable()
	case *events.AppStateSyncComplete:
		if evt.Name == appstate.WAPatchCriticalBlock {
			c.sayUnavailable()
		}
	case *events.Disconnected:
		c.lost()
	case *events.KeepAliveTimeout:
		if p := c.pressure.Load(); evt.ErrorCount >= keepAliveMisses && (p == nil || !p.heldBack()) {
			c.setState(func(st *State) { st.Code = StateDisconnected })
		}
	case *events.KeepAliveRestored:
		c.setState(func(st *State) {
			if st.Code == StateDisconnected {
				st.Code = StateConnected
			}
		})
	case *events.AppStateSyncError:
		c.unreadable(evt)
	case *events.NotifyAccountReachoutTimelock:
		c.reachOutLock(evt)
	case *events.OfflineSyncPreview:
		c.noteWaiting()
	case *events.OfflineSyncCompleted:
		c.waitedBefore.Store(0)
		c.s.cfg.Sink.CaughtUp()
	default:
		c.ended(event)
	}
}

// connecting is how long a connection takes at most, usually: who writes meanwhile has
// not waited.
const connecting = 10 * time.Second

// noteWaiting notes that WhatsApp brings what has waited. Who has written since the
// session began, or just before it connected again, writes now.
func (c *connection) noteWaiting() {
	before := c.s.cfg.Clock().Add(-connecting)
	if c.s.started.After(before) {
		before = c.s.started
	}
	c.waitedBefore.Store(before.Unix() + 1) // times of messages are whole seconds
}

// ended ends the connection after events that the library does not reconnect from.
func (c *connection) ended(event any) {
	switch evt := event.(type) {
	case *events.LoggedOut:
		c.end(connectionEnd{code: StateLoggedOut})
	case *events.StreamReplaced:
		c.end(connectionEnd{code: StateReplaced})
	case *events.TemporaryBan:
		c.end(connectionEnd{code: StateBanned, ban: evt.Expire})
	case *events.ClientOutdated:
		c.end(connectionEnd{code: StateOutdated})
	case *events.ConnectFailure:
		c.end(connectionEnd{code: StateDisconnected, refused: true,
			reason: fmt.Sprintf("WhatsApp refuses the connection (code %d). Trying again; messages are kept.", int(evt.Reason))})
	case *events.CATRefreshError:
		c.end(connectionEnd{code: StateDisconnected, refused: true})
	}
}

// keepAliveMisses is how many pings in a row must go unanswered before the state
// shows it; a single one happens on healthy connections.
const keepAliveMisses = 2

// lost notes that the server is gone. The library connects again by itself, with
// delays that grow with every attempt that ends before the login is complete; a
// new connection begins with short ones.
func (c *connection) lost() {
	c.setState(func(st *State) { st.Code = StateDisconnected })
	if c.losses.Add(1) > reconnectFailures {
		c.end(connectionEnd{code: StateDisconnected})
	}
}

// recheckAfter is the pause between two checks of the state.
const recheckAfter = 10 * time.Second

// attend does the work of a connection that an event handler must not do.
func (c *connection) attend() {
	for {
		switch wait.Woken(c.ctx, recheckAfter, c.announce) {
		case wait.Ended:
			return
		case wait.Signal:
			// Otherwise the phone stops ringing. It takes the account's name,
			// which a new device has from the first sync; until then the library
			// is not asked, because it reads the name without a lock.
			_ = guarded(c.s, func() error { return c.client.SendPresence(c.ctx, types.PresenceUnavailable) })
		case wait.Elapsed:
			c.recheck()
			c.later(c.watchPhone)
			if state := c.s.State(); !state.NewContactsFrom.IsZero() && c.s.lockedUntil().IsZero() {
				c.setState(func(*State) {}) // the lock is over
			}
		}
	}
}

func (c *connection) sayUnavailable() {
	c.introduced.Store(true)
	select {
	case c.announce <- struct{}{}:
	default:
	}
}

// recheck corrects a state whose events came in the wrong order: the loss of the
// server after the next login was complete.
func (c *connection) recheck() {
	if c.s.State().Code == StateDisconnected && c.connected.Load() && c.losses.Load() > 0 && c.client.IsConnected() && c.client.IsLoggedIn() {
		c.setState(func(st *State) { st.Code = StateConnected })
	}
}
