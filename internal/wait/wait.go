package wait

import (
	"context"
	"math/rand/v2"
	"time"
)

// Sleep waits for d, and reports whether all of it passed before ctx ended.
func Sleep(ctx context.Context, d time.Duration) bool { return Woken[struct{}](ctx, d, nil) == Elapsed }

// Cause says why a wait ended.
type Cause int

// The ends of a wait.
const (
	Elapsed Cause = iota // all of the time passed
	Signal               // somebody asked for it
	Ended                // the context ended
)

// Woken waits for d, for a value on wake, or for the end of ctx, and says which
// of them came. A nil channel never wakes.
func Woken[T any](ctx context.Context, d time.Duration, wake <-chan T) Cause {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return Ended
	case <-wake:
		return Signal
	case <-timer.C:
		return Elapsed
	}
}

// Backoff is a pause that doubles with every failure.
type Backoff struct {
	// First is the pause after the first failure, Most the longest one, both
	// before the jitter is added.
	First, Most time.Duration
	// Jitter is the largest share of the pause that is added at random, so that
	// what failed together does not come back together.
	Jitter float64
}

// After is the pause after a number of failures; 0 stands for the first one.
func (b Backoff) After(attempt int) time.Duration {
	pause := b.First
	for range attempt {
		if pause = 2 * pause; pause >= b.Most {
			pause = b.Most
			break
		}
	}
	pause = min(pause, b.Most)
	if spread := time.Duration(float64(pause) * b.Jitter); spread > 0 {
		pause += rand.N(spread + 1)
	}
	return pause
}
