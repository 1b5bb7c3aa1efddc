package work

import (
	"sync"

	"github.com/wootbridge/wootbridge/bridge/journal"
)

// slots limits how many workers of a crew one destination may occupy, so that a
// hanging one cannot starve the rest. A destination is a Chatwoot, or the
// WhatsApp session of a line.
type slots struct {
	mu    sync.Mutex
	inUse map[slot]int
}

type slot struct {
	crew        *crew
	destination string
}

func destination(queue journal.Queue, line Line) string {
	if queue == journal.Out {
		return line.ID()
	}
	return line.Chatwoot().URL()
}

func (s *slots) used(at slot) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inUse[at]
}

// acquire takes one of a destination's slots, or says that there is none.
func (s *slots) acquire(at slot, limit int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inUse[at] >= limit {
		return false
	}
	if s.inUse == nil {
		s.inUse = map[slot]int{}
	}
	s.inUse[at]++
	return true
}

func (s *slots) release(at slot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inUse[at]--; s.inUse[at] == 0 {
		delete(s.inUse, at)
	}
}

// claimable are the lines whose lanes a crew may claim, each with its
// destination, and how many workers one destination may have: all while it is
// the only one.
func (p *Pool) claimable(c *crew) (lines map[string]string, limit int) {
	lines, all := map[string]string{}, map[string]bool{}
	for _, line := range p.cfg.Lines.All() {
		if !line.Ready(c.queue) {
			continue
		}
		to := destination(c.queue, line)
		lines[line.ID()], all[to] = to, true
	}
	if limit = c.workers; len(all) > 1 {
		limit = max(1, c.workers/2)
	}
	for id, to := range lines {
		if p.slots.used(slot{c, to}) >= limit {
			delete(lines, id)
		}
	}
	return lines, limit
}
