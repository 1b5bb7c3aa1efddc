package admin

import (
	"sync"

	"github.com/wootbridge/wootbridge/bridge/lines"
)

// watchers are told when something about a line may have changed.
type watchers struct {
	mu  sync.Mutex
	all map[lines.ID]map[chan struct{}]bool
}

// Watch gives a channel that ticks whenever the line's state or queue may have
// changed; stop ends it.
func (s *Service) Watch(id lines.ID) (changed <-chan struct{}, stop func(), err error) {
	if _, ok := s.cfg.Lines.Find(id); !ok {
		return nil, nil, errNoLine
	}
	w, tick := &s.watchers, make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = map[lines.ID]map[chan struct{}]bool{}
	}
	if w.all[id] == nil {
		w.all[id] = map[chan struct{}]bool{}
	}
	w.all[id][tick] = true
	return tick, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.all[id], tick)
		if len(w.all[id]) == 0 {
			delete(w.all, id)
		}
	}, nil
}

// Changed lets the line's watchers look again; it does not wait.
func (s *Service) Changed(id lines.ID) {
	s.watchers.mu.Lock()
	defer s.watchers.mu.Unlock()
	for tick := range s.watchers.all[id] {
		select {
		case tick <- struct{}{}:
		default:
		}
	}
}
