package work

import (
	"errors"
	"time"

	"github.com/wootbridge/wootbridge/bridge/lines"
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
	// Pause is why the line stops, for Pause.
	Pause lines.Pause
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
)

// Trial is how a job has fared until now, beside the others that have the same
// destination.
type Trial struct {
	Attempt int // 0 is the first
	Now     time.Time
	// Alone counts the failures while others succeeded, and AloneFor is for how
	// long that has been so. A failure while others fail too begins anew.
	Alone    int
	AloneFor time.Duration
	// Quiet counts those while there was nobody to compare with.
	Quiet    int
	QuietFor time.Duration
}

// patience is when a job that fails alone is given up.
type patience struct {
	attempts int
	period   time.Duration
}

var (
	// forRefusal is for what Chatwoot refuses: it says so too of what it cannot do
	// at the moment, a migration or a full disk for instance.
	forRefusal = patience{3, time.Minute}
	// forFailure is for what fails, for whatever reason.
	forFailure = patience{8, 10 * time.Minute}
	// forNotice is for what tells people that a message was given up.
	forNotice = patience{16, 30 * time.Minute}
	// whileQuiet is for all where nobody else's message shows whether it is the
	// message's fault.
	whileQuiet = patience{8, time.Hour}
)

// over reports whether a job has failed alone for long enough.
func (p patience) over(t Trial) bool {
	return t.Alone >= p.attempts && t.AloneFor >= p.period ||
		t.Alone+t.Quiet >= whileQuiet.attempts && t.QuietFor >= whileQuiet.period
}

// Backoff is the pause after a failure for which nothing better is known.
var Backoff = wait.Backoff{First: 2 * time.Second, Most: 5 * time.Minute, Jitter: 0.5}

// sentenceUnauthorized says to people that Chatwoot refuses the token.
const sentenceUnauthorized = "Chatwoot does not accept the line's token. It is tried again every minute, and the line goes on by itself when it is accepted; give the line another token if it was changed in Chatwoot."

// Classify decides by the error of an attempt what comes next. It is the table of
// who failed (Chatwoot, something in front of it, nobody, WhatsApp), whether that
// is this job or everybody's trouble, and how often and how long:
//
//   - what a handler has made up its mind about is obeyed;
//   - what no attempt will ever do ends at once, visibly;
//   - what fails for everybody waits, uncounted, for as long as it takes;
//   - what fails for this job alone is counted, and ends visibly.
//
// whatsapp.AmbiguousError is among the failures: a repeat has the same message id,
// so it is harmless.
func Classify(err error, t Trial) Outcome {
	o := Outcome{Reason: err.Error(), After: Backoff.After(t.Attempt)}
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
		refused      *whatsapp.PermanentError
		reachOut     *whatsapp.ReachOutLimitedError
	)
	end := func(p patience) {
		if p.over(t) {
			o.Action = DeadLetter
		}
	}
	switch {
	case errors.As(err, &pause):
		o.Action, o.Pause = Pause, pause.Pause
	case errors.As(err, &unauthorized):
		o.Action, o.Pause = Pause, lines.Pause{Cause: lines.PausedByToken, Sentence: sentenceUnauthorized}
	case errors.As(err, &permanent), errors.As(err, &broken), errors.As(err, &panicked),
		errors.As(err, &tooLarge), errors.As(err, &refused):
		o.Action = DeadLetter
	case errors.As(err, &later):
		o.After = later.After
	case errors.Is(err, errManyFiles):
		o.After = fileRest
	case errors.As(err, &reachOut):
		o.After = max(o.After, reachOut.Until.Sub(t.Now))
	case errors.As(err, &flood):
		o.After = time.Minute
	case errors.As(err, &limited):
		o.After = limited.RetryAfter
	case errors.Is(err, whatsapp.ErrNotConnected), chatwoot.IsDown(err):
		o.Away, o.After = chatwoot.IsDown(err), min(o.After, awayMost)
	case errors.As(err, &invalid) && invalid.Certain:
		o.Action = DeadLetter
	case errors.As(err, &invalid):
		end(forRefusal)
	case errors.As(err, &ambiguous):
		if !ambiguous.Over {
			o.After = max(o.After, AmbiguousWait)
		}
		end(forFailure)
	case chatwoot.IsUnreached(err):
		o.Away, o.After = true, min(o.After, awayMost)
		end(forFailure)
	default:
		end(forFailure)
	}
	return o
}
