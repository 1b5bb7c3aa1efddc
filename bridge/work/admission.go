package work

import (
	"time"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/internal/wait"
)

// admission lets an append claim its lane if the lane could begin at once.
type admission struct{ p *Pool }

// Admit implements journal.Admission.
func (a admission) Admit(e journal.Entry) journal.Place {
	line, ok := a.p.cfg.Lines.Line(e.Lane.Line)
	if !ok || a.p.ctx.Err() != nil || !line.Ready(e.Lane.Queue) || a.p.suspects.any(e.Lane.Line) {
		return nil
	}
	at, room := placeFor(line, e.Lane.Queue, !e.Backlog)
	if e.Delay > 0 {
		return resting{a.p, at, room, e.Delay}
	}
	if !a.p.places.acquire(at, room) {
		return nil
	}
	return admitted{a.p, at}
}

// admitted is a place that is kept for a lane.
type admitted struct {
	p  *Pool
	at place
}

// Begin implements journal.Place.
func (a admitted) Begin(lease *journal.Lease, _ time.Time) { a.p.beginLane(lease, a.at) }

// Cancel implements journal.Place.
func (a admitted) Cancel() { a.p.giveBack(a.at) }

// resting is for a lane that takes a place only when it has rested.
type resting struct {
	p    *Pool
	at   place
	room int
	most time.Duration // should the clock be set meanwhile
}

// Begin implements journal.Place.
func (r resting) Begin(lease *journal.Lease, notBefore time.Time) {
	began := r.p.begin(func() {
		if !wait.Sleep(r.p.ctx, min(r.most, notBefore.Sub(r.p.cfg.Clock()))) || !r.p.places.acquire(r.at, r.room) {
			_ = lease.Yield(r.p.work, r.p.cfg.Clock())
			return
		}
		r.p.drainAt(lease, r.at)
	})
	if !began {
		_ = lease.Yield(r.p.work, r.p.cfg.Clock())
	}
}

// Cancel implements journal.Place.
func (r resting) Cancel() {}
