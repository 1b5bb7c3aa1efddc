package intake

import "sync"

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
