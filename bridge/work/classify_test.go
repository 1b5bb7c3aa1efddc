package work_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/guard"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// Whatever the destination answers, a job waits, pauses its line, or ends where
// an agent sees it; what only the moment refuses is never given up.
func TestD04_EveryAnswerIsClassified(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	for name, tc := range map[string]struct {
		err   error
		want  work.Action
		least time.Duration // of the wait
	}{
		"token rotated":         {&chatwoot.UnauthorizedError{Status: 401}, work.Pause, 0},
		"administrator no more": {&chatwoot.UnauthorizedError{Status: 403}, work.Pause, 0},
		"inbox deleted":         {&work.PauseError{Sentence: "gone", Err: errors.New("the inbox was deleted")}, work.Pause, 0},
		"flood guard":           {&chatwoot.FloodError{}, work.Retry, time.Minute},
		"rate limit":            {&chatwoot.RateLimitedError{RetryAfter: 40 * time.Second}, work.Retry, 40 * time.Second},
		"away":                  {&chatwoot.UnavailableError{Err: errors.New("refused")}, work.Retry, work.Backoff.First},
		"no answer":             {&chatwoot.AmbiguousError{Err: errors.New("broken")}, work.Retry, work.AmbiguousWait},
		"invalid":               {&chatwoot.InvalidError{Status: 422}, work.DeadLetter, 0},
		"too large":             {&chatwoot.TooLargeError{}, work.DeadLetter, 0},
		"WhatsApp away":         {whatsapp.ErrNotConnected, work.Retry, work.Backoff.First},
		"WhatsApp refuses":      {&whatsapp.PermanentError{Reason: "no_whatsapp", Err: errors.New("no")}, work.DeadLetter, 0},
		"panic":                 {&guard.PanicError{Value: "boom"}, work.DeadLetter, 0},
		"broken payload":        {&work.BrokenPayloadError{Err: errors.New("bad")}, work.DeadLetter, 0},
		"a handler says never":  {&work.PermanentError{Err: errors.New("never")}, work.DeadLetter, 0},
		"a handler says when":   {&work.RetryError{After: time.Hour, Err: errors.New("later")}, work.Retry, time.Hour},
		"deleted meanwhile":     {&chatwoot.NotFoundError{}, work.Retry, work.Backoff.First},
		"unheard of":            {errors.New("new"), work.Retry, work.Backoff.First},
	} {
		v := work.Classify(fmt.Errorf("create a message: %w", tc.err), 0, time.Time{}, now)
		require.Equal(t, tc.want, v.Action, name)
		require.GreaterOrEqual(t, v.After, tc.least, name)
		if tc.want == work.Retry && tc.err != nil {
			late := work.Classify(fmt.Errorf("create a message: %w", tc.err), 1000, now.Add(-24*time.Hour), now)
			itself := name == "deleted meanwhile" || name == "unheard of" // fails for itself, not because everything does
			require.Equal(t, map[bool]work.Action{true: work.DeadLetter, false: work.Retry}[itself], late.Action, name)
		}
	}
}

// The journal lets no lane rest longer than the longest pause here.
func TestT16_TheLongestPauseIsTheLongestRest(t *testing.T) {
	t.Parallel()
	longest := work.Backoff.Most + time.Duration(float64(work.Backoff.Most)*work.Backoff.Jitter)
	require.Equal(t, journal.LongestRest, longest)
}
