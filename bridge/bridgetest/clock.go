package bridgetest

import (
	"sync/atomic"
	"time"
)

// Clock runs like the real one and can be put forward. Its zero value shows the
// real time.
type Clock struct{ ahead atomic.Int64 }

// ClockAt is a clock that shows the given time now.
func ClockAt(t time.Time) *Clock {
	c := &Clock{}
	c.Forward(time.Until(t))
	return c
}

// Now is the time that it shows.
func (c *Clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// Forward puts it forward.
func (c *Clock) Forward(d time.Duration) { c.ahead.Add(int64(d)) }
