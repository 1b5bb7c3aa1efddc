package whatsapp

import (
	"sync"
	"time"
)

// brokenPause is how often the next connection is made at once after a stream
// broke; more often, there is a pause as after any loss.
const brokenPause = time.Minute

// unreadPause is for how long a frame that the library cannot read is only
// counted, after one that ended the connection. Such a frame is not
// acknowledged: if it is the stanza that is odd and not the stream, it comes
// again with every connection, and must not stop the line.
const unreadPause = time.Hour

// streamBroken ends a connection whose stream can no longer be read. Otherwise the
// line would receive nothing until pings went unanswered for minutes.
func (c *connection) streamBroken() {
	if !c.pairing {
		c.endBroken(connectionEnd{code: StateDisconnected, broken: true})
		return
	}
	end := connectionEnd{code: StateNew, reason: "The connection to WhatsApp broke. Try again."}
	if c.s.State().JID != "" {
		end = connectionEnd{code: StateConnecting} // linked already
	}
	c.endBroken(end)
}

// endBroken counts a broken stream once, however many frames reveal it.
func (c *connection) endBroken(e connectionEnd) {
	if c.brokenOnce.CompareAndSwap(false, true) {
		c.s.cfg.Count("broken stream")
		c.s.cfg.Log.Warn("the connection to WhatsApp cannot be read any more; connecting again")
		c.end(e)
	}
}

// rarely reports whether an event is the first one for some time.
type rarely struct {
	pause time.Duration

	mu   sync.Mutex
	last time.Time
}

func (r *rarely) first(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.last.IsZero() && now.Sub(r.last) < r.pause {
		return false
	}
	r.last = now
	return true
}
