package bridge

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// An error of whatever stands before Chatwoot says nothing of what Chatwoot has
// done, nor does a refusal after that: the message stays to be looked for.
func TestWhatMayBeThereIsLookedForUntilTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		desk := &forgetfulDesk{status: http.StatusBadGateway}
		desk.decide = func(string) answer {
			if n := desk.asked.Add(1); n > 1 && n < 6 {
				return answer{err: errRefused} // nor do the look-ups come through
			}
			return answer{}
		}
		r := newScheduler(t, desk)
		r.know(t, 1)
		r.write(t, 1, "once")
		r.startInbound()
		time.Sleep(5 * time.Minute)
		got, posts, _ := desk.stored()
		require.Equal(t, map[string][]string{"/api/v1/accounts/1/conversations/1/messages": {"WAID:once"}}, got)
		require.Equal(t, 1, posts)
		require.Zero(t, deadJobs(t, r))
		var unsure int
		require.NoError(t, r.b.db.QueryRow(`SELECT unsure FROM job WHERE state = 'done'`).Scan(&unsure))
		require.Equal(t, 1, unsure)
	})
}

// forgetfulDesk stores its first message and answers with an error; it finds
// what it has stored.
type forgetfulDesk struct {
	scriptedDesk
	status int
	asked  atomic.Int64
}

func (d *forgetfulDesk) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := d.scriptedDesk.RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	if r.Method == http.MethodPost {
		if d.asked.Load() == 1 {
			return reply(r, d.status, `{}`), nil
		}
		return resp, nil
	}
	got, _, _ := d.stored()
	var listed []string
	for i, id := range got[r.URL.Path] {
		listed = append(listed, fmt.Sprintf(`{"id":%d,"source_id":%q,"created_at":%d}`, 1+i, id, time.Now().Unix()))
	}
	return reply(r, http.StatusOK, `{"payload":[`+strings.Join(listed, ",")+`]}`), nil
}

func reply(r *http.Request, status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
}
