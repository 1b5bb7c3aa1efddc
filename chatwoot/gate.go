package chatwoot

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// Priority is the turn of a request at the Gate, lowest first.
type Priority int

// The priorities: what a person waits for comes first.
const (
	Live Priority = iota
	Status
	Backlog
	Background
	priorities
)

// Gate limits the requests in flight to one Chatwoot. More requests at once than it
// can work on only make each slower there, so the limit finds its size by how long
// answers take; it also halves when Chatwoot limits the rate, fails or stops
// answering. Of a Chatwoot that does not run nothing is known any more: what comes
// back has just started, with the limit that every Gate begins with. Waiters enter by
// priority, then in order. A backlog takes the last place only when many others have
// gone before it: a live message finds it free, and upkeep has it otherwise, so that
// none of them stops the others. After a 429 nobody enters until the window reopens.
// It also knows how far Chatwoot's clock is from this machine's. A nil Gate lets
// everything through.
type Gate struct {
	mu       sync.Mutex
	limit    limit
	inFlight int
	upkeep   int // of those in flight
	passed   int // entered before a backlog that waited, in a row
	shut     time.Time
	away     bool
	answered time.Time // a request that no message waits for, well
	waiting  [priorities][]waiter
	clock    func() time.Time
	clocks   clocks
}

// waiter is closed when its request may begin.
type waiter chan struct{}

// passMost is how many requests may enter before a backlog that waits, before one of
// it does: it has a ninth at least.
const passMost = 8

// NewGate makes a Gate.
func NewGate(clock func() time.Time) *Gate {
	return &Gate{limit: newLimit(), clock: clock}
}

// Limit is how many requests may be in flight at present.
func (g *Gate) Limit() int {
	if g == nil {
		return limitMax
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.limit.most()
}

// Enter waits for a turn. Every Enter without an error needs one Leave.
func (g *Gate) Enter(ctx context.Context, p Priority) error {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	w := make(waiter)
	g.waiting[p] = append(g.waiting[p], w)
	g.admit()
	g.mu.Unlock()
	select {
	case <-w:
		return nil
	case <-ctx.Done():
		return g.leaveQueue(ctx, p, w)
	}
}

func (g *Gate) leaveQueue(ctx context.Context, p Priority, w waiter) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if place := slices.Index(g.waiting[p], w); place >= 0 {
		g.waiting[p] = slices.Delete(g.waiting[p], place, place+1)
	} else { // admitted at the same moment: give the place back
		g.free(p)
	}
	g.admit()
	return &UnavailableError{Err: ctx.Err()}
}

// Ended is how a request went.
type Ended struct {
	// Kind is what the request was for; requests of a kind take equally long. Empty
	// is for those that take as long as what they carry.
	Kind string
	Err  error
	Took time.Duration
}

// Leave gives the place of an Enter back and tells how the request went.
func (g *Gate) Leave(p Priority, e Ended) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.clock()
	var limited *RateLimitedError
	var ambiguous *AmbiguousError
	g.away = IsUnreached(e.Err) || errors.As(e.Err, &ambiguous)
	if e.Err == nil && p == Background {
		g.answered = now
	}
	switch {
	case errors.As(e.Err, &limited):
		if until := now.Add(limited.RetryAfter); until.After(g.shut) {
			g.shut = until
			time.AfterFunc(limited.RetryAfter, g.reopen)
		}
		g.limit.halve(now)
	case IsDown(e.Err):
		g.limit.restart()
	case g.away:
		g.limit.halve(now)
	case e.Kind != "":
		// A backlog leaves a place free.
		g.limit.answered(e.Kind, now.Add(-e.Took), e.Took, g.inFlight >= g.limit.most()-1)
	}
	g.free(p)
	g.admit()
}

func (g *Gate) free(p Priority) {
	g.inFlight--
	if p == Background {
		g.upkeep--
	}
}

// reopen lets waiters in when the window reopens. None of them looks by itself:
// they may all have come before the 429, and another one may have moved the
// window since.
func (g *Gate) reopen() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if left := g.shut.Sub(g.clock()); left > 0 {
		time.AfterFunc(left, g.reopen)
		return
	}
	g.admit()
}

// Answered is when a request of no message was answered well last.
func (g *Gate) Answered() time.Time {
	if g == nil {
		return time.Time{}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.answered
}

// Away reports whether the last request that ended found Chatwoot away.
func (g *Gate) Away() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.away
}

// admit lets waiters in while there is room.
func (g *Gate) admit() {
	if g.clock().Before(g.shut) {
		return
	}
	for {
		p, ok := g.next()
		if !ok {
			return
		}
		close(g.waiting[p][0])
		g.waiting[p] = g.waiting[p][1:]
		g.inFlight++
		switch {
		case p == Background:
			g.upkeep++
		case p == Backlog, len(g.waiting[Backlog]) == 0:
			g.passed = 0
		default:
			g.passed++
		}
	}
}

// next is of which priority the next one may enter.
func (g *Gate) next() (p Priority, ok bool) {
	if g.passed >= passMost && len(g.waiting[Backlog]) > 0 && g.limit.most() > g.inFlight {
		return Backlog, true
	}
	for p := range priorities {
		if len(g.waiting[p]) > 0 && g.room(p) > 0 {
			return p, true
		}
	}
	return 0, false
}

// room is how many requests of a priority may enter, after those before it.
func (g *Gate) room(p Priority) int {
	room := g.limit.most() - g.inFlight
	switch {
	case p == Backlog && g.upkeep == 0:
		room-- // the last place
	case p == Background && len(g.waiting[Backlog]) > 0:
		room = min(room, 1-g.upkeep) // nothing but the last place
	}
	return max(room, 0)
}
