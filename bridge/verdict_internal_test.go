package bridge

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// Whatever the destination answers, a job waits, pauses its line, or ends where
// an agent sees it; what only the moment refuses is never given up.
func TestD04_EveryAnswerIsClassified(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	for name, tc := range map[string]struct {
		err   error
		want  action
		least time.Duration // of the wait
	}{
		"token rotated":         {&chatwoot.UnauthorizedError{Status: 401}, pause, 0},
		"administrator no more": {&chatwoot.UnauthorizedError{Status: 403}, pause, 0},
		"inbox deleted":         {&inboxGone{}, pause, 0},
		"flood guard":           {&chatwoot.FloodError{}, retry, time.Minute},
		"rate limit":            {&chatwoot.RateLimitedError{RetryAfter: 40 * time.Second}, retry, 40 * time.Second},
		"away":                  {&chatwoot.UnavailableError{Err: errors.New("refused")}, retry, backoffFirst},
		"no answer":             {&chatwoot.AmbiguousError{Err: errors.New("broken")}, retry, ambiguousWait},
		"invalid":               {&chatwoot.InvalidError{Status: 422}, bury, 0},
		"too large":             {&chatwoot.TooLargeError{}, bury, 0},
		"WhatsApp away":         {whatsapp.ErrNotConnected, retry, backoffFirst},
		"WhatsApp refuses":      {&whatsapp.PermanentError{Reason: "no_whatsapp", Err: errors.New("no")}, bury, 0},
		"panic":                 {&panicked{"boom"}, bury, 0},
		"deleted meanwhile":     {&chatwoot.NotFoundError{}, retry, backoffFirst},
		"unheard of":            {errors.New("new"), retry, backoffFirst},
	} {
		v := judge(fmt.Errorf("create a message: %w", tc.err), 0, time.Time{}, now)
		require.Equal(t, tc.want, v.action, name)
		require.GreaterOrEqual(t, v.after, tc.least, name)
		if tc.want == retry && tc.err != nil {
			late := judge(fmt.Errorf("create a message: %w", tc.err), 1000, now.Add(-24*time.Hour), now)
			itself := name == "deleted meanwhile" || name == "unheard of" // fails for itself, not because everything does
			require.Equal(t, map[bool]action{true: bury, false: retry}[itself], late.action, name)
		}
	}
}
