package chatwoot

import (
	"net/http"
	"sync"
	"time"
)

const (
	// dateStep is how long a Date header stands for: it has whole seconds.
	dateStep = time.Second
	// sameClock is how far apart two clocks may be that count as the same.
	sameClock = 2 * time.Second
	// wrongClock is from which difference on people are told.
	wrongClock = time.Minute
	// driftShare is by which part of the time that passes a clock may wander from
	// another one; half a thousandth is what NTP steers by at most.
	driftShare = 2000
)

// clocks is how far Chatwoot's clock is from this machine's, by the dates of
// Chatwoot's answers. One answer tells it to a second and as long as the answer
// took; the next ones narrow that down, until one contradicts: then a clock was set.
type clocks struct {
	mu     sync.Mutex
	known  bool
	dated  bool          // answers come with a Date
	lo, hi time.Duration // what is to be added to our time, at least and at most
	at     time.Time     // when that was known last
	told   time.Duration // the difference that people were told of
	watch  func(ahead time.Duration)
}

// WatchClock has fn called when people are to be told that this machine's clock is
// ahead of Chatwoot's by a time, or behind it by a negative one; 0 says that it is
// right again. It is to be set before the Gate is used.
func (g *Gate) WatchClock(fn func(ahead time.Duration)) { g.clocks.watch = fn }

// Ahead is by how much this machine's clock is ahead of Chatwoot's, as people were
// told; negative is behind, and 0 is right, or not known.
func (g *Gate) Ahead() time.Duration {
	if g == nil {
		return 0
	}
	g.clocks.mu.Lock()
	defer g.clocks.mu.Unlock()
	return g.clocks.told
}

// Theirs is a time of this machine's clock as Chatwoot's shows it. One that the
// process has read itself stays right when this machine's clock is set meanwhile.
func (g *Gate) Theirs(own time.Time) time.Time {
	if g == nil || own.IsZero() {
		return own
	}
	difference := g.clocks.difference()
	if difference == 0 {
		return own
	}
	now := g.clock()
	// Without the reading of the monotonic clock, which no difference moves.
	return now.Add(-now.Sub(own)).Add(difference).Round(0)
}

// Ours is a time of Chatwoot's clock as this machine's shows it.
func (g *Gate) Ours(theirs time.Time) time.Time {
	if g == nil || theirs.IsZero() {
		return theirs
	}
	return theirs.Add(-g.clocks.difference())
}

// difference is what is to be added to our time, 0 where that is about the same.
func (c *clocks) difference() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.known || c.lo <= sameClock && c.hi >= -sameClock {
		return 0
	}
	return c.lo + (c.hi-c.lo)/2
}

// noteDate learns Chatwoot's time from an answer that took a time to come. What
// something in front has answered, or kept for others, says nothing of it.
func (g *Gate) noteDate(header http.Header, took time.Duration) {
	if g == nil || header.Get(requestID) == "" || header.Get("Age") != "" {
		return
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		g.noteTime(date, took, true)
	}
}

// noteTime learns that Chatwoot's clock showed a whole second during a request that
// has just ended and took a time. Without dates the rest of an answer may tell it.
func (g *Gate) noteTime(second time.Time, took time.Duration, dated bool) {
	if g == nil {
		return
	}
	now := g.clock()
	ended := second.Sub(now.Round(0))
	changed, told := g.clocks.learn(ended, ended+dateStep+max(took, 0), now, dated)
	if changed && g.clocks.watch != nil {
		g.clocks.watch(told)
	}
}

// learn takes a measurement in, and reports whether people are to be told of it.
func (c *clocks) learn(lo, hi time.Duration, now time.Time, dated bool) (changed bool, told time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dated && !dated {
		return false, 0
	}
	c.dated = dated
	if drift := max(now.Sub(c.at), 0) / driftShare; c.known && lo <= c.hi+drift && hi >= c.lo-drift {
		lo, hi = max(lo, c.lo-drift), min(hi, c.hi+drift)
	}
	c.known, c.lo, c.hi, c.at = true, lo, hi, now
	ahead := -(lo + (hi-lo)/2)
	if lo <= wrongClock && hi >= -wrongClock {
		ahead = 0
	}
	if (ahead == 0) == (c.told == 0) && (ahead-c.told).Abs() < wrongClock {
		return false, 0
	}
	c.told = ahead
	return true, ahead
}
