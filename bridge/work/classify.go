package work

import (
	"errors"
	"time"

	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/guard"
	"github.com/wootbridge/wootbridge/internal/wait"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// Outcome is what follows from a failed attempt.
type Outcome struct {
	Action Action
	// Reason is for admins (in the journal); it holds nothing of a customer.
	Reason string
	// Sentence says to people why the line stops, for Pause.
	Sentence string
	// After is when to try again, for Retry.
	After time.Duration
	// Away says that Chatwoot is what is waited for.
	Away bool
}

// Action is what is done with a job that failed.
type Action int

// The actions.
const (
	Retry      Action = iota // later, the lane waits
	Pause                    // the line stops until a person acts
	DeadLetter               // given up, visibly
)

const (
	// AmbiguousWait is how long after a request without an answer it may still
	// be carried out; only then is its absence believed.
	AmbiguousWait = 20 * time.Second
	// awayMost bounds how long a lane rests while its Chatwoot is away; that it
	// is back wakes the lane sooner.
	awayMost = time.Minute
	// patientAttempts and patientTime limit the attempts of a job that fails
	// while its destination works for others.
	patientAttempts = 8
	patientTime     = 10 * time.Minute
)

// Backoff is the pause after a failure for which nothing better is known.
var Backoff = wait.Backoff{First: 2 * time.Second, Most: 5 * time.Minute, Jitter: 0.5}

// sentenceUnauthorized says to people that Chatwoot refuses the token.
const sentenceUnauthorized = "Chatwoot does not accept the token any more. Create the line's token again, then resume."

// Classify decides by the error of an attempt what comes next. An error that a
// handler has made up its mind about is obeyed; of the others the clients' types
// say whether the message or its destination is to blame. whatsapp.AmbiguousError
// has no case on purpose: a repeat has the same message id, so it is harmless,
// and what is never answered ends after the attempts of the default case.
func Classify(err error, attempt int, firstFailed, now time.Time) Outcome {
	o := Outcome{Reason: err.Error(), After: Backoff.After(attempt)}
	var (
		pause        *PauseError
		permanent    *PermanentError
		later        *RetryError
		broken       *BrokenPayloadError
		panicked     *guard.PanicError
		unauthorized *chatwoot.UnauthorizedError
		invalid      *chatwoot.InvalidError
		tooLarge     *chatwoot.TooLargeError
		flood        *chatwoot.FloodError
		limited      *chatwoot.RateLimitedError
		ambiguous    *chatwoot.AmbiguousError
		unavailable  *chatwoot.UnavailableError
		refused      *whatsapp.PermanentError
		reachOut     *whatsapp.ReachOutLimitedError
	)
	switch {
	case errors.As(err, &pause):
		o.Action, o.Sentence = Pause, pause.Sentence
	case errors.As(err, &unauthorized):
		o.Action, o.Sentence = Pause, sentenceUnauthorized
	case errors.As(err, &permanent), errors.As(err, &broken), errors.As(err, &panicked),
		errors.As(err, &invalid), errors.As(err, &tooLarge), errors.As(err, &refused):
		o.Action = DeadLetter
	case errors.As(err, &later):
		o.After = later.After
	case errors.As(err, &reachOut):
		o.After = max(o.After, reachOut.Until.Sub(now))
	case errors.As(err, &flood):
		o.After = time.Minute
	case errors.As(err, &limited):
		o.After = limited.RetryAfter
	case errors.As(err, &ambiguous):
		o.After = max(o.After, AmbiguousWait)
	case errors.As(err, &unavailable):
		o.Away, o.After = true, min(o.After, awayMost)
	case errors.Is(err, whatsapp.ErrNotConnected):
	default:
		if attempt+1 >= patientAttempts && !firstFailed.IsZero() && now.Sub(firstFailed) > patientTime {
			o.Action = DeadLetter
		}
	}
	return o
}
