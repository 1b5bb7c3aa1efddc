package inbox_test

import (
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/inbox"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

func TestK4_ALengthOfTimeIsWrittenAsPeopleSayIt(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]time.Duration{
		"1 minute":             61 * time.Second,
		"6 minutes":            6*time.Minute - 800*time.Millisecond,
		"1 hour":               time.Hour,
		"2 hours and 1 minute": 2*time.Hour + time.Minute,
		"3 days":               72*time.Hour + 5*time.Minute,
		"1 day and 23 hours":   47 * time.Hour,
	} {
		require.Equal(t, want, inbox.Span(d))
	}
}

// A signature's time is Chatwoot's: what was signed now is taken whatever our clock
// shows, and what was signed long ago is not.
func TestK4_ASignaturesTimeIsJudgedByChatwootsClock(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{
		"the same": 0, "six minutes ahead": 6 * time.Minute, "six minutes behind": -6 * time.Minute, "hours": 2 * time.Hour, "days behind": -100 * time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			desk := chatwoottest.New(chatwoottest.Options{Dir: t.TempDir()})
			require.NoError(t, desk.Start())
			t.Cleanup(func() { require.NoError(t, desk.Close()) })
			gate := chatwoot.NewGate(time.Now)
			client, err := chatwoot.New(chatwoot.Config{BaseURL: desk.URL(), Token: desk.AdminToken(), Account: int64(desk.Account()), Gate: gate})
			require.NoError(t, err)
			x := inbox.New(inbox.Config{
				Line: lines.Line{ID: "l1", Inbox: 1, WebhookSecret: seal.Secret("s")}, Client: client, Gate: gate, Clock: time.Now, Log: slog.New(slog.DiscardHandler),
			})
			signed := func(ago time.Duration) bool {
				at := strconv.FormatInt(time.Now().Add(ahead-ago).Unix(), 10)
				return x.Signed(t.Context(), at, chatwoot.Sign("s", at, []byte("{}")), []byte("{}"))
			}
			desk.SetClockAhead(ahead)
			require.True(t, signed(0), "before Chatwoot has answered anything")
			require.True(t, signed(4*time.Minute))
			require.False(t, signed(6*time.Minute), "a replay")
			require.False(t, signed(-6*time.Minute), "a replay to come")
			if ahead != 0 {
				require.False(t, signed(ahead), "our own clock counts for nothing")
			}
			require.LessOrEqual(t, desk.Requests()["GET /api"], 1, "it is asked once a minute at most")
			require.Equal(t, ahead != 0, x.ClockTrouble() != "")
		})
	}
}
