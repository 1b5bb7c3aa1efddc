package reconcile

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/wait"
)

const (
	// sharedFor is how long an answer is as good as a new one.
	sharedFor = 2 * time.Second
	// rounding makes the windows of lines alike that differ by little.
	rounding = 30 * time.Second
)

// heavyBackoff is how long an account's conversations are read by pages that it
// could not list all at once.
var heavyBackoff = wait.Backoff{First: 2 * time.Minute, Most: 30 * time.Minute}

// Listings asks which conversations of an account have changed, once for all lines
// that want to know it at about the same moment. It may be used by several
// goroutines and starts none: whoever comes first asks.
type Listings struct {
	clock func() time.Time
	lines atomic.Int32 // that compare

	mu     sync.Mutex
	latest *listing
	next   time.Time // when the lines compare next
	// heavies counts the lists in a row that were too much for Chatwoot or for
	// us, and until lightAt none is asked for.
	heavies int
	lightAt time.Time
}

// listing is one question and, when done is closed, its answer.
type listing struct {
	inbox         chatwoot.InboxID // 0 = of all
	since, begun  time.Time
	done          chan struct{}
	conversations []chatwoot.ActiveConversation
	err           error
}

// wanted is what a line wants to know.
type wanted struct {
	inbox chatwoot.InboxID
	since time.Time
	// begun is when the question must have begun at the earliest.
	begun time.Time
}

func (l *listing) serves(w wanted) bool {
	return (l.inbox == 0 || l.inbox == w.inbox) && !l.since.After(w.since) && !l.begun.Before(w.begun)
}

// ask gives the answer to a question that somebody has asked, or asks it. More may
// be in the answer than is wanted.
func (s *Listings) ask(ctx context.Context, w wanted, list func(ctx context.Context, inbox chatwoot.InboxID, since time.Time) ([]chatwoot.ActiveConversation, error)) (*listing, error) {
	for {
		l, mine := s.join(w)
		if mine {
			func() {
				defer s.end(l)
				l.err = errUnanswered
				l.conversations, l.err = list(ctx, l.inbox, l.since)
			}()
			return l, l.err
		}
		select {
		case <-l.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		// Whoever asked may have been a line that ended.
		if !errors.Is(l.err, context.Canceled) {
			return l, l.err
		}
	}
}

// errUnanswered is what others learn of a question whose asker panicked.
var errUnanswered = errors.New("the list of conversations was not read to its end")

// join finds a question that serves, or begins one.
func (s *Listings) join(w wanted) (l *listing, mine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.latest != nil && s.latest.serves(w) {
		return s.latest, false
	}
	s.latest = &listing{since: w.since.Truncate(rounding), begun: s.clock(), done: make(chan struct{})}
	if s.lines.Load() == 1 {
		s.latest.inbox = w.inbox
	}
	return s.latest, true
}

// end gives the answer to those who wait for it. A failure is for them alone.
func (s *Listings) end(l *listing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.err != nil && s.latest == l {
		s.latest = nil
	}
	close(l.done)
}

// heavy reports whether the account's list is known to be too much.
func (s *Listings) heavy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock().Before(s.lightAt)
}

// noteHeavy records that a list was too much, or that it was not.
func (s *Listings) noteHeavy(heavy bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock()
	switch {
	case !heavy:
		s.heavies = 0
	case !now.Before(s.lightAt): // several lines learn of it together
		s.lightAt = now.Add(heavyBackoff.After(s.heavies))
		s.heavies++
	}
}

// meet is the pause until a line's next comparison. Lines whose turns are near
// each other take the same one, for which one question is enough.
func (s *Listings) meet(pause time.Duration) time.Duration {
	now := s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if left := s.next.Sub(now); s.lines.Load() > 1 && left >= pause/2 && left <= pause {
		return left
	}
	s.next = now.Add(pause)
	return pause
}
