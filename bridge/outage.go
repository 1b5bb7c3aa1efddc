package bridge

import (
	"context"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/journal"
)

// awayMost bounds how long a lane rests while its Chatwoot is away; that it is
// back wakes the lane sooner.
const awayMost = time.Minute

// outages are the lanes that rest because a Chatwoot was away. They are kept in
// memory: after a restart such a lane goes on when its rest ends.
type outages struct {
	mu      sync.Mutex
	resting map[string]map[journal.LaneKey]time.Time // by Chatwoot; until when
}

// rest notes a lane that rests.
func (o *outages) rest(chatwoot string, lane journal.LaneKey, until time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.resting == nil {
		o.resting = map[string]map[journal.LaneKey]time.Time{}
	}
	if o.resting[chatwoot] == nil {
		o.resting[chatwoot] = map[journal.LaneKey]time.Time{}
	}
	o.resting[chatwoot][lane] = until
}

// take gives the lanes that rest for a Chatwoot, once.
func (o *outages) take(chatwoot string) map[journal.LaneKey]time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	lanes := o.resting[chatwoot]
	delete(o.resting, chatwoot)
	return lanes
}

// endOutage lets the lanes go on that rest for a Chatwoot which answers again:
// after an outage the backlog drains at its pace, not at that of the rests.
func (b *Bridge) endOutage(ctx context.Context, chatwoot string) {
	if b.gate(chatwoot).Away() {
		return
	}
	lanes := b.outages.take(chatwoot)
	if len(lanes) == 0 {
		return
	}
	if err := b.journal.HastenLanes(ctx, lanes); err != nil && ctx.Err() == nil {
		b.log.Warn("waiting lanes are not woken", "error", err)
	}
}
