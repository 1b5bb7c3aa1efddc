package chatwoottest

import (
	"context"
	"sync"
	"time"
)

// capacity is the one queue that every message creation passes: however many
// requests are in flight, so many per second come out.
type capacity struct {
	rate float64 // per second; 0 = no limit

	mu   sync.Mutex
	next time.Time
}

func (c *capacity) wait(ctx context.Context) error {
	c.mu.Lock()
	if c.rate <= 0 {
		c.mu.Unlock()
		return nil
	}
	now := time.Now()
	if c.next.Before(now) {
		c.next = now
	}
	c.next = c.next.Add(time.Duration(float64(time.Second) / c.rate))
	until := c.next.Sub(now)
	c.mu.Unlock()
	if !pause(ctx, until) {
		return ctx.Err()
	}
	return nil
}

// SetMessagesPerSecond changes the capacity; 0 lifts the limit.
func (s *Server) SetMessagesPerSecond(rate float64) {
	s.capacity.mu.Lock()
	defer s.capacity.mu.Unlock()
	s.capacity.rate = rate
}
