package work

import (
	"context"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/wait"
)

// outages are the Chatwoots that seem to be away, by address. They are kept in
// memory: after a restart a lane that rests goes on when its rest ends. Each is
// watched by one goroutine of the pool, which ends with it.
type outages struct {
	mu  sync.Mutex
	all map[string]*outage
}

type outage struct {
	// resting are the lanes that wait for the end, and until when they rest.
	resting map[journal.LaneKey]time.Time
	// confirmed says that not only one lane's request failed: without that, a
	// lane which alone fails would be woken again and again.
	confirmed bool
}

// rest notes a lane that rests, and reports whether an outage begins with it.
func (o *outages) rest(url string, lane journal.LaneKey, until time.Time) (begins bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.all == nil {
		o.all = map[string]*outage{}
	}
	if o.all[url] == nil {
		o.all[url], begins = &outage{resting: map[journal.LaneKey]time.Time{}}, true
	}
	o.all[url].resting[lane] = until
	return begins
}

// confirm notes that a Chatwoot is away for everyone.
func (o *outages) confirm(url string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if at := o.all[url]; at != nil {
		at.confirmed = true
	}
}

// drain gives the lanes that rest for a Chatwoot, once; none if it was not
// away.
func (o *outages) drain(url string) map[journal.LaneKey]time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	at := o.all[url]
	if at == nil {
		return nil
	}
	lanes := at.resting
	if !at.confirmed {
		lanes = nil
	}
	at.resting, at.confirmed = map[journal.LaneKey]time.Time{}, false
	return lanes
}

// goesOn reports whether lanes still rest for a Chatwoot. If none does, its
// outage is over, and the next rest begins another.
func (o *outages) goesOn(url string, now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	at := o.all[url]
	for lane, until := range at.resting {
		if until.Before(now) { // it goes on by itself, or its line is gone
			delete(at.resting, lane)
		}
	}
	if len(at.resting) == 0 {
		delete(o.all, url)
	}
	return len(at.resting) > 0
}

const (
	// downEvery is the probe interval while Chatwoot refuses connections; such
	// probes cost it nothing. unwellEvery is the interval while it answers with
	// errors.
	downEvery   = 100 * time.Millisecond
	unwellEvery = time.Second
	// probeTimeout bounds one probe: an answer that takes longer is none.
	probeTimeout = 10 * time.Second
)

// awaitReturn notes a lane that rests because its line's Chatwoot is away, and
// has that Chatwoot watched.
func (p *Pool) awaitReturn(at Chatwoot, lane journal.LaneKey, until time.Time) {
	if p.outages.rest(at.URL(), lane, until) {
		p.running.Go(func() { p.watchOutage(at) }) // a worker calls: nobody waits for none yet
	}
}

// watchOutage probes a Chatwoot until it is back or nothing waits for it.
func (p *Pool) watchOutage(at Chatwoot) {
	for pause := downEvery; wait.Sleep(p.ctx, pause) && p.outages.goesOn(at.URL(), p.cfg.Clock()); {
		err := p.cfg.Guard.Run("looking for a Chatwoot", func() error {
			ctx, cancel := context.WithTimeout(p.ctx, probeTimeout)
			defer cancel()
			return at.Probe(ctx)
		})
		if chatwoot.IsUnreached(err) {
			p.outages.confirm(at.URL())
		}
		if pause = unwellEvery; chatwoot.IsDown(err) {
			pause = downEvery
		}
		p.endOutage(p.ctx, at)
	}
}

// endOutage lets the lanes go on that rest for a Chatwoot which answers again:
// after an outage the backlog drains at its pace, not at that of the rests.
func (p *Pool) endOutage(ctx context.Context, at Chatwoot) {
	if at.Away() {
		return
	}
	lanes := p.outages.drain(at.URL())
	if len(lanes) == 0 {
		return
	}
	for _, line := range p.cfg.Lines.All() { // what waited is a backlog beside what is written now
		if line.Chatwoot().URL() != at.URL() {
			continue
		}
		if err := p.cfg.Journal.Sink(ctx, line.ID(), journal.In); err != nil && ctx.Err() == nil {
			p.cfg.Log.Warn("what waited is not told from what is new", "error", err)
		}
	}
	if err := p.cfg.Journal.HastenLanes(ctx, lanes); err != nil && ctx.Err() == nil {
		p.cfg.Log.Warn("waiting lanes are not woken", "error", err)
	}
}
