package bridge

import (
	"context"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/whatsapp"
)

const (
	// floodEvents is how many waiting events the library's queue cannot keep in
	// order; floodWait bounds how long the order is waited for.
	floodEvents = 1000
	floodWait   = 2 * time.Minute
)

// flood pauses a line's inbound lanes while more events come in than the library
// keeps in order.
type flood struct {
	mu   sync.Mutex
	ends *time.Timer // nil while there is none
}

// Backlog implements whatsapp.Sink: WhatsApp says how many events wait, and with 0
// that all of them came.
func (r *lineRuntime) Backlog(events int) {
	if events == 0 && r.session.State().Code == whatsapp.StateConnected {
		r.noteSurvived() // all that waited came, and the process lives
	}
	r.flood.mu.Lock()
	defer r.flood.mu.Unlock()
	line := r.inbox.LineID()
	switch {
	case events > floodEvents && r.flood.ends == nil:
		r.b.journal.PauseDrain(line)
		r.flood.ends = time.AfterFunc(floodWait, func() { r.Backlog(0) })
	case events == 0 && r.flood.ends != nil:
		r.flood.ends.Stop()
		r.flood.ends = nil
		r.b.inBackground(func(ctx context.Context) {
			if err := r.b.journal.ResumeDrain(ctx, line); err != nil {
				r.log.Error("the backlog cannot be put in order", "error", err)
			}
		})
	}
}
