package bridge

import (
	"sync"

	"github.com/wootbridge/wootbridge/bridge/journal"
)

// shares keep one destination that hangs from taking all workers of a pool
// while there are others. A destination is a Chatwoot, or the WhatsApp session
// of a line.
type shares struct {
	mu   sync.Mutex
	busy map[share]int
}

type share struct {
	pool        *pool
	destination string
}

func destination(dir journal.Direction, line Line) string {
	if dir == journal.Out {
		return string(line.ID)
	}
	return line.ChatwootURL
}

func (s *shares) taken(sh share) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.busy[sh]
}

// enter takes one of a destination's places, or says that there is none.
func (s *shares) enter(sh share, places int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[sh] >= places {
		return false
	}
	if s.busy == nil {
		s.busy = map[share]int{}
	}
	s.busy[sh]++
	return true
}

func (s *shares) leave(sh share) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[sh]--; s.busy[sh] == 0 {
		delete(s.busy, sh)
	}
}

// claimable are the lines whose lanes a pool may claim, each with its
// destination, and how many workers one destination may have: all while it is
// the only one.
func (b *Bridge) claimable(p *pool) (lines map[string]string, places int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	lines, all := map[string]string{}, map[string]bool{}
	for id, r := range b.running {
		if !r.active || p.dir == journal.Out && !r.caughtUp.Load() {
			continue
		}
		to := destination(p.dir, r.line)
		lines[string(id)], all[to] = to, true
	}
	if places = p.workers; len(all) > 1 {
		places = max(1, p.workers/2)
	}
	for id, to := range lines {
		if b.shares.taken(share{p, to}) >= places {
			delete(lines, id)
		}
	}
	return lines, places
}
