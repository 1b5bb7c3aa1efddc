package work

import (
	"maps"
	"slices"
	"time"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/internal/wait"
)

// claimBatch is how many lanes are claimed in one commit at most: after an outage
// thousands wait.
const claimBatch = 16

// dispatch claims the lanes of one queue that no append has claimed, as long as
// their destinations have places, until the pool stops.
func (p *Pool) dispatch(queue journal.Queue) {
	for p.ctx.Err() == nil {
		pause, begun := p.claimOnce(queue)
		if !begun {
			wait.Woken(p.ctx, pause, p.signals[queue].C())
		}
	}
}

// claimOnce claims some lanes and begins them; if there were none, it says when to
// look again.
func (p *Pool) claimOnce(queue journal.Queue) (pause time.Duration, begun bool) {
	pause = pollEvery
	if p.claimSuspect(queue) {
		return 0, true
	}
	for _, class := range []journal.Class{journal.Live, journal.Backlog} {
		lines, n := p.roomy(queue, class == journal.Live)
		if len(lines) == 0 {
			continue
		}
		filter := journal.Filter{Lines: slices.Sorted(maps.Keys(lines)), Queue: queue, Class: class}
		leases, err := p.cfg.Journal.ClaimMany(p.ctx, filter, min(n, claimBatch))
		if err != nil && p.ctx.Err() == nil {
			p.cfg.Log.Warn("no lane can be claimed", "error", err)
		}
		for _, lease := range leases {
			p.beginClaimed(lease, lines[lease.Lane().Line])
		}
		if len(leases) > 0 {
			return 0, true
		}
		if due, ok, err := p.cfg.Journal.NextDue(p.ctx, filter); err == nil && ok {
			pause = min(pause, max(due.Sub(p.cfg.Clock()), 5*time.Millisecond))
		}
	}
	return pause, false
}

// roomy are the lines whose lanes of a class may be claimed, and how many may begin.
func (p *Pool) roomy(queue journal.Queue, live bool) (lines map[string]Line, n int) {
	lines, counted := map[string]Line{}, map[place]bool{}
	for _, line := range p.cfg.Lines.All() {
		if !line.Ready(queue) || p.suspects.any(line.ID()) {
			continue
		}
		at, room := placeFor(line, queue, live)
		free := p.places.free(at, room)
		if free == 0 {
			p.places.noteFull(queue)
			if free = p.places.free(at, room); free == 0 { // also after that
				continue
			}
		}
		lines[line.ID()] = line
		if !counted[at] {
			counted[at] = true
			n += free
		}
	}
	return lines, n
}

// beginClaimed works on a lane that was claimed, unless others have taken the last
// of its places meanwhile. An unclean lane is never handed back here: that would
// erase the fact that it is unclean.
func (p *Pool) beginClaimed(lease *journal.Lease, line Line) {
	at, room := placeFor(line, lease.Lane().Queue, lease.Live())
	if lease.Unclean() {
		p.places.enter(at)
	} else if !p.places.acquire(at, room) {
		_ = lease.Yield(p.work, p.cfg.Clock())
		return
	}
	p.beginLane(lease, at)
}

// beginLane works on a lane, which has a place, in a goroutine of its own.
func (p *Pool) beginLane(lease *journal.Lease, at place) {
	if p.begin(func() { p.drainAt(lease, at) }) {
		return
	}
	p.giveBack(at) // the pool stops
	if !lease.Unclean() {
		_ = lease.Yield(p.work, p.cfg.Clock())
	}
}

// drainAt works on a lane at its place, and gives that back.
func (p *Pool) drainAt(lease *journal.Lease, at place) {
	h := &held{place: at, p: p}
	defer h.release()
	p.drain(lease, h)
}

// giveBack gives a place back and lets one that waits for it be claimed.
func (p *Pool) giveBack(at place) {
	if p.places.release(at) {
		p.signals[at.queue].Notify()
	}
}

// held is the place of a lane that is worked on. It is its goroutine's own.
type held struct {
	place
	p    *Pool
	away bool // given back for a while
}

func (h *held) release() {
	if !h.away {
		h.away = true
		h.p.giveBack(h.place)
	}
}

func (h *held) enter() {
	if h.away {
		h.away = false
		h.p.places.enter(h.place)
	}
}
