package intake

import (
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/chatwoot"
)

// rememberedTold is how many of the newest things at least are known that
// Chatwoot has told.
const rememberedTold = 2000

// told is what Chatwoot has told by one way, so that the other one, which tells
// the same a moment later, costs nothing. What it forgets is found in the journal.
type told struct {
	mu         sync.Mutex
	young, old map[string]bool // halves, as in lastByChat
}

// has reports whether something was told.
func (t *told) has(key string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.young[key] || t.old[key]
}

// note remembers that something was told, and reports whether it is new.
func (t *told) note(key string) (first bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.young[key] || t.old[key] {
		return false
	}
	if t.young == nil || len(t.young) >= rememberedTold {
		t.young, t.old = map[string]bool{}, t.young
	}
	t.young[key] = true
	return true
}

// lateRetry is how long after one way has told of a press of Retry the other one
// may tell the same press. A retry that fails at once is failed again by then.
const lateRetry = time.Minute

// retries are the presses of Retry that one of the two ways has told lately.
type retries struct {
	mu    sync.Mutex
	known map[chatwoot.MessageID]press
}

type press struct {
	live bool // the way that told it first
	at   time.Time
}

// toldByOther reports whether the other way has told of a press a moment ago, and
// otherwise remembers this one.
func (r *retries) toldByOther(id chatwoot.MessageID, live bool, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	before, ok := r.known[id]
	if ok && before.live != live && now.Sub(before.at) < lateRetry {
		return true
	}
	if r.known == nil || len(r.known) >= rememberedTold {
		r.known = map[chatwoot.MessageID]press{}
	}
	r.known[id] = press{live, now}
	return false
}
