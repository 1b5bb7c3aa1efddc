package intake

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/chatwoot"
)

const (
	// overdueAfter is from when on an event counts as late: a short wait does not
	// put swapped ones in order any more.
	overdueAfter = time.Second
	// suspectFor is how long one late or lost event makes the others suspect.
	suspectFor = 30 * time.Second
	// missingFor is how long a message does of which no way has told: there was
	// not even a failure, so more may be gone without a trace.
	missingFor = 10 * time.Minute
)

// Arrivals is what is known of how an inbox's events arrive. It is kept in memory
// only: after a restart Chatwoot is asked once more than necessary.
type Arrivals struct {
	clock  func() time.Time
	theirs func(own time.Time) time.Time // a time as Chatwoot's clock shows it
	// Tell, if set, tells the process that holds the line's connection, which is
	// another one, that an event was lost; Ask asks it for a comparison. They do not
	// wait.
	Tell, Ask func()
	// Listen, if set, looks for what other processes have told this one.
	Listen func(ctx context.Context)
	// requests has room for one: a comparison that is asked for twice is one.
	requests chan struct{}
	// caughtUp says that what agents wrote while no process listened is in the
	// journal, so that later messages do not overtake it.
	caughtUp atomic.Bool
	// compared says that a comparison with Chatwoot's messages was finished.
	// Until then each message looks for those before it.
	compared atomic.Bool

	mu        sync.Mutex
	arriving  map[chatwoot.MessageID]int // being stored right now
	overdueAt time.Time                  // when a late event came last
	lostAt    time.Time                  // when one was lost last
	missingAt time.Time                  // when a comparison found one last that no way had told of
	behind    map[chatwoot.ConversationID]chatwoot.MessageID
	sent      lastByChat // what left last
	askedUpTo lastByChat // up to which message Chatwoot was asked for earlier ones
}

// NewArrivals makes Arrivals of which nothing is known. theirs gives a time of our
// clock as Chatwoot's shows it.
func NewArrivals(clock func() time.Time, theirs func(own time.Time) time.Time) *Arrivals {
	return &Arrivals{clock: clock, theirs: theirs, requests: make(chan struct{}, 1), arriving: map[chatwoot.MessageID]int{}}
}

// Begin notes that a message's event is here; the result ends that. A slow
// database must not let a later message pass.
func (a *Arrivals) Begin(id chatwoot.MessageID) (end func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.arriving[id]++
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.arriving[id]--; a.arriving[id] == 0 {
			delete(a.arriving, id)
		}
	}
}

// ArrivingBefore reports whether a message with a lower id is arriving. It may be
// of another chat: then nothing is lost but a moment.
func (a *Arrivals) ArrivingBefore(id chatwoot.MessageID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for other := range a.arriving {
		if other < id {
			return true
		}
	}
	return false
}

// Note takes the arrival of an event into account, by when its message was
// written.
func (a *Arrivals) Note(created time.Time) {
	now := a.clock()
	if created.IsZero() || a.theirs(now).Sub(atLatest(created)) <= overdueAfter {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.overdueAt = now
}

// atLatest is the latest moment that a time of Chatwoot's may stand for: the live
// channel and lists give whole seconds.
func atLatest(written time.Time) time.Time {
	if written.Nanosecond() == 0 {
		return written.Add(time.Second)
	}
	return written
}

// Overdue reports whether the event of a message before the job's may still be on
// its way, or was lost.
func (a *Arrivals) Overdue(job journal.Job) bool {
	return a.theirs(job.RecordedAt).Sub(atLatest(job.OccurredAt)) > overdueAfter || a.Incomplete() || a.recently(&a.overdueAt, suspectFor)
}

// Hear takes into account what other processes have told: one of them may have lost
// the event of an earlier message.
func (a *Arrivals) Hear(ctx context.Context) {
	if a.Listen != nil {
		a.Listen(ctx)
	}
}

// Incomplete reports whether the journal may lack messages whose events Chatwoot
// has tried to deliver, and has turned red therefore.
func (a *Arrivals) Incomplete() bool {
	return !a.compared.Load() || a.recently(&a.lostAt, suspectFor) || a.recently(&a.missingAt, missingFor)
}

func (a *Arrivals) recently(at *time.Time, period time.Duration) bool {
	now := a.clock()
	a.mu.Lock()
	defer a.mu.Unlock()
	return !at.IsZero() && now.Sub(*at) < period
}

// NoteLost asks for a comparison that finds the message of an event that was
// lost. Until it has, later messages look for those before them: Chatwoot does
// not repeat an event. A comparison may be under way that began too early to find
// it, so the next one that ends is not believed at once.
func (a *Arrivals) NoteLost() {
	now := a.clock()
	a.mu.Lock()
	a.lostAt = now
	a.mu.Unlock()
	a.compared.Store(false)
	if a.Tell != nil {
		a.Tell()
	}
	a.RequestComparison()
}

// NoteBehind records which conversations are behind the comparison of the others, and
// up to which message each was compared.
func (a *Arrivals) NoteBehind(behind map[chatwoot.ConversationID]chatwoot.MessageID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.behind = behind
}

// AnyBehind reports whether any conversation is.
func (a *Arrivals) AnyBehind() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.behind) > 0
}

// Behind gives up to which message a conversation was compared that is behind; false for
// all others.
func (a *Arrivals) Behind(c chatwoot.ConversationID) (chatwoot.MessageID, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	upTo, found := a.behind[c]
	return upTo, found
}

// NoteMissing records that a comparison has found a message of which no way had
// told. For a while later messages look for those before them.
func (a *Arrivals) NoteMissing() {
	now := a.clock()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.missingAt = now
}

// RequestComparison asks for a comparison with Chatwoot's messages soon.
func (a *Arrivals) RequestComparison() {
	if a.Ask != nil {
		a.Ask()
	}
	select {
	case a.requests <- struct{}{}:
	default:
	}
}

// Requests has a value when a comparison was asked for.
func (a *Arrivals) Requests() <-chan struct{} { return a.requests }

// NoteCompared records that a comparison was finished, and reports whether that
// had not been so.
func (a *Arrivals) NoteCompared() (first bool) { return !a.compared.Swap(true) }

// CatchUp records that what agents wrote while nobody listened is in the journal,
// or is not waited for any longer.
func (a *Arrivals) CatchUp() { a.caughtUp.Store(true) }

// CaughtUp reports whether agents' messages may leave.
func (a *Arrivals) CaughtUp() bool { return a.caughtUp.Load() }

// Sent records that a message leaves, and reports whether a later one of its
// chat left before it.
func (a *Arrivals) Sent(chat string, id chatwoot.MessageID) (overtaken bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if id < a.sent.of(chat) {
		return true
	}
	a.sent.set(chat, id)
	return false
}

// LastSent is the message of a chat that left last, or 0.
func (a *Arrivals) LastSent(chat string) chatwoot.MessageID {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.sent.of(chat)
}

// AskedBefore reports whether Chatwoot was asked for all of a chat before a
// message.
func (a *Arrivals) AskedBefore(chat string, id chatwoot.MessageID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return id <= a.askedUpTo.of(chat)
}

// NoteAsked says that all before a message is in its place, or was asked for in
// vain.
func (a *Arrivals) NoteAsked(chat string, id chatwoot.MessageID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.askedUpTo.set(chat, max(id, a.askedUpTo.of(chat)))
}

// ForgetIDs forgets which messages left last and were asked for: a Chatwoot that was
// restored gives lower ids than these.
func (a *Arrivals) ForgetIDs() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sent, a.askedUpTo = lastByChat{}, lastByChat{}
}

// rememberedChats is of how many chats at least lastByChat knows the last message.
const rememberedChats = 1000

// lastByChat is the last message of each chat in which there was one lately. What
// it forgets costs nothing: Chatwoot is then asked for earlier messages without a
// lower bound, and one that was overtaken is not counted.
type lastByChat struct {
	// Two halves: when the young one is full it becomes the old one, and the
	// chats that were silent meanwhile are forgotten with the one before.
	young, old map[string]chatwoot.MessageID
}

// of is the last message of a chat, or 0.
func (l *lastByChat) of(chat string) chatwoot.MessageID {
	if id, ok := l.young[chat]; ok {
		return id
	}
	return l.old[chat]
}

func (l *lastByChat) set(chat string, id chatwoot.MessageID) {
	if _, known := l.young[chat]; l.young == nil || !known && len(l.young) >= rememberedChats {
		l.young, l.old = map[string]chatwoot.MessageID{}, l.young
	}
	l.young[chat] = id
}
