package whatsapp

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/wootbridge/wootbridge/internal/wait"
)

const (
	banMin = time.Minute
	// refusalsMost is how many refused logins in a row are retried with the usual
	// backoff. After that, a server that refuses for an unknown reason is asked only
	// once in refusalWait.
	refusalsMost = 8
	refusalWait  = time.Hour
	// outdatedWait is how long after a refused version another one is asked for.
	outdatedWait = time.Hour
	forgetWithin = 30 * time.Second
)

// reconnectPause grows with the failures in a row; its jitter keeps the sessions
// of a process from connecting all at once.
var reconnectPause = wait.Backoff{First: time.Second, Most: 30 * time.Second, Jitter: 0.5}

// attempts counts what went wrong since the session was last connected.
type attempts struct {
	failures int
	refusals int
	renewed  bool // the version was fetched again
}

// never is the wait until somebody asks.
const never = time.Duration(-1)

// run owns the client: it makes one connection after the other.
func (s *Session) run() {
	var tried attempts
	var pairing *command
	for s.ctx.Err() == nil {
		jid := s.State().JID
		if jid == "" && pairing == nil {
			pairing = s.pause(never)
			continue
		}
		end := s.connect(jid, pairing)
		if end.connected {
			tried = attempts{}
		}
		wait := s.settle(end, &tried)
		if end.code == StateOutdated && wait == 0 {
			continue // the same again, with the new version
		}
		pairing = nil
		switch {
		case end.command != nil:
			pairing = s.pairingOf(end.command)
		case wait != 0:
			pairing = s.pause(wait)
		}
	}
}

// pause waits for a time or for a command. It returns the command if that is to
// pair.
func (s *Session) pause(wait time.Duration) *command {
	var due <-chan time.Time
	if wait != never {
		due = s.cfg.After(wait)
	}
	select {
	case <-s.ctx.Done():
	case <-due:
	case c := <-s.commands:
		if c.forget && s.keysLost.Swap(false) {
			s.forget()
			return nil
		}
		return s.pairingOf(&c)
	}
	return nil
}

// pairingOf gives the command if it is to pair and there is no device yet.
func (s *Session) pairingOf(c *command) *command {
	if c.pair && s.State().JID == "" {
		return c
	}
	return nil
}

// settle turns a connection's end into a state and the time to the next one.
func (s *Session) settle(end connectionEnd, tried *attempts) time.Duration {
	if s.ctx.Err() != nil {
		return 0
	}
	tried.failures++
	switch end.code {
	case StateConnecting: // paired, or somebody asked for another connection
		if s.State().JID == "" {
			s.unlinked("")
		}
		return 0
	case StateLoggedOut:
		s.forget()
		return never
	case StateNew:
		s.unlinked(end.reason)
		return never
	case StateReplaced:
		s.setCode(StateReplaced)
		return never
	case StateOutdated:
		if !tried.renewed && s.cfg.Versions.renew(s.ctx) {
			tried.renewed = true
			return 0
		}
		tried.renewed = false
		s.setCode(StateOutdated)
		if s.State().JID == "" {
			return never
		}
		return outdatedWait
	case StateBanned:
		wait := max(end.ban, banMin)
		s.setState(func(st *State) { st.Code, st.Until = StateBanned, s.cfg.Clock().Add(wait) })
		return wait
	default:
		if end.broken && s.broken.first(s.cfg.Clock()) {
			return 0
		}
		s.setState(func(st *State) { st.Code, st.reason = StateDisconnected, end.reason })
		if end.refused {
			if tried.refusals++; tried.refusals > refusalsMost {
				return refusalWait
			}
		}
		return reconnectPause.After(tried.failures - 1)
	}
}

// unlinked is the state of a session without a device.
func (s *Session) unlinked(reason string) {
	s.setState(func(st *State) {
		st.Code, st.JID, st.reason = StateNew, "", reason
		if st.Phone != "" {
			st.Code = StateLoggedOut
		}
	})
}

// forget drops a device that the phone has unlinked; the library does not, see
// keptDevice.
func (s *Session) forget() {
	jid := s.State().JID
	s.unlinked("")
	if jid == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), forgetWithin)
	defer cancel()
	if err := s.cfg.Store.Forget(ctx, jid); err != nil {
		s.cfg.Log.Warn("an unlinked device is still stored", "error", err)
	}
}

// reconnectFailures caps the library's delay, which is two seconds for each
// failure in a row and otherwise has no bound.
const reconnectFailures = 15

// reconnectErrors is what the library's count of failures is set to before its
// next delay: at most the cap, and up to a third less.
func reconnectErrors(failures int) int {
	failures = min(failures, reconnectFailures)
	return failures - rand.IntN(failures/3+1)
}
