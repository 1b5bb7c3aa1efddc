package bridge

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// verdict is what to do about a job that failed.
type verdict struct {
	action action
	// reason is for admins (in the journal); it holds nothing of a customer.
	reason string
	// after is when to try again, for retry.
	after time.Duration
	// away says that Chatwoot is what is waited for.
	away bool
}

type action int

const (
	retry action = iota // later, the lane waits
	pause               // the line stops until a person acts
	bury                // for ever, visibly
)

const (
	backoffFirst = 2 * time.Second
	backoffMost  = 5 * time.Minute
	// ambiguousWait is how long after a request without an answer it may still
	// be carried out; only then is its absence believed.
	ambiguousWait = 20 * time.Second
	// underWayWait is the same for the request of a process that died before
	// this one started: Chatwoot answers within half a second even under load.
	underWayWait = 5 * time.Second
	// linkWait is how often a receipt looks for its message.
	linkWait = 5 * time.Second
	// patientAttempts and patientTime bound a job that fails by itself, not
	// because its destination is away for everyone.
	patientAttempts = 8
	patientTime     = 10 * time.Minute
)

// judge sorts an error by what to do next.
func judge(err error, attempt int, firstFailed, now time.Time) verdict {
	v := verdict{reason: err.Error(), after: backoff(attempt)}
	var (
		unauthorized *chatwoot.UnauthorizedError
		invalidReq   *chatwoot.InvalidError
		tooLarge     *chatwoot.TooLargeError
		flood        *chatwoot.FloodError
		limited      *chatwoot.RateLimitedError
		ambiguous    *chatwoot.AmbiguousError
		unavailable  *chatwoot.UnavailableError
		refused      *whatsapp.PermanentError
		held         *whatsapp.HeldError
		broken       *panicked
		unfit        *fileError
		gone         *inboxGone
		later        *laterError
	)
	switch {
	case errors.As(err, &unauthorized), errors.As(err, &gone):
		v.action = pause
	case errors.As(err, &broken), errors.As(err, &invalidReq), errors.As(err, &tooLarge), errors.As(err, &refused), errors.As(err, &unfit),
		errors.Is(err, errParked):
		v.action = bury
	case errors.As(err, &later):
		v.after = later.after
	case errors.As(err, &held):
		v.after = max(v.after, held.Until.Sub(now))
	case errors.As(err, &flood):
		v.after = time.Minute
	case errors.As(err, &limited):
		v.after = limited.RetryAfter
	case errors.Is(err, errNoLinkYet):
		v.after = linkWait
	case errors.Is(err, errUnderWay):
		v.after = underWayWait
	case errors.As(err, &ambiguous):
		v.after = max(v.after, ambiguousWait)
	case errors.As(err, &unavailable):
		v.away, v.after = true, min(v.after, awayMost)
	case errors.Is(err, whatsapp.ErrNotConnected):
	default:
		if attempt+1 >= patientAttempts && !firstFailed.IsZero() && now.Sub(firstFailed) > patientTime {
			v.action = bury
		}
	}
	return v
}

func backoff(attempt int) time.Duration {
	d := min(backoffFirst<<min(attempt, 20), backoffMost)
	return d + rand.N(d/2+1)
}

// inboxGone says that the line's inbox does not exist any more.
type inboxGone struct{}

func (*inboxGone) Error() string { return "the inbox was deleted in Chatwoot" }

// panicked is a panic of a converter or a library, made an error.
type panicked struct{ value any }

func (p *panicked) Error() string { return "panic while handling the event" }

// pauseSentence says to people why a line stopped.
func pauseSentence(err error) string {
	var gone *inboxGone
	if errors.As(err, &gone) {
		return "The inbox was deleted in Chatwoot. Delete this line and create a new one."
	}
	return "Chatwoot does not accept the token any more. Create the line's token again, then resume."
}
