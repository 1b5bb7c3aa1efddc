package bridge

import (
	"context"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/compose"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// turn is what an out lane does next: a job now, or nothing for a while.
type turn struct {
	job  journal.Job
	wait time.Duration
	// offline says that the connection is what is waited for.
	offline bool
	// looked is the runtime's count of looks when this one began.
	looked int64
}

// outLane is an out lane while it is drained.
type outLane struct {
	*runtime
	lease *journal.Lease
	ids   messageIDs
}

// Next implements work.Lane.
func (l *outLane) Next(ctx context.Context, jobs []journal.Job) work.Turn {
	next := l.nextOut(ctx, l.lease, jobs, l.ids)
	turn := work.Turn{Job: next.job, Wait: next.wait}
	if next.offline {
		turn.Yielded = func(ctx context.Context) error { return l.yielded(ctx, next) }
	}
	return turn
}

// nextOut picks the job to do next: of the agents' messages that wait, the one
// with the lowest Chatwoot id, so that swapped webhooks leave in Chatwoot's
// order. A message waits a moment for one that is still on its way, and while
// webhooks are late Chatwoot is asked for it.
func (r *runtime) nextOut(ctx context.Context, lease *journal.Lease, jobs []journal.Job, ids messageIDs) turn {
	best := ids.lowest(jobs)
	if best.Kind == jobCreated && best.Attempt == 0 {
		if wait := r.settings().OrderWait() - r.b.cfg.Clock().Sub(best.Created); wait > 0 {
			return turn{job: best, wait: wait}
		}
		if r.arriving.before(ids.of(best)) {
			return turn{job: best, wait: arrivingLook}
		}
		if r.late(best) {
			if wait := r.fetchEarlier(ctx, lease, best); wait > 0 {
				return turn{job: best, wait: wait}
			}
		}
	}
	if connected(r.session) || isConversationLane(lease.Lane().Chat) {
		return turn{job: best}
	}
	return r.waitForPhone(ctx, lease, best)
}

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
	if best.Kind != jobCreated {
		return best
	}
	lowest := ids.of(best)
	for _, job := range jobs[1:] {
		if job.Kind != jobCreated {
			continue
		}
		if id := ids.of(job); id < lowest {
			best, lowest = job, id
		}
	}
	return best
}

const (
	// lateWebhook is from when on webhooks count as late: a short wait does
	// not put swapped ones in order any more.
	lateWebhook = time.Second
	// lateFor is how long one late or lost webhook makes the others suspect.
	lateFor = 30 * time.Second
	// lateReach is how far back a webhook that did not come yet is looked for.
	lateReach = 5 * time.Minute
)

// arrivingLook is how often a lane looks whether an earlier message's webhook,
// which is here already, is in the journal.
const arrivingLook = 10 * time.Millisecond

// arrivals are the messages whose webhooks are being stored right now. A slow
// database must not let a later message pass.
type arrivals struct {
	mu  sync.Mutex
	ids map[chatwoot.MessageID]int
}

// begin notes that a message's webhook is here; the result ends that.
func (a *arrivals) begin(id chatwoot.MessageID) (end func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ids == nil {
		a.ids = map[chatwoot.MessageID]int{}
	}
	a.ids[id]++
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.ids[id]--; a.ids[id] == 0 {
			delete(a.ids, id)
		}
	}
}

// before reports whether a message with a lower id is arriving. It may be of
// another chat: then nothing is lost but a moment.
func (a *arrivals) before(id chatwoot.MessageID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for other := range a.ids {
		if other < id {
			return true
		}
	}
	return false
}

// webhookLag follows how late an inbox's webhooks come, and which messages
// left last. It is kept in memory only: after a restart Chatwoot is asked once
// more than necessary.
type webhookLag struct {
	mu       sync.Mutex
	lateAt   time.Time // when a late webhook came last
	lostAt   time.Time // when one was lost last
	lastSent lastSent
	lookedTo lastSent // up to which message Chatwoot was asked for earlier ones
}

// note takes the arrival of a webhook into account.
func (l *webhookLag) note(created, now time.Time) {
	if created.IsZero() || now.Sub(created) <= lateWebhook {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lateAt = now
}

func (l *webhookLag) late(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.lateAt.IsZero() && now.Sub(l.lateAt) < lateFor
}

func (l *webhookLag) noteLost(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lostAt = now
}

func (l *webhookLag) lost(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.lostAt.IsZero() && now.Sub(l.lostAt) < lateFor
}

// sent records that a message leaves, and reports whether a later one left
// before it.
func (l *webhookLag) sent(chat string, id chatwoot.MessageID) (overtaken bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if id < l.lastSent.of(chat) {
		return true
	}
	l.lastSent.set(chat, id)
	return false
}

// looked reports whether Chatwoot was asked for all of a chat before a message.
func (l *webhookLag) looked(chat string, id chatwoot.MessageID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return id <= l.lookedTo.of(chat)
}

// noteLooked says that all before a message is in its place, or was asked for in
// vain.
func (l *webhookLag) noteLooked(chat string, id chatwoot.MessageID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lookedTo.set(chat, max(id, l.lookedTo.of(chat)))
}

func (l *webhookLag) last(chat string) chatwoot.MessageID {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lastSent.of(chat)
}

// late reports whether an earlier message's webhook may still be on its way, or
// was lost.
func (r *runtime) late(job journal.Job) bool {
	return job.Created.Sub(job.At) > lateWebhook || r.incomplete() || r.lag.late(r.b.cfg.Clock())
}

// webhookLost asks for a pass that finds the message of a webhook that was lost.
// Until it has, later messages look for those before them: Chatwoot does not
// repeat a webhook. A pass may be under way that began too early to find it, so
// the next one that ends is not believed at once.
func (r *runtime) webhookLost() {
	r.lag.noteLost(r.b.cfg.Clock())
	r.compared.Store(false)
	r.webhooksMissed()
}

// incomplete reports whether the journal may lack messages whose webhooks
// Chatwoot has tried to deliver, and has turned red therefore.
func (r *runtime) incomplete() bool { return !r.compared.Load() || r.lag.lost(r.b.cfg.Clock()) }

const (
	// foundEarlier is the wait after which there are lower ids.
	foundEarlier = time.Millisecond
	// storeAgain is how soon earlier messages are asked for again that could
	// not be stored.
	storeAgain = 500 * time.Millisecond
)

// fetchEarlier asks Chatwoot, once for each message, for those before it whose
// webhooks did not come yet, and journals them as if they had: their webhooks
// then find the key taken. The message waits for as long as is said, for them.
// That it was asked for is kept in memory only: a process that died may have
// been about to journal what it had found.
func (r *runtime) fetchEarlier(ctx context.Context, lease *journal.Lease, job journal.Job) (wait time.Duration) {
	chat := lease.Lane().Chat
	e, err := chatwoot.ParseEvent(job.Payload)
	if err != nil || r.lag.looked(chat, e.Message.ID) {
		return 0
	}
	r.b.metrics.lateWebhooks.Inc()
	var listed []chatwoot.Message
	err = chatwoot.RetryRead(ctx, func() (err error) {
		listed, err = r.desk.Messages(ctx, e.Conversation.ID, r.lag.last(chat), e.Message.ID)
		return err
	})
	if err != nil {
		r.log.Debug("earlier messages cannot be asked for", "error", err)
		r.lag.noteLooked(chat, e.Message.ID)
		return 0
	}
	for _, m := range listed {
		if !r.awaited(m, e.Message) {
			continue
		}
		appended, err := r.journalEarlier(ctx, lease.Lane(), e, m)
		if err != nil {
			r.log.Warn("an earlier message cannot be stored", "error", err)
			return storeAgain
		}
		if appended {
			wait = foundEarlier
		}
	}
	r.lag.noteLooked(chat, e.Message.ID)
	return wait
}

// awaited reports whether a listed message is one whose webhook is expected, or
// may have been lost, which turns it red. In lists its time
// is in whole seconds.
func (r *runtime) awaited(m, before chatwoot.Message) bool {
	expected := m.Status == string(idmap.Sent) && m.Attributes.ExternalError == "" || m.Status == string(idmap.Failed) && r.incomplete()
	return m.ID < before.ID && expected && compose.Sendable(m) &&
		m.CreatedAt.Add(time.Second).After(r.line.Created) && before.CreatedAt.Sub(m.CreatedAt.Time) < lateReach
}

func (r *runtime) journalEarlier(ctx context.Context, lane journal.LaneKey, around chatwoot.Event, m chatwoot.Message) (bool, error) {
	line := string(r.line.ID)
	known, err := r.b.ids.AgentMessage(ctx, line, int64(m.ID))
	if err != nil || known.State != idmap.AgentUnseen {
		return false, err
	}
	if old, err := r.beforeLine(ctx, m); err != nil || old {
		return false, err
	}
	raw, err := chatwoot.EncodeCreated(m, around)
	if err != nil {
		return false, err
	}
	return r.b.journal.Append(ctx, journal.Entry{Lane: lane, Dedupe: createdKey(line, m.ID), Kind: jobCreated, Payload: raw, At: m.CreatedAt.Time})
}
