package whatsapp

import (
	"context"
	"sync"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types/events"
)

// The app state is what an account's devices share: names, mutes, settings. A
// collection of it that cannot be read is not read any more, and in the end WhatsApp
// unlinks the device. So it is read anew once, from its beginning; and if that fails
// as well, the phone is asked for a copy. WhatsApp's own clients can also declare the
// app state broken: that unlinks every device, and is never done.

// recoverEvery is the least time between two attempts for one collection.
const recoverEvery = 48 * time.Hour

// stateTrouble is a session's memory of what it could not read.
type stateTrouble struct {
	mu    sync.Mutex
	fetch map[appstate.WAPatchName]time.Time // when a collection was last read anew
	asked map[appstate.WAPatchName]time.Time // when the phone was last asked for it
}

// due reports whether something may be tried again, and notes that it is.
func due(last *map[appstate.WAPatchName]time.Time, name appstate.WAPatchName, now time.Time) bool {
	if *last == nil {
		*last = map[appstate.WAPatchName]time.Time{}
	}
	if at, ok := (*last)[name]; ok && now.Sub(at) < recoverEvery {
		return false
	}
	(*last)[name] = now
	return true
}

// unreadable takes the library's word that it cannot read a collection. What is to be
// done is done by work: this is called while the library holds a lock.
func (c *connection) unreadable(evt *events.AppStateSyncError) {
	c.s.cfg.Count("app state error")
	c.s.cfg.Log.Warn("a collection of the app state cannot be read", "collection", string(evt.Name), "whole", evt.FullSync)
	c.later(func() { c.recoverState(evt) })
}

func (c *connection) recoverState(evt *events.AppStateSyncError) {
	trouble, now := &c.s.trouble, c.s.cfg.Clock()
	trouble.mu.Lock()
	fetch := !evt.FullSync && due(&trouble.fetch, evt.Name, now)
	ask := !fetch && due(&trouble.asked, evt.Name, now)
	trouble.mu.Unlock()
	switch {
	case fetch:
		// A failure comes back as another event.
		c.doing("read the app state anew", func(ctx context.Context) error { return c.client.FetchAppState(ctx, evt.Name, true, false) })
	case ask:
		sent := c.doing("ask the phone for the app state", func(ctx context.Context) error {
			return c.sendPeer(ctx, whatsmeow.BuildAppStateRecoveryRequest(evt.Name))
		})
		if !sent {
			trouble.mu.Lock()
			delete(trouble.asked, evt.Name) // the next error asks again
			trouble.mu.Unlock()
		}
	}
}

// peerTimeout bounds a request to the phone or about the app state.
const peerTimeout = time.Minute

// doing calls the library and logs a failure.
func (c *connection) doing(what string, call func(ctx context.Context) error) (done bool) {
	ctx, cancel := context.WithTimeout(c.ctx, peerTimeout)
	defer cancel()
	err := guarded(c.s, func() error { return call(ctx) })
	if err != nil && c.ctx.Err() == nil {
		c.s.cfg.Log.Warn("a request of the line's own failed", "request", what, "error", err)
	}
	return err == nil
}

// sendPeer sends something to the account's own phone.
func (c *connection) sendPeer(ctx context.Context, message *waE2E.Message) error {
	select {
	case c.s.sending <- struct{}{}:
		defer c.s.sent()
	case <-ctx.Done():
		return ctx.Err()
	}
	marked, encryption := c.guard.Encrypting(ctx, "")
	defer encryption.End()
	_, err := c.client.SendMessage(marked, c.client.Store.GetJID().ToNonAD(), message, whatsmeow.SendRequestExtra{Peer: true, Timeout: answerTimeout})
	return err
}

// laterMost is how much may wait to be done; more is dropped, and comes again.
const laterMost = 16

// work does what must not be done in an event handler, one thing after the other.
func (c *connection) work() {
	for {
		select {
		case <-c.ctx.Done():
			return
		case do := <-c.tasks:
			do()
		}
	}
}

// later has something done by work.
func (c *connection) later(do func()) {
	select {
	case c.tasks <- do:
	default:
	}
}
