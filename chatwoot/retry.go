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

// RetryRead repeats a read that Chatwoot failed to answer, a few times. Otherwise
// work of many reads would start over after one failure and would never finish
// where one read in twenty fails. A Chatwoot that does not run is not asked again.
// read must change nothing there.
func RetryRead(ctx context.Context, read func() error) error {
	for attempt := 0; ; attempt++ {
		err := read()
		if !IsUnreached(err) || IsDown(err) || attempt+1 == readAttempts || !wait.Sleep(ctx, readBackoff.After(attempt)) {
			return err
		}
	}
}

// RetryReadPastLimit is RetryRead that also repeats a read which Chatwoot's rate
// limit refused: the client holds the request back until the limit is over.
func RetryReadPastLimit(ctx context.Context, read func() error) error {
	for {
		err := RetryRead(ctx, read)
		var limited *RateLimitedError
		if !errors.As(err, &limited) || ctx.Err() != nil {
			return err
		}
	}
}
