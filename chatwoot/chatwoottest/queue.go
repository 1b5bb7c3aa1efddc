package chatwoottest

import (
	"context"
	"time"
)

// queue holds the deliveries to come. Guarded by Server.mu.
type queue struct {
	jobs        []job
	last        int          // the last sequence number given out
	outstanding map[int]bool // queued, delayed or on its way
}

// enqueue adds a job and wakes a worker; the caller holds mu.
func (s *Server) enqueue(j job) {
	s.queue.last++
	j.seq = s.queue.last
	if j.delivery == "" {
		j.delivery = newUUID()
	}
	s.queue.outstanding[j.seq] = true
	s.queue.jobs = append(s.queue.jobs, j)
	s.touched()
}

// take waits for the next job.
func (s *Server) take(ctx context.Context) (job, bool) {
	for {
		s.mu.Lock()
		if len(s.queue.jobs) > 0 {
			j := s.queue.jobs[0]
			s.queue.jobs = s.queue.jobs[1:]
			s.mu.Unlock()
			return j, true
		}
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return job{}, false
		}
	}
}

// postpone gives a job back to the queue after a while.
func (s *Server) postpone(ctx context.Context, j job, d time.Duration) {
	s.running.Go(func() {
		if !pause(ctx, d) {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.queue.jobs = append(s.queue.jobs, j)
		s.touched()
	})
}

// done takes a job off the books.
func (s *Server) done(j job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.queue.outstanding, j.seq)
	s.touched()
}

// wait returns nil once the condition holds; it is asked under mu.
func (s *Server) wait(ctx context.Context, condition func() bool) error {
	for {
		s.mu.Lock()
		ok, changed := condition(), s.changed
		s.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// awaitDeliveries waits for the jobs numbered from+1 to to.
func (s *Server) awaitDeliveries(ctx context.Context, from, to int) {
	_ = s.wait(ctx, func() bool {
		for seq := from + 1; seq <= to; seq++ {
			if s.queue.outstanding[seq] {
				return false
			}
		}
		return true
	})
}

// WaitIdle waits until no webhook is queued, delayed or on its way.
func (s *Server) WaitIdle(ctx context.Context) error {
	return s.wait(ctx, func() bool { return len(s.queue.outstanding) == 0 })
}
