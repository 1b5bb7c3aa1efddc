package outbound

import (
	"context"
	"time"

	"github.com/wootbridge/wootbridge/bridge/contacts"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// lane is an out lane while it is drained: it picks the job to do next.
type lane struct {
	h     *Handler
	lease *journal.Lease
	ids   messageIDs
}

// Open begins a drain of an out lane.
func (h *Handler) Open(lease *journal.Lease) work.Lane {
	return &lane{h: h, lease: lease, ids: messageIDs{}}
}

// arrivingLook is how often a lane looks whether an earlier message's event,
// which is here already, is in the journal.
const arrivingLook = 10 * time.Millisecond

// Next implements work.Lane. Of the agents' messages that wait, the one with the
// lowest Chatwoot id goes first, so that swapped events leave in Chatwoot's order.
// A message waits a moment for one that is still on its way, and while events are
// overdue Chatwoot is asked for it.
func (l *lane) Next(ctx context.Context, jobs []journal.Job) work.Turn {
	h, best := l.h, l.ids.lowest(jobs)
	if best.Kind == journal.KindCreated && best.Attempt == 0 {
		if pause := h.Inbox.Settings().OrderWait() - h.Clock().Sub(best.RecordedAt); pause > 0 {
			return work.Turn{Job: best, Wait: pause}
		}
		if h.Arrivals.ArrivingBefore(l.ids.of(best)) {
			return work.Turn{Job: best, Wait: arrivingLook}
		}
		h.Arrivals.Hear(ctx)
		if h.Arrivals.Overdue(best) || h.isBehind(best) {
			if pause := h.fetchEarlier(ctx, l.lease, best); pause > 0 {
				return work.Turn{Job: best, Wait: pause}
			}
		}
	}
	if h.connected() || contacts.IsConversationLane(l.lease.Lane().Chat) {
		return work.Turn{Job: best}
	}
	return h.waitForPhone(ctx, l.lease, best)
}

func (h *Handler) connected() bool { return h.Session.State().Code == whatsapp.StateConnected }

// messageIDs are Chatwoot's ids of jobs' messages, by job: each is read once,
// not with every turn of its lane.
type messageIDs map[int64]chatwoot.MessageID

func (ids messageIDs) of(job journal.Job) chatwoot.MessageID {
	id, ok := ids[job.ID]
	if !ok {
		if e, err := chatwoot.ParseEvent(job.Payload); err == nil {
			id = e.Message.ID
		}
		ids[job.ID] = id
	}
	return id
}

// lowest is the agent's message with the lowest id among those that wait. A
// deletion or a retry goes when it is first; in between it keeps nobody from
// being in order, for it speaks of another message.
func (ids messageIDs) lowest(jobs []journal.Job) journal.Job {
	best := jobs[0]
	if best.Kind != journal.KindCreated {
		return best
	}
	lowest := ids.of(best)
	for _, job := range jobs[1:] {
		if job.Kind != journal.KindCreated {
			continue
		}
		if id := ids.of(job); id < lowest {
			best, lowest = job, id
		}
	}
	return best
}
