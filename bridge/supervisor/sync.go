package supervisor

import (
	"context"
	"errors"
	"fmt"

	"github.com/wootbridge/wootbridge/bridge/lines"
)

// sync renews what is ours, claims what is free, and makes every line's runner
// what SQL says it should be.
func (s *Supervisor) sync(ctx context.Context) error {
	// Before renewing: a line whose runner ends meanwhile is given back, so it is
	// not ours whatever the renewal says.
	ending := s.endingLines()
	held, until, err := s.owner.renew(ctx)
	if err != nil {
		return err
	}
	s.cutOff.Store(false)
	s.expiry.Reset(until.Sub(s.cfg.Clock()) - s.owner.margin())
	all, err := s.cfg.Store.List(ctx)
	if err != nil {
		return err
	}
	known := map[lines.ID]bool{}
	var failures []error
	for _, line := range all {
		known[line.ID] = true
		if ending[line.ID] {
			continue
		}
		if err := s.syncLine(ctx, line, held[line.ID]); err != nil {
			failures = append(failures, fmt.Errorf("line %s: %w", line.ID, err))
		}
	}
	for _, r := range s.All() {
		if !known[r.Line().ID] {
			s.replace(r, nil)
		}
	}
	return errors.Join(failures...)
}

func (s *Supervisor) syncLine(ctx context.Context, line lines.Line, ours bool) error {
	s.mu.Lock()
	r, ending := s.running[line.ID], s.ending[line.ID]
	s.mu.Unlock()
	if ending != nil {
		return nil // it requests a sync when it has ended
	}
	onProbation := false
	if !line.Paused() && !ours && s.owner.free(line.Held) {
		var err error
		if ours, onProbation, err = s.claim(ctx, line); err != nil {
			return err
		}
	}
	active := ours && !line.Paused()
	if r != nil && r.Active() == active && r.Serves(line) {
		r.Update(line)
		return nil
	}
	next, err := s.cfg.New(line, active, onProbation)
	if err != nil {
		return err
	}
	s.replace(r, next)
	return nil
}

// replace puts next in the place of r and ends r; either may be nil. While the
// old runner ends, the line takes webhooks but has no connection.
func (s *Supervisor) replace(r, next Runner) {
	id, ends := replaced(r, next), r != nil && r.Active()
	if ends && next != nil {
		next = next.Idle() // the sync after the end makes it active
	}
	ended := make(chan struct{})
	s.mu.Lock()
	if s.running[id] != r {
		s.mu.Unlock()
		return // it was replaced meanwhile
	}
	if ends {
		s.ending[id] = ended
	}
	if next == nil {
		delete(s.running, id)
	} else {
		s.running[id] = next
		if next.Active() {
			next.Start() // under the lock: nobody ends what has not begun
		}
	}
	s.mu.Unlock()
	if ends {
		s.ends.Go(func() { s.end(r, id, ended) })
	}
	s.cfg.Changed(id)
}

// end ends a runner and gives its line back.
func (s *Supervisor) end(r Runner, id lines.ID, ended chan struct{}) {
	r.Stop()
	if err := s.owner.relinquish(context.WithoutCancel(s.ctx), id); err != nil {
		s.cfg.Log.Warn("the line cannot be given back; others wait until its lease ends", "line", string(id), "error", err)
	}
	s.mu.Lock()
	delete(s.ending, id)
	s.mu.Unlock()
	close(ended)
	s.RequestSync()
}

func replaced(r, next Runner) lines.ID {
	if r != nil {
		return r.Line().ID
	}
	return next.Line().ID
}

// expired ends every connection: the lease on the lines could not be renewed,
// and another process may take them. It does not wait for a sync, which may
// itself be waiting for the database.
func (s *Supervisor) expired() {
	s.cfg.Log.Error("the lease on the lines could not be renewed; disconnecting until the database answers")
	s.cutOff.Store(true)
	for _, r := range s.All() {
		if r.Active() {
			s.replace(r, r)
		}
	}
}

func (s *Supervisor) endingLines() map[lines.ID]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	ending := map[lines.ID]bool{}
	for id := range s.ending {
		ending[id] = true
	}
	return ending
}
