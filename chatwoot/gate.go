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

// Gate limits the requests in flight to one Chatwoot. More requests at once
// only make each slower there, so the limit adapts: it halves when Chatwoot
// limits the rate, fails or stops answering, and grows by one after a run of
// good answers. Of a Chatwoot that does not run nothing is known any more: what
// comes back has just started, with the limit that every Gate begins with.
// Waiters enter by priority, then in order. A backlog never takes the last
// place: a live message finds it free, and upkeep has it otherwise, so that
// neither a backlog nor the pass after an outage stops the other. After a 429
// nobody enters until the window reopens. It also knows how far Chatwoot's clock is
// from this machine's. A nil Gate lets everything through.
type Gate struct {
	mu       sync.Mutex
	limit    int
	inFlight int
	upkeep   int // of those in flight
	good     int
	shut     time.Time
	away     bool
	answered time.Time // a request that no message waits for, well
	waiting  [priorities][]waiter
	clock    func() time.Time
	clocks   clocks
}

// waiter is closed when its request may begin.
type waiter chan struct{}

const (
	gateMin  = 2
	gateMax  = 4
	gateGrow = 50
	gateSlow = 3 * time.Second
)

// NewGate makes a Gate.
func NewGate(clock func() time.Time) *Gate {
	return &Gate{limit: gateMax, clock: clock}
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

// Leave gives the place of an Enter back and tells how the request went.
func (g *Gate) Leave(p Priority, err error, took time.Duration) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	var limited *RateLimitedError
	var ambiguous *AmbiguousError
	g.away = IsUnreached(err) || errors.As(err, &ambiguous)
	if err == nil && p == Background {
		g.answered = g.clock()
	}
	switch {
	case errors.As(err, &limited):
		if until := g.clock().Add(limited.RetryAfter); until.After(g.shut) {
			g.shut = until
			time.AfterFunc(limited.RetryAfter, g.reopen)
		}
		g.shrink()
	case IsDown(err):
		g.limit, g.good = gateMax, 0
	case g.away, took > gateSlow:
		g.shrink()
	default:
		if g.good++; g.good >= gateGrow && g.limit < gateMax {
			g.limit, g.good = g.limit+1, 0
		}
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

func (g *Gate) shrink() { g.limit, g.good = max(gateMin, g.limit/2), 0 }

// admit lets waiters in while there is room.
func (g *Gate) admit() {
	if g.clock().Before(g.shut) {
		return
	}
	for p := range priorities {
		entering := g.waiting[p][:min(g.room(p), len(g.waiting[p]))]
		for _, w := range entering {
			close(w)
		}
		g.waiting[p] = slices.Delete(g.waiting[p], 0, len(entering))
		g.inFlight += len(entering)
		if p == Background {
			g.upkeep += len(entering)
		}
	}
}

// room is how many requests of a priority may enter, after those before it.
func (g *Gate) room(p Priority) int {
	room := g.limit - g.inFlight
	switch {
	case p == Backlog && g.upkeep == 0:
		room-- // the last place
	case p == Background && len(g.waiting[Backlog]) > 0:
		room = min(room, 1-g.upkeep) // nothing but the last place
	}
	return max(room, 0)
}
