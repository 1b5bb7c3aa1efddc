package chatwoot

import (
	"context"
	"errors"
	"time"

	"github.com/wootbridge/wootbridge/internal/wait"
)

// readBackoff is the pause before a question is asked again, readAttempts how
// often it is asked.
var readBackoff = wait.Backoff{First: 200 * time.Millisecond, Most: 800 * time.Millisecond}

const readAttempts = 4

// RetryRead asks Chatwoot again, a few times, what it has failed to answer: work
// that takes many questions would begin anew for one of them, and would never
// end where one in twenty fails. A Chatwoot that does not run is not asked
// again. read must change nothing there.
func RetryRead(ctx context.Context, read func() error) error {
	for attempt := 0; ; attempt++ {
		err := read()
		var unavailable *UnavailableError
		if !errors.As(err, &unavailable) || unavailable.Down || attempt+1 == readAttempts || !wait.Sleep(ctx, readBackoff.After(attempt)) {
			return err
		}
	}
}

// RetryReadPastLimit is RetryRead that also asks again what Chatwoot's rate
// limit has refused: the client lets the question through when the limit is
// over.
func RetryReadPastLimit(ctx context.Context, read func() error) error {
	for {
		err := RetryRead(ctx, read)
		var limited *RateLimitedError
		if !errors.As(err, &limited) || ctx.Err() != nil {
			return err
		}
	}
}
