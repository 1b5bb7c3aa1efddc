package listen

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/wait"
)

const (
	// confirmedWithin is how long a subscription may take: a refusal is silence.
	confirmedWithin = 10 * time.Second
	// settledAfter is how long a connection must have lived that was confirmed and
	// then cut, for the next pause to be a short one again. Some proxies cut every
	// few seconds; what is said in between must be heard.
	settledAfter = 2 * time.Second
	// defaultProfileEvery is how often the user is looked at.
	defaultProfileEvery = 3 * time.Minute
)

// channel is one connection, and the lines that listen on it.
type channel struct {
	channels *Channels
	renew    chan struct{}
	stop     func() // ends the channel; may be called twice

	mu        sync.Mutex
	members   []*Member // replaced, never changed
	confirmed bool
	why       Reason           // while it is not confirmed; its code is empty before the first attempt
	user      chatwoot.Profile // as last read
}

func (ch *channel) add(m *Member) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	ch.members = append(slices.Clone(ch.members), m)
	if ch.confirmed || ch.why.Code != None {
		ch.tell(m)
	}
}

// accountSuspended is the status of an account that Chatwoot has locked.
const accountSuspended = "suspended"

// tell says to a line whether the channel works for it; the lock is held.
func (ch *channel) tell(m *Member) {
	in, belongs := ch.user.In(m.Account)
	switch {
	case ch.confirmed && in.Status == accountSuspended:
		m.Listener.Disconnected(Reason{Code: Suspended})
	case ch.confirmed && belongs:
		m.Listener.Connected()
	case ch.confirmed:
		m.Listener.Disconnected(Reason{Code: NotAMember})
	default:
		m.Listener.Disconnected(ch.why)
	}
}

func (ch *channel) remove(m *Member) (left int) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	ch.members = slices.DeleteFunc(slices.Clone(ch.members), func(other *Member) bool { return other == m })
	return len(ch.members)
}

func (ch *channel) has(l Listener) bool {
	return slices.ContainsFunc(ch.all(), func(m *Member) bool { return m.Listener == l })
}

func (ch *channel) all() []*Member {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	return ch.members
}

// set tells every line whether the channel works, and reports whether it did.
func (ch *channel) set(confirmed bool, why Reason) (before bool) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	before, ch.confirmed, ch.why = ch.confirmed, confirmed, why
	for _, m := range ch.members {
		ch.tell(m)
	}
	return before
}

// subscription names the user's stream, by an account of which a line is.
func (ch *channel) subscription(user chatwoot.Profile) (chatwoot.Subscription, error) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	ch.user = user
	for _, m := range ch.members {
		if _, belongs := user.In(m.Account); belongs {
			return chatwoot.Subscription{Pubsub: user.Pubsub, User: user.ID, Account: m.Account}, nil
		}
	}
	return chatwoot.Subscription{}, errNotAMember
}

// runUntil keeps the channel connected until it is stopped, or the process.
func (ch *channel) runUntil(ctx context.Context, stopped <-chan struct{}) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var running sync.WaitGroup
	running.Go(func() { ch.run(ctx) })
	select {
	case <-stopped:
	case <-ctx.Done():
	}
	cancel()
	running.Wait()
}

// run keeps the channel connected until ctx ends.
func (ch *channel) run(ctx context.Context) {
	for failures := 0; ; failures++ {
		began := ch.channels.Clock()
		err := ch.channels.Guard.Run("listening to Chatwoot", func() error { return ch.connect(ctx, failures) })
		if ctx.Err() != nil {
			return
		}
		ch.channels.Log.Debug("the live channel ended", "error", err)
		if why := reasonOf(err); ch.set(false, why) && why.Code == Cut && !errors.Is(err, errRenewed) && ch.channels.Clock().Sub(began) >= settledAfter {
			failures = 0
		}
		if !wait.Sleep(ctx, reconnectPause.After(failures)) {
			return
		}
	}
}

// connect connects once, and listens until that ends. Each attempt is another
// line's: one of them may have a token that Chatwoot refuses.
func (ch *channel) connect(ctx context.Context, attempt int) error {
	members := ch.all()
	if len(members) == 0 {
		return errRenewed // the last one is just leaving
	}
	m := members[attempt%len(members)]
	profile, err := m.Client.Profile(ctx)
	if err != nil {
		return err
	}
	subscription, err := ch.subscription(profile)
	if err != nil {
		return err
	}
	conn, err := m.Client.DialCable(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.Subscribe(ctx, subscription); err != nil {
		return err
	}
	select { // what was asked of the connection before is done
	case <-ch.renew:
	default:
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer end(nil)
	watching.Go(func() { end(ch.watch(ctx, m.Client, profile)) })
	if err := ch.read(ctx, conn, end); err != nil {
		if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
			return cause
		}
		return err
	}
	return nil
}

// read hands out what comes.
func (ch *channel) read(ctx context.Context, conn *chatwoot.Cable, end context.CancelCauseFunc) error {
	unconfirmed := time.AfterFunc(confirmedWithin, func() { end(errNotConfirmed) })
	defer unconfirmed.Stop()
	for {
		f, err := conn.Next(ctx)
		if err != nil {
			return err
		}
		switch f.Kind {
		case chatwoot.FrameConfirmed:
			if unconfirmed.Stop() {
				ch.set(true, Reason{})
			}
		case chatwoot.FrameTooLarge:
			for _, m := range ch.all() {
				m.Listener.Missed()
			}
		case chatwoot.FrameEvent:
			for _, m := range ch.all() {
				if f.Account == m.Account && (f.Inbox == m.Inbox || f.Inbox == 0) {
					m.Listener.Hear(ctx, f)
				}
			}
		}
	}
}

// watch says why the connection has to end: a line asks for another one, or the
// user is not what it was. After a change of password, a removal or a demotion
// Chatwoot confirms and pings on, and says nothing any more.
func (ch *channel) watch(ctx context.Context, client *chatwoot.Client, before chatwoot.Profile) error {
	every := ch.channels.ProfileEvery
	if every == 0 {
		every = defaultProfileEvery
	}
	for {
		switch wait.Woken(ctx, every, ch.renew) {
		case wait.Ended:
			return context.Canceled
		case wait.Signal:
			return errRenewed
		}
		now, err := client.Profile(ctx)
		var unauthorized *chatwoot.UnauthorizedError
		if errors.As(err, &unauthorized) {
			return err
		}
		if err == nil && (now.Pubsub != before.Pubsub || !slices.Equal(roles(now), roles(before))) {
			return errUserChanged
		}
	}
}

// roles are what decides of what a user is told.
func roles(p chatwoot.Profile) []chatwoot.Account {
	accounts := slices.Clone(p.Accounts)
	for i := range accounts {
		accounts[i].Availability = ""
	}
	slices.SortFunc(accounts, func(a, b chatwoot.Account) int { return int(a.ID - b.ID) })
	return accounts
}
