package whatsapp

import (
	"context"
	"fmt"
	"time"

	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
)

// ReachOutLimitedError says that WhatsApp does not take the message now but may later:
// it keeps numbers that write to many new people from writing to more. Nothing
// was sent; send it again after Until, not before: trying keeps the lock.
type ReachOutLimitedError struct {
	Until time.Time
	Err   error // WhatsApp's answer, or nil when it was not asked
}

func (e *ReachOutLimitedError) Error() string {
	return "whatsapp lets this number write to known contacts only, until " + e.Until.UTC().Format(time.RFC3339)
}

// Unwrap gives the cause.
func (e *ReachOutLimitedError) Unwrap() error { return e.Err }

// reachOutRetry is how much later a message to a new contact is tried once more
// when WhatsApp refused it without a lock of the number. reachOutKept is how many
// such messages are remembered.
const (
	reachOutRetry = 15 * time.Minute
	reachOutKept  = 1000
)

// reachOut is what a session knows of WhatsApp's lock for new contacts. The
// one sender of the session uses it.
type reachOut struct {
	contacts map[types.JID]bool // refused while the lock was on
	messages map[string]bool    // refused without one, by id
}

// reachOutLock follows WhatsApp's word on the lock.
func (c *connection) reachOutLock(evt *events.NotifyAccountReachoutTimelock) {
	until := time.Time{}
	if evt.IsActive {
		until = evt.TimeEnforcementEnds.Time
	}
	c.s.cfg.Count("reach-out lock")
	c.setState(func(st *State) { st.NewContactsFrom = until })
}

// lockedUntil is the end of the lock, or zero.
func (s *Session) lockedUntil() time.Time {
	until := s.State().NewContactsFrom
	if !s.cfg.Clock().Before(until) {
		return time.Time{}
	}
	return until
}

// checkReachOut refuses a message to a new contact while the lock is on. A contact is
// new when nothing was ever written between the two, or when WhatsApp has said so.
func (c *connection) checkReachOut(ctx context.Context, to types.JID) error {
	s := c.s
	until := s.lockedUntil()
	if until.IsZero() {
		clear(s.reach.contacts)
		return nil
	}
	if to.Server != types.DefaultUserServer && to.Server != types.HiddenUserServer {
		return nil
	}
	if s.reach.contacts[to] {
		return &ReachOutLimitedError{Until: until}
	}
	address := to
	if to.Server == types.DefaultUserServer {
		lid, err := c.client.Store.LIDs.GetLIDForPN(ctx, to)
		if err != nil {
			return fmt.Errorf("look the recipient up: %w", err)
		}
		address = lid
	}
	known, err := c.client.Store.Sessions.HasSession(ctx, address.SignalAddress().String())
	if err != nil {
		return fmt.Errorf("look the recipient up: %w", err)
	}
	if !known {
		s.reach.contacts[to] = true
		return &ReachOutLimitedError{Until: until}
	}
	return nil
}

// refusedReachOut decides about a message that WhatsApp refused because
// the contact is new.
func (s *Session) refusedReachOut(to types.JID, id string, err error) error {
	if until := s.lockedUntil(); !until.IsZero() {
		s.reach.contacts[to] = true
		return &ReachOutLimitedError{Until: until, Err: err}
	}
	if s.reach.messages[id] {
		delete(s.reach.messages, id)
		return &PermanentError{Reason: ReasonReachOut, Err: err}
	}
	if len(s.reach.messages) >= reachOutKept {
		clear(s.reach.messages)
	}
	s.reach.messages[id] = true
	return &ReachOutLimitedError{Until: s.cfg.Clock().Add(reachOutRetry), Err: err}
}
