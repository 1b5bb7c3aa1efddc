package bridge

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
)

// A message that Chatwoot refuses is given up with a line in its place, which
// is not taken for the message when the job is replayed. Where the message was
// stored all the same, there is no line, and a replay adds nothing.
func TestAReplayPostsWhatIsNotThereAndNothingElse(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		stored bool // although it was refused
		before []string
		after  []string
	}{
		"refused":             {false, []string{"WAID:m#unreadable"}, []string{"WAID:m#unreadable", "WAID:m"}},
		"refused, but stored": {true, []string{"WAID:m"}, []string{"WAID:m"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const conversation = "/api/v1/accounts/1/conversations/1/messages"
				desk := &forgetfulDesk{status: http.StatusUnprocessableEntity}
				desk.decide = func(string) answer {
					if desk.asked.Add(1) == 1 && !tc.stored {
						return answer{status: http.StatusUnprocessableEntity, body: `{}`}
					}
					return answer{}
				}
				r := newScheduler(t, desk)
				r.know(t, 1)
				r.write(t, 1, "m")
				r.startInbound()
				time.Sleep(time.Minute)
				got, _, _ := desk.stored()
				require.Equal(t, tc.before, got[conversation])
				require.Equal(t, 1, deadJobs(t, r))

				dead, err := r.b.Jobs(t.Context(), journal.JobFilter{State: journal.Dead})
				require.NoError(t, err)
				require.NoError(t, r.b.Replay(t.Context(), dead[0].ID))
				time.Sleep(time.Minute)
				got, _, _ = desk.stored()
				require.Equal(t, tc.after, got[conversation])
				require.Zero(t, deadJobs(t, r))
			})
		})
	}
}
