package inbox

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// DefaultDoubt is for how long Chatwoot must have said that a line cannot go on
// before the line stops.
const DefaultDoubt = time.Minute

// askedWithin is for how long an answer to a question of a witness is as good as a
// new one: every lane of the line asks it.
const askedWithin = 2 * time.Second

// witness asks Chatwoot itself, without any message's content, whether what one
// answer said is so. What is hard to undo follows only from what was confirmed
// twice, some time apart, and by nothing else in between.
type witness struct {
	mu    sync.Mutex
	since time.Time // of the first confirmation of those in a row
	cause lines.PauseCause
	asked time.Time
	last  error
}

// Confirmed asks whether a line has to stop for a cause, and reports whether that
// has been so for long enough.
func (x *Inbox) Confirmed(ctx context.Context, cause lines.PauseCause) (bool, error) {
	if !cause.MayPass() {
		return true, nil // it is our own, and needs no witness
	}
	w := &x.witness
	w.mu.Lock()
	defer w.mu.Unlock()
	if now := x.cfg.Clock(); w.cause != cause || now.Sub(w.asked) >= askedWithin {
		if w.cause != cause {
			w.since = time.Time{}
		}
		w.last = Stands(ctx, x.At(chatwoot.Background), x.cfg.Line)
		w.cause, w.asked = cause, now
	}
	switch found, refused := Cause(w.last); {
	case !refused || found != cause:
		w.since = time.Time{}
		return false, ctx.Err()
	case w.since.IsZero():
		w.since = x.cfg.Clock()
	}
	return x.cfg.Clock().Sub(w.since) >= x.cfg.Doubt, nil
}

// Stands asks whether a line can go on: whether Chatwoot accepts its token, and
// shows its inbox for it.
func Stands(ctx context.Context, client *chatwoot.Client, line lines.Line) error {
	if _, err := client.Profile(ctx); err != nil {
		return err
	}
	_, err := client.Inbox(ctx, line.Inbox)
	return err
}

// Cause is why a line has to stop of which Stands says that it cannot go on; false
// where that says nothing of the line.
func Cause(err error) (lines.PauseCause, bool) {
	var unauthorized *chatwoot.UnauthorizedError
	switch {
	case errors.As(err, &unauthorized):
		return lines.PausedByToken, true
	case chatwoot.IsNotFound(err):
		return lines.PausedByInbox, true
	}
	return "", false
}
