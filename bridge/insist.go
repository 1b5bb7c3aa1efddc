package bridge

import (
	"context"
	"errors"
	"time"

	"github.com/wootbridge/wootbridge/chatwoot"
)

const (
	// insistFirst is the pause before a question is asked again; each further
	// one is twice as long, up to insistMost.
	insistFirst = 200 * time.Millisecond
	insistMost  = 800 * time.Millisecond
)

// insist asks Chatwoot again, a few times, what it has failed to answer: work
// that takes many questions would begin anew for one of them, and would never
// end where one in twenty fails. A Chatwoot that does not run is not asked
// again. ask must change nothing there.
func insist(ctx context.Context, ask func() error) error {
	for pause := insistFirst; ; pause *= 2 {
		err := ask()
		var unavailable *chatwoot.UnavailableError
		if !errors.As(err, &unavailable) || unavailable.Down || pause > insistMost {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-timer.C:
		}
	}
}

// outlast is insist that also asks again what Chatwoot's rate limit has refused:
// the client lets the question through when the limit is over.
func outlast(ctx context.Context, ask func() error) error {
	for {
		err := insist(ctx, ask)
		var limited *chatwoot.RateLimitedError
		if !errors.As(err, &limited) || ctx.Err() != nil {
			return err
		}
	}
}
