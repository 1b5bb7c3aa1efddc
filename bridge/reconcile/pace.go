package reconcile

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/time/rate"

	"github.com/wootbridge/wootbridge/internal/wait"
)

const (
	// perSecond is how many requests a second the comparisons of all lines of one
	// Chatwoot make together. A small Chatwoot answers about 16, and people wait
	// for the others.
	perSecond = 2
	// atOnce is how many of them may follow on each other.
	atOnce = 2
)

// Pace bounds how often the lines of one Chatwoot ask it something for their
// comparisons. A nil Pace bounds nothing.
type Pace struct {
	limiter *rate.Limiter
	clock   func() time.Time
}

func newPace(clock func() time.Time, perSecond float64) *Pace {
	return &Pace{limiter: rate.NewLimiter(rate.Limit(perSecond), atOnce), clock: clock}
}

// Wait waits until so many requests may be made, which are atOnce at most. Lines
// take turns.
func (p *Pace) Wait(ctx context.Context, requests int) error {
	if p == nil {
		return nil
	}
	now := p.clock()
	turn := p.limiter.ReserveN(now, requests)
	if !wait.Sleep(ctx, turn.DelayFrom(now)) {
		turn.CancelAt(p.clock())
		return fmt.Errorf("wait for a turn to ask Chatwoot: %w", ctx.Err())
	}
	return nil
}

const (
	// soonest is how long a reply may take that only a comparison finds, while one
	// line is all that asks, and latest how long however many they are.
	soonest = 5 * time.Second
	latest  = 5 * time.Minute
	// perComparison is how many requests each line then has for a comparison: one
	// for the list, if it shares that with no other line, and three for the
	// conversations in which something happened.
	perComparison = 4
)

// Interval is how long there may be between the comparisons of a line whose
// Chatwoot has no other way to tell of replies, when that is so for a number of
// its lines. So many lines have perComparison requests each in that time:
// lines * perComparison / perSecond, which is 2 s for each line, and 5 s at least.
// When more has happened a comparison takes longer, at the same pace.
func Interval(lines int) time.Duration {
	return min(max(soonest, time.Duration(lines)*perComparison*time.Second/perSecond), latest)
}
