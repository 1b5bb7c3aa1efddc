package chatwoot

import (
	"container/heap"
	"context"
	"errors"
	"sync"
	"time"
)

// Priority is the turn of a request at the Gate, lowest first.
type Priority int

// The priorities: what a person waits for comes first, a backlog last.
const (
	Live Priority = iota
	Status
	Upkeep
	Backlog
)

// Gate limits the requests in flight to one Chatwoot. More requests at once
// only make each slower there, so the limit adapts: it halves when Chatwoot
// limits the rate, fails or stops answering, and grows by one after a run of
// good answers. Of a Chatwoot that does not run nothing is known any more: what
// comes back has just started, with the limit that every Gate begins with.
// Waiters enter by priority, then in order. A backlog never takes the last
// place, so that a live message finds one free. After a 429 nobody enters
// until the window reopens. A nil Gate lets everything through.
type Gate struct {
	mu       sync.Mutex
	limit    int
	inFlight int
	good     int
	shut     time.Time
	away     bool
	waiting  waiters
	order    uint64
	clock    func() time.Time
}

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
	g.order++
	w := &waiter{priority: p, order: g.order, ready: make(chan struct{})}
	heap.Push(&g.waiting, w)
	g.admit()
	g.mu.Unlock()
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
		return g.leaveQueue(ctx, w)
	}
}

func (g *Gate) leaveQueue(ctx context.Context, w *waiter) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-w.ready: // admitted at the same moment: give the place back
		g.inFlight--
		g.admit()
	default:
		heap.Remove(&g.waiting, w.index)
	}
	return &UnavailableError{Err: ctx.Err()}
}

// Leave gives the place back and tells how the request went.
func (g *Gate) Leave(err error, took time.Duration) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	var limited *RateLimitedError
	var unavailable *UnavailableError
	var ambiguous *AmbiguousError
	g.away = errors.As(err, &unavailable) || errors.As(err, &ambiguous)
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
	g.inFlight--
	g.admit()
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

// Away reports whether the last request that ended found Chatwoot away.
func (g *Gate) Away() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.away
}

func (g *Gate) shrink() { g.limit, g.good = max(gateMin, g.limit/2), 0 }

// admit lets waiters in while there is room.
func (g *Gate) admit() {
	for len(g.waiting) > 0 && !g.clock().Before(g.shut) {
		room := g.limit - g.inFlight
		if g.waiting[0].priority == Backlog {
			room-- // the last place is for live traffic
		}
		if room <= 0 {
			return
		}
		w := heap.Pop(&g.waiting).(*waiter)
		g.inFlight++
		close(w.ready)
	}
}

type waiter struct {
	priority Priority
	order    uint64
	index    int
	ready    chan struct{}
}

type waiters []*waiter

func (w waiters) Len() int { return len(w) }
func (w waiters) Less(i, j int) bool {
	if w[i].priority != w[j].priority {
		return w[i].priority < w[j].priority
	}
	return w[i].order < w[j].order
}
func (w waiters) Swap(i, j int) {
	w[i], w[j] = w[j], w[i]
	w[i].index, w[j].index = i, j
}
func (w *waiters) Push(x any) {
	item := x.(*waiter)
	item.index = len(*w)
	*w = append(*w, item)
}
func (w *waiters) Pop() any {
	old := *w
	item := old[len(old)-1]
	*w = old[:len(old)-1]
	return item
}
