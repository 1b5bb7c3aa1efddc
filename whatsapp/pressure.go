package whatsapp

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
)

const (
	// queueMost is how many stanzas may wait in the library's queue, which holds
	// 2,048 and shuffles what comes beyond that. It is less than half: a stanza that
	// the last connection's handler acknowledges late may be taken for one that
	// comes again on this one, and what lies before it is then counted as handled
	// too early.
	queueMost = 1000
	// stalledAfter is how long the library may take for one stanza until it is
	// thought to wait for an answer that lies behind those that are held back.
	stalledAfter = 250 * time.Millisecond
	// tricklePause is the time between two stanzas while it waits. Should they
	// exceed the queue, each has time to stand in line before the next one comes:
	// the library's goroutines wait at the queue in the order of their coming.
	tricklePause = 2 * time.Millisecond
	// heldLately is how long after stanzas were held back an answer to a ping may
	// still lie behind them.
	heldLately = 20 * time.Second
)

// pressure keeps the order of a flood: it stops reading from the server while
// more than the library's queue holds would wait there.
//
// The library handles stanzas in the order of their coming. So an answer that
// it gives to one of them, or an event that it makes of one, proves that
// everything before that stanza has left the queue. A pressure notes what comes,
// and forgets it, up to the stanza that is answered. What has no answer (typing,
// presence, the server's announcements) is forgotten with what comes after it,
// or at its event.
//
// It belongs to one websocket connection, as the library's queue does.
type pressure struct {
	// committing says that the stanza at hand waits for the Sink, and so for
	// nothing that comes from the server.
	committing *atomic.Int32

	mu       sync.Mutex
	waiting  []string // names of stanzas, in the order of their coming
	moved    time.Time
	held     time.Time     // when a stanza was held back last
	released bool          // the connection ends: nothing is committed any more
	progress chan struct{} // for the one reader
}

func newPressure(committing *atomic.Int32) *pressure {
	return &pressure{committing: committing, progress: make(chan struct{}, 1)}
}

// queuedTags are the stanzas that go through the library's queue; it has a
// handler for each.
var queuedTags = map[string]bool{
	"message": true, "status": true, "appdata": true, "receipt": true, "call": true, "chatstate": true, "presence": true,
	"notification": true, "success": true, "failure": true, "stream:error": true, "iq": true, "ib": true,
}

// came notes a stanza that the library is about to queue.
func (p *pressure) came(node *waBinary.Node) {
	if !queuedTags[node.Tag] {
		return
	}
	if kind := node.Attrs["type"]; node.Tag == "iq" && (kind == "result" || kind == "error") {
		return // goes to whoever asked
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 {
		p.moved = time.Now()
	}
	id, _ := node.Attrs["id"].(string)
	p.waiting = append(p.waiting, nameOf(node.Tag, id))
}

// nameOf names a stanza by its kind and, where it is acknowledged, its id.
func nameOf(tag, id string) string {
	if tag == "chatstate" || tag == "presence" || tag == "ib" {
		return tag
	}
	return tag + " " + id
}

// answered notes a stanza that the library sends. Each that comes gets at most
// one of these; read receipts and requests to send a message again do not count.
func (p *pressure) answered(node *waBinary.Node) {
	id, _ := node.Attrs["id"].(string)
	switch kind, _ := node.Attrs["type"].(string); {
	case node.Tag == "ack":
		class, _ := node.Attrs["class"].(string)
		p.left(nameOf(class, id))
	case node.Tag != "receipt":
	case kind == "" || kind == string(types.ReceiptTypeInactive) || kind == string(types.ReceiptTypeSender) || kind == string(types.ReceiptTypePeerMsg):
		p.left(nameOf("message", id))
	}
}

// told notes an event that the library makes of a stanza without an answer.
func (p *pressure) told(event any) {
	switch event.(type) {
	case *events.ChatPresence:
		p.left("chatstate")
	case *events.Presence:
		p.left("presence")
	case *events.OfflineSyncPreview, *events.OfflineSyncCompleted:
		p.left("ib")
	}
}

// left says that the stanza of this name has left the queue. Of several it is the
// first, which is never too much.
func (p *pressure) left(name string) {
	p.mu.Lock()
	i := slices.Index(p.waiting, name)
	if i >= 0 {
		p.waiting = p.waiting[i+1:]
		p.moved = time.Now()
	}
	p.mu.Unlock()
	if i >= 0 {
		p.wake()
	}
}

func (p *pressure) wake() {
	select {
	case p.progress <- struct{}{}:
	default:
	}
}

// release ends the holding back.
func (p *pressure) release() {
	p.mu.Lock()
	p.released = true
	p.mu.Unlock()
	p.wake()
}

// admit waits until the queue has room for a stanza, or the connection closes.
func (p *pressure) admit(closed <-chan struct{}) {
	for {
		wait, free := p.room()
		if free {
			return
		}
		trickle := wait <= 0
		if trickle {
			wait = tricklePause
		}
		timer := time.NewTimer(wait)
		select {
		case <-p.progress:
			trickle = false
		case <-timer.C:
		case <-closed:
			timer.Stop()
			return
		}
		timer.Stop()
		if trickle {
			return
		}
	}
}

// room says whether the queue has room; if not, how long to wait for a sign of
// the library, and 0 when it has given none for too long.
func (p *pressure) room() (wait time.Duration, free bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.released || len(p.waiting) < queueMost {
		return 0, true
	}
	now := time.Now()
	p.held = now
	if p.committing.Load() > 0 {
		return stalledAfter, false
	}
	return max(0, stalledAfter-now.Sub(p.moved)), false
}

// heldBack reports whether answers of the server may lie behind stanzas that are
// or were held back.
func (p *pressure) heldBack() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.held.IsZero() && time.Since(p.held) < heldLately
}
