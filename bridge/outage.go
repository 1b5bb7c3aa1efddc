package bridge

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// awayMost bounds how long a lane rests while its Chatwoot is away; that it is
// back wakes the lane sooner.
const awayMost = time.Minute

// outages are the Chatwoots that seem to be away, by address. They are kept in
// memory: after a restart a lane that rests goes on when its rest ends. Each is
// watched by one goroutine of the bridge, which ends with it.
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

// take gives the lanes that rest for a Chatwoot, once; none if it was not
// away.
func (o *outages) take(url string) map[journal.LaneKey]time.Time {
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
	// downEvery is the pause between two looks for a Chatwoot that does not
	// run, which cost it nothing, unwellEvery for one that answers with errors.
	downEvery   = 100 * time.Millisecond
	unwellEvery = time.Second
	// lookTimeout bounds one look: an answer that takes longer is none.
	lookTimeout = 10 * time.Second
)

// awaitReturn notes a lane that rests because its line's Chatwoot is away, and
// has that Chatwoot watched.
func (b *Bridge) awaitReturn(r *runtime, lane journal.LaneKey, until time.Time) {
	if b.outages.rest(r.line.ChatwootURL, lane, until) {
		b.inBackground(func() { b.watchOutage(r) })
	}
}

// watchOutage looks for a Chatwoot until it is back or nothing waits for it. It
// asks for what Chatwoot reads from its database, without which it is no good;
// an answer that refuses is one.
func (b *Bridge) watchOutage(r *runtime) {
	url, pause := r.line.ChatwootURL, downEvery
	for {
		timer := time.NewTimer(pause)
		select {
		case <-b.ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		if !b.outages.goesOn(url, b.cfg.Clock()) {
			return
		}
		err := b.isolate(func() error {
			ctx, cancel := context.WithTimeout(b.ctx, lookTimeout)
			defer cancel()
			_, err := r.desk.WithPriority(chatwoot.Upkeep).Inbox(ctx, r.line.Inbox)
			return err
		})
		var unavailable *chatwoot.UnavailableError
		if errors.As(err, &unavailable) {
			b.outages.confirm(url)
		}
		if pause = unwellEvery; chatwoot.IsDown(err) {
			pause = downEvery
		}
		b.endOutage(b.ctx, url)
	}
}

// endOutage lets the lanes go on that rest for a Chatwoot which answers again:
// after an outage the backlog drains at its pace, not at that of the rests.
func (b *Bridge) endOutage(ctx context.Context, url string) {
	if b.gate(url).Away() {
		return
	}
	lanes := b.outages.take(url)
	if len(lanes) == 0 {
		return
	}
	if err := b.journal.HastenLanes(ctx, lanes); err != nil && ctx.Err() == nil {
		b.log.Warn("waiting lanes are not woken", "error", err)
	}
}
