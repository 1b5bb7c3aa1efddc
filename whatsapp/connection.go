package whatsapp

import (
	"fmt"
	"time"

	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
)

// connection follows the connection itself. The library calls it in several
// goroutines, in no certain order.
func (g *generation) connection(event any) {
	switch evt := event.(type) {
	case *events.PairSuccess:
		g.setState(func(st *State) { st.Code, st.JID, st.Phone = StateConnecting, evt.ID.String(), evt.ID.User })
		g.pairedStep()
	case *events.ManualLoginReconnect:
		g.pairedStep()
	case *events.PairPasskeyRequest, *events.PairPasskeyError:
		sentence := passkeySentence
		g.refusal.Store(&sentence)
	case *events.Connected:
		g.connected.Store(true)
		g.losses.Store(0)
		g.setState(func(st *State) { st.Code = StateConnected })
		if g.named {
			g.sayUnavailable()
		}
	case *events.PushNameSetting:
		g.sayUnavailable()
	case *events.AppStateSyncComplete:
		if evt.Name == appstate.WAPatchCriticalBlock {
			g.sayUnavailable()
		}
	case *events.Disconnected:
		g.lost()
	case *events.KeepAliveTimeout:
		if evt.ErrorCount >= keepAliveMisses {
			g.setState(func(st *State) { st.Code = StateDisconnected })
		}
	case *events.KeepAliveRestored:
		g.setState(func(st *State) {
			if st.Code == StateDisconnected {
				st.Code = StateConnected
			}
		})
	case *events.NotifyAccountReachoutTimelock:
		g.reachOutLock(evt)
	case *events.OfflineSyncPreview:
		g.s.cfg.Sink.Backlog(evt.Messages)
	case *events.OfflineSyncCompleted:
		g.s.cfg.Sink.Backlog(0)
	default:
		g.ended(event)
	}
}

// ended gives the generation up for what the library does not reconnect after.
func (g *generation) ended(event any) {
	switch evt := event.(type) {
	case *events.LoggedOut:
		g.end(genEnd{code: StateLoggedOut})
	case *events.StreamReplaced:
		g.end(genEnd{code: StateReplaced})
	case *events.TemporaryBan:
		g.end(genEnd{code: StateBanned, ban: evt.Expire})
	case *events.ClientOutdated:
		g.end(genEnd{code: StateOutdated})
	case *events.ConnectFailure:
		g.end(genEnd{code: StateDisconnected, refused: true,
			reason: fmt.Sprintf("WhatsApp refuses the connection (code %d). Trying again; messages are kept.", int(evt.Reason))})
	case *events.CATRefreshError:
		g.end(genEnd{code: StateDisconnected, refused: true})
	}
}

// keepAliveMisses is how many pings in a row go unanswered before people are
// told: one is nothing.
const keepAliveMisses = 2

// lost follows the loss of a connection. The library connects again by itself,
// with delays that grow with every connection that ends before it is complete;
// a new generation begins with short ones.
func (g *generation) lost() {
	g.setState(func(st *State) { st.Code = StateDisconnected })
	if g.losses.Add(1) > reconnectFailures {
		g.end(genEnd{code: StateDisconnected})
	}
}

// recheckAfter is when a lost connection is looked at again.
const recheckAfter = 10 * time.Second

// attend does for a generation what must not be done in an event handler.
func (g *generation) attend() {
	for {
		select {
		case <-g.ctx.Done():
			return
		case <-g.announce:
			// Otherwise the phone stops ringing. It takes the account's name,
			// which a new device has from the first sync; until then the library
			// is not asked, because it reads the name without a lock.
			_ = guarded(g.s, func() error { return g.client.SendPresence(g.ctx, types.PresenceUnavailable) })
		case <-time.After(recheckAfter):
			g.recheck()
			if state := g.s.State(); !state.NewContactsFrom.IsZero() && g.s.lockedUntil().IsZero() {
				g.setState(func(*State) {}) // the lock is over
			}
		}
	}
}

func (g *generation) sayUnavailable() {
	select {
	case g.announce <- struct{}{}:
	default:
	}
}

// recheck mends a state whose events came in the wrong order: the loss of a
// connection after the next one was complete.
func (g *generation) recheck() {
	if g.s.State().Code == StateDisconnected && g.connected.Load() && g.losses.Load() > 0 && g.client.IsConnected() && g.client.IsLoggedIn() {
		g.setState(func(st *State) { st.Code = StateConnected })
	}
}
