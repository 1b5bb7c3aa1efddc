package listen

import (
	"sync"
	"time"
)

// Verdict is whether a way works.
type Verdict string

// The verdicts.
const (
	Unknown Verdict = "unknown" // nothing has come by it yet, and nothing had to
	Works   Verdict = "works"
	Closed  Verdict = "closed"
)

// Status is a way as people see it.
type Status struct {
	Way     Way
	Verdict Verdict
	Since   time.Time
	Reason  Reason // of a way that is closed
}

// Unused reports whether the line does not use the way, and does not miss it.
func (s Status) Unused() bool { return s.Reason.Code == Off || s.Reason.Code == NoAddress }

// Sentence says a way's status to people.
func (s Status) Sentence() string {
	switch s.Verdict {
	case Works:
		return "Works."
	case Unknown:
		return "Ready; nothing has come by it yet."
	}
	return s.Reason.Sentence()
}

const (
	// failuresToClose is how many webhooks in a row must have failed, over at
	// least failingFor, before Chatwoot counts as unable to reach the bridge: a
	// proxy that starts again must not close the way.
	failuresToClose = 3
	failingFor      = time.Minute
	// quietFor is after how long without a sign a way is tried.
	quietFor = 10 * time.Minute
)

// Ways is what is known of a line's two ways.
type Ways struct {
	clock func() time.Time
	// changed is told when a verdict has changed.
	changed func()

	mu   sync.Mutex
	ways map[Way]*way
	// heardAt is closed and replaced whenever something came.
	heardAt chan struct{}
}

// way is one of them. Guarded by Ways.mu.
type way struct {
	status   Status
	heard    time.Time // when something came last
	failed   int       // in a row, without a sign in between
	failedAt time.Time // the first of them
}

// NewWays makes Ways of which nothing is known.
func NewWays(clock func() time.Time, changed func()) *Ways {
	now := clock()
	known := func(name Way) *way { return &way{status: Status{Way: name, Verdict: Unknown, Since: now}} }
	return &Ways{
		clock: clock, changed: changed, heardAt: make(chan struct{}),
		ways: map[Way]*way{Webhook: known(Webhook), Live: known(Live)},
	}
}

// Status are both ways as they are now, the webhook first.
func (w *Ways) Status() []Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	return []Status{w.ways[Webhook].status, w.ways[Live].status}
}

// Of is one way as it is now.
func (w *Ways) Of(name Way) Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ways[name].status
}

// Closed reports whether a way does not work.
func (w *Ways) Closed(name Way) bool { return w.Of(name).Verdict == Closed }

// Heard notes that something of the line's inbox came by a way. A webhook that
// was on its way does not open a way that is closed: only a trial does.
func (w *Ways) Heard(name Way) {
	w.update(name, func(x *way) {
		x.heard, x.failed = w.clock(), 0
		close(w.heardAt)
		w.heardAt = make(chan struct{})
		if x.status.Verdict == Unknown || name == Live {
			w.set(x, Works, Reason{})
		}
	})
}

// Failed notes that something did not come by a way, and reports whether that
// closed it.
func (w *Ways) Failed(name Way, why Reason) (closed bool) {
	w.update(name, func(x *way) {
		now := w.clock()
		if x.failed == 0 {
			x.failedAt = now
		}
		x.failed++
		enough := x.failed >= failuresToClose && now.Sub(x.failedAt) >= failingFor
		if x.status.Verdict != Closed && (enough || why.hopeless()) {
			w.set(x, Closed, why)
			closed = true
		}
	})
	return closed
}

// Close says that a way does not work.
func (w *Ways) Close(name Way, why Reason) {
	w.update(name, func(x *way) { w.set(x, Closed, why) })
}

// Open says that a way may work, as far as is known.
func (w *Ways) Open(name Way) {
	w.update(name, func(x *way) {
		x.failed = 0
		if x.status.Verdict == Closed {
			x.heard = time.Time{}
			w.set(x, Unknown, Reason{})
		}
	})
}

// HeardSince says by which ways something came since a time; the channel is closed
// when more comes.
func (w *Ways) HeardSince(since time.Time) (heard map[Way]bool, more <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	heard = map[Way]bool{}
	for name, x := range w.ways {
		heard[name] = !x.heard.Before(since)
	}
	return heard, w.heardAt
}

// HeardBefore reports whether nothing came by a way since a time.
func (w *Ways) HeardBefore(name Way, at time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ways[name].heard.Before(at)
}

// Failing reports whether what came last of a way is that something did not come
// by it.
func (w *Ways) Failing(name Way) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	x := w.ways[name]
	return x.failed > 0 || x.status.Verdict == Closed && !x.status.Unused()
}

// None reports whether no way works: then only comparisons with Chatwoot's
// messages bring what agents write.
func (w *Ways) None() bool { return w.Closed(Webhook) && w.Closed(Live) }

// Quiet reports whether a way is to be tried: it should work, and gave no sign for
// a while, or never.
func (w *Ways) Quiet(name Way) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	x := w.ways[name]
	return x.status.Verdict != Closed && (x.status.Verdict == Unknown || w.clock().Sub(x.heard) >= quietFor)
}

// update changes a way, and tells if its verdict or reason is another one then.
func (w *Ways) update(name Way, change func(*way)) {
	w.mu.Lock()
	x := w.ways[name]
	before := x.status
	change(x)
	changed := before.Verdict != x.status.Verdict || before.Reason != x.status.Reason
	w.mu.Unlock()
	if changed {
		w.changed()
	}
}

// set is under the lock.
func (w *Ways) set(x *way, verdict Verdict, why Reason) {
	if x.status.Verdict != verdict {
		x.status.Since = w.clock()
	}
	x.status.Verdict, x.status.Reason = verdict, why
}
