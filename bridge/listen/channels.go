package listen

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/guard"
	"github.com/wootbridge/wootbridge/internal/wait"
)

// reconnectPause grows with every connection in a row that came to nothing.
var reconnectPause = wait.Backoff{First: time.Second, Most: time.Minute, Jitter: 0.5}

// Channels are the live channels of a process.
type Channels struct {
	Clock func() time.Time
	Log   *slog.Logger
	Guard guard.Guard
	// Background runs a channel until the process stops.
	Background func(func(ctx context.Context))
	// ProfileEvery is how often a token's user is looked at: a channel does not
	// end by itself when that user may not listen any more. 0 means 3 minutes.
	ProfileEvery time.Duration

	mu   sync.Mutex
	open map[stream]*channel
}

// stream names whose events a channel brings.
type stream struct {
	chatwoot string // address
	user     int64
}

// Listener is a line on a channel. Its methods are called by one goroutine.
type Listener interface {
	// Hear takes a frame of the line's account, of its inbox or of none.
	Hear(ctx context.Context, f chatwoot.Frame)
	// Connected says that the channel is confirmed. What was said before is lost.
	Connected()
	// Disconnected says that the channel does not work, and why.
	Disconnected(why Reason)
	// Missed says that an event was not read.
	Missed()
}

// Member is a line that listens on the channel of its token's user.
type Member struct {
	Client   *chatwoot.Client // for the profile and the connection
	Address  string           // Chatwoot's
	Account  int64
	Inbox    chatwoot.InboxID
	Listener Listener
}

// Listen keeps a line on the channel of its token's user until ctx ends.
func (c *Channels) Listen(ctx context.Context, m Member) {
	for attempt := 0; ctx.Err() == nil; attempt++ {
		profile, err := m.Client.Profile(ctx)
		if err == nil {
			c.join(ctx, stream{m.Address, profile.ID}, m)
			return
		}
		if ctx.Err() == nil {
			m.Listener.Disconnected(reasonOf(err))
		}
		wait.Sleep(ctx, reconnectPause.After(attempt))
	}
}

// join adds a line to a channel, which it makes if there is none, and takes it
// away when ctx ends.
func (c *Channels) join(ctx context.Context, who stream, m Member) {
	c.mu.Lock()
	ch := c.open[who]
	if ch == nil {
		ended := make(chan struct{})
		ch = &channel{channels: c, renew: make(chan struct{}, 1), stop: sync.OnceFunc(func() { close(ended) })}
		if c.open == nil {
			c.open = map[stream]*channel{}
		}
		c.open[who] = ch
		started := ch
		c.Background(func(life context.Context) { started.runUntil(life, ended) })
	}
	ch.add(&m)
	c.mu.Unlock()
	<-ctx.Done()
	c.mu.Lock()
	defer c.mu.Unlock()
	if ch.remove(&m) == 0 && c.open[who] == ch {
		delete(c.open, who)
		ch.stop()
	}
}

// Renew ends the connections on which a line listens; they begin anew on another
// socket: one that went deaf stays deaf.
func (c *Channels) Renew(l Listener) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, ch := range c.open {
		if ch.has(l) {
			select {
			case ch.renew <- struct{}{}:
			default:
			}
		}
	}
}

// Why a connection ended, beside what ended it from outside.
var (
	errNotConfirmed = errors.New("the live channel was not confirmed")
	errNotAMember   = errors.New("the token's user has no account of the lines")
	errRenewed      = errors.New("the live channel is begun anew")
	errUserChanged  = errors.New("the token's user has changed")
)

// reasonOf says why a connection ended, or did not begin.
func reasonOf(err error) Reason {
	var unauthorized *chatwoot.UnauthorizedError
	switch {
	case errors.As(err, &unauthorized):
		return Reason{Code: BadToken}
	case errors.Is(err, chatwoot.ErrNoUpgrade):
		return Reason{Code: NoUpgrade}
	case errors.Is(err, errNotAMember):
		return Reason{Code: NotAMember}
	case errors.Is(err, errNotConfirmed):
		return Reason{Code: NotConfirmed}
	case errors.Is(err, chatwoot.ErrSilent):
		return Reason{Code: Silent}
	case errors.Is(err, chatwoot.ErrLiveEnded), errors.Is(err, errRenewed), errors.Is(err, errUserChanged):
		return Reason{Code: Cut}
	}
	return Reason{Code: Unreachable}
}
