package chatwoot

import (
	"math"
	"slices"
	"time"
)

// limit finds how many requests in flight a Chatwoot answers best. It is the
// gradient of Netflix's concurrency-limits ("Performance Under Load", 2018), whose
// idea is that of TCP Vegas (Brakmo and Peterson, 1995): while answers take as long
// as ever, nothing queues, and one more may enter; when they take longer, what queues
// is size x (1 - fastest/now), and the size goes to where one request queues.
//
// Requests of different kinds take different times, so each kind is compared with
// itself. It is not safe for concurrent use.
type limit struct {
	size     float64
	starting bool // the size grows by one with each answer until something queues
	kinds    map[string]*pace
	answers  int // since the fastest answers were last looked for anew
	shrunk   time.Time
}

const (
	limitFirst = 4
	limitMin   = 2
	limitMax   = 64
	// queued is how many requests may queue: one, so that Chatwoot never waits for
	// the next.
	queued = 1
	// paceOf is of how many latest answers the fastest counts as how long answers take
	// now: some are slow for reasons of their own.
	paceOf = 16
	// tolerance is by how much slower answers count as no slower.
	tolerance = 1.15
	// indistinct is how long the fastest answers take between which nothing is told
	// apart.
	indistinct = 10 * time.Millisecond
	// growing is by how much one answer raises the size where nothing queues, once
	// something has.
	growing = 0.2
	// renewal is after how many answers the fastest ones are looked for anew: the way
	// to Chatwoot may have changed. For that the size is halved once.
	renewal = 2000
	// kindsMost bounds the kinds that are known.
	kindsMost = 64
)

// pace is how long answers to requests of a kind take.
type pace struct {
	fastest, before time.Duration // since the renewal, and before it
	latest          [paceOf]time.Duration
	n               int
}

func newLimit() limit { return limit{size: limitFirst, starting: true} }

// most is how many requests may be in flight.
func (l *limit) most() int { return int(l.size) }

// restart forgets the size: what is there now has just started.
func (l *limit) restart() { l.size, l.starting = limitFirst, true }

// halve is for an answer that says that there was too much.
func (l *limit) halve(now time.Time) { l.shrinkTo(max(limitMin, l.size/2), now) }

// answered takes in when a request began and how long a good answer took. full says
// that no more requests could have been in flight: otherwise nothing is known of a
// larger size.
func (l *limit) answered(kind string, began time.Time, took time.Duration, full bool) {
	took = max(took, indistinct)
	p := l.paceOf(kind)
	p.fastest = min(p.fastest, took)
	if began.Before(l.shrunk) {
		return // it says what was too much before
	}
	p.note(took)
	if l.answers++; l.answers >= renewal {
		l.renew()
		return
	}
	gradient := p.gradient()
	switch {
	case l.size*gradient+queued < l.size && p.n >= paceOf:
		l.shrinkTo(l.size*gradient+queued, began.Add(took))
	case !full, gradient < 1:
	case l.starting:
		l.size++
	default:
		l.size += growing
	}
	l.size = min(max(l.size, limitMin), limitMax)
}

// shrinkTo makes the size smaller. Only what begins from now on says how that is.
func (l *limit) shrinkTo(size float64, now time.Time) {
	l.size, l.starting, l.shrunk = size, false, now
	for _, p := range l.kinds {
		p.n = 0
	}
}

func (l *limit) paceOf(kind string) *pace {
	if l.kinds == nil || len(l.kinds) > kindsMost {
		l.kinds = map[string]*pace{}
	}
	if l.kinds[kind] == nil {
		l.kinds[kind] = &pace{fastest: math.MaxInt64, before: math.MaxInt64}
	}
	return l.kinds[kind]
}

// renew looks for the fastest answers anew.
func (l *limit) renew() {
	l.answers = 0
	for _, p := range l.kinds {
		p.before, p.fastest = p.fastest, math.MaxInt64
	}
	l.size = max(limitMin, l.size/2)
}

func (p *pace) note(took time.Duration) {
	p.latest[p.n%paceOf] = took
	p.n++
}

// gradient is 1 while answers are as fast as ever, and less when something queues.
func (p *pace) gradient() float64 {
	now := slices.Min(p.latest[:min(p.n, paceOf)])
	return min(1, tolerance*float64(min(p.fastest, p.before))/float64(now))
}
