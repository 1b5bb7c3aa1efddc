package work_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/guard"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// fault is an answer, or what there is instead, and what follows from it: the first
// time, after an hour in which it was the same for everybody, and after an hour in
// which it was so for this job alone.
type fault struct {
	err                 error
	first, forAll, mine work.Action
	least               time.Duration // of the wait
}

var faults = map[string]fault{
	"token rotated":             {&chatwoot.UnauthorizedError{Status: 401}, work.Pause, work.Pause, work.Pause, 0},
	"inbox deleted":             {&work.PauseError{Pause: lines.Pause{Sentence: "gone"}, Err: errors.New("the inbox was deleted")}, work.Pause, work.Pause, work.Pause, 0},
	"flood guard":               {&chatwoot.FloodError{}, work.Retry, work.Retry, work.Retry, time.Minute},
	"rate limit":                {&chatwoot.RateLimitedError{RetryAfter: 40 * time.Second}, work.Retry, work.Retry, work.Retry, 40 * time.Second},
	"not running":               {&chatwoot.UnavailableError{Err: errors.New("refused"), Down: true}, work.Retry, work.Retry, work.Retry, work.Backoff.First},
	"away":                      {&chatwoot.UnavailableError{Err: errors.New("status 502")}, work.Retry, work.Retry, work.DeadLetter, work.Backoff.First},
	"no answer":                 {&chatwoot.AmbiguousError{Err: errors.New("broken")}, work.Retry, work.Retry, work.DeadLetter, work.AmbiguousWait},
	"an answer of 502":          {&chatwoot.AmbiguousError{Err: errors.New("status 502"), Over: true}, work.Retry, work.Retry, work.DeadLetter, work.Backoff.First},
	"a proxy's 404":             {&chatwoot.FrontError{Status: 404}, work.Retry, work.Retry, work.DeadLetter, work.Backoff.First},
	"a firewall":                {&chatwoot.FrontError{Status: 403, Page: true}, work.Retry, work.Retry, work.DeadLetter, work.Backoff.First},
	"a sign-in page":            {&chatwoot.FrontError{Status: 200, Page: true}, work.Retry, work.Retry, work.DeadLetter, work.Backoff.First},
	"an exception":              {&chatwoot.InvalidError{Status: 422}, work.Retry, work.Retry, work.DeadLetter, work.Backoff.First},
	"a plan without the API":    {&chatwoot.InvalidError{Status: 403}, work.Retry, work.Retry, work.DeadLetter, work.Backoff.First},
	"invalid":                   {&chatwoot.InvalidError{Status: 422, Certain: true}, work.DeadLetter, work.DeadLetter, work.DeadLetter, 0},
	"too large":                 {&chatwoot.TooLargeError{}, work.DeadLetter, work.DeadLetter, work.DeadLetter, 0},
	"deleted meanwhile":         {&chatwoot.NotFoundError{}, work.Retry, work.Retry, work.DeadLetter, work.Backoff.First},
	"WhatsApp away":             {whatsapp.ErrNotConnected, work.Retry, work.Retry, work.Retry, work.Backoff.First},
	"WhatsApp refuses":          {&whatsapp.PermanentError{Reason: "no_whatsapp", Err: errors.New("no")}, work.DeadLetter, work.DeadLetter, work.DeadLetter, 0},
	"WhatsApp does not answer":  {&whatsapp.AmbiguousError{Err: errors.New("no ack")}, work.Retry, work.Retry, work.DeadLetter, work.Backoff.First},
	"WhatsApp's files are away": {whatsapp.ErrUpload, work.Retry, work.Retry, work.DeadLetter, work.Backoff.First},
	"panic":                     {&guard.PanicError{Value: "boom"}, work.DeadLetter, work.DeadLetter, work.DeadLetter, 0},
	"broken payload":            {&work.BrokenPayloadError{Err: errors.New("bad")}, work.DeadLetter, work.DeadLetter, work.DeadLetter, 0},
	"a handler says never":      {&work.PermanentError{Err: errors.New("never")}, work.DeadLetter, work.DeadLetter, work.DeadLetter, 0},
	"a handler says when":       {&work.RetryError{After: time.Hour, Err: errors.New("later")}, work.Retry, work.Retry, work.Retry, time.Hour},
	"unheard of":                {errors.New("new"), work.Retry, work.Retry, work.DeadLetter, work.Backoff.First},
}

// Whatever the destination answers, a job waits, pauses its line, or ends where
// an agent sees it; what only the moment refuses is never given up.
func TestD04_EveryAnswerIsClassified(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	for name, f := range faults {
		err := fmt.Errorf("create a message: %w", f.err)
		first := work.Classify(err, work.Trial{Now: now, Alone: 1})
		require.Equal(t, f.first, first.Action, name)
		require.GreaterOrEqual(t, first.After, f.least, name)
		require.Equal(t, f.forAll, work.Classify(err, work.Trial{Now: now, Attempt: 1000}).Action, "%s, for everybody", name)
		mine := work.Trial{Now: now, Attempt: 20, Alone: 20, AloneFor: time.Hour}
		require.Equal(t, f.mine, work.Classify(err, mine).Action, "%s, for this job alone", name)
		quiet := work.Trial{Now: now, Attempt: 20, Quiet: 20, QuietFor: time.Hour}
		require.Equal(t, f.mine, work.Classify(err, quiet).Action, "%s, with nobody to compare with", name)
	}
}

// Patience never turns around: what ends, ends at every later attempt too, and
// nothing ends for what others fail with as well.
func TestK3_PatienceOnlyShrinks(t *testing.T) {
	t.Parallel()
	chance := rand.New(rand.NewPCG(1, 2))
	now := time.Unix(1_800_000_000, 0)
	for name, f := range faults {
		for range 200 {
			a := work.Trial{Now: now, Alone: chance.IntN(20), AloneFor: time.Duration(chance.Int64N(int64(time.Hour))), Quiet: chance.IntN(20), QuietFor: time.Duration(chance.Int64N(int64(2 * time.Hour)))}
			b := a
			b.Alone, b.AloneFor = b.Alone+chance.IntN(5), b.AloneFor+time.Duration(chance.Int64N(int64(time.Hour)))
			b.Quiet, b.QuietFor = b.Quiet+chance.IntN(5), b.QuietFor+time.Duration(chance.Int64N(int64(time.Hour)))
			if work.Classify(f.err, a).Action == work.DeadLetter {
				require.Equal(t, work.DeadLetter, work.Classify(f.err, b).Action, "%s: %+v, then %+v", name, a, b)
			}
			all := work.Trial{Now: now, Attempt: chance.IntN(10_000)}
			require.Equal(t, f.forAll, work.Classify(f.err, all).Action, name)
		}
	}
}

// The journal lets no lane rest longer than the longest pause here.
func TestT16_TheLongestPauseIsTheLongestRest(t *testing.T) {
	t.Parallel()
	longest := work.Backoff.Most + time.Duration(float64(work.Backoff.Most)*work.Backoff.Jitter)
	require.Equal(t, journal.LongestRest, longest)
}
