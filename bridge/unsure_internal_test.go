package bridge

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
)

// errRefused is what a transport says of a port on which nothing listens.
var errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}

// countingDesk counts the requests by what they ask for.
type countingDesk struct {
	http.RoundTripper
	lookups, looks atomic.Int64
}

// awayFor refuses everything for a while from now on.
func awayFor(outage time.Duration, refusal answer) *countingDesk {
	began := time.Now()
	return &countingDesk{RoundTripper: &scriptedDesk{each: 20 * time.Millisecond, decide: func(string) answer {
		if time.Since(began) < outage {
			return refusal
		}
		return answer{}
	}}}
}

func (d *countingDesk) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet {
		if strings.HasSuffix(r.URL.Path, "/messages") {
			d.lookups.Add(1)
		} else {
			d.looks.Add(1)
		}
	}
	return d.RoundTripper.RoundTrip(r)
}

// What surely had no effect is not looked for: after an outage each waiting
// message takes one request.
func TestWhatChatwootNeverGotIsNotLookedFor(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]answer{
		"connections are refused": {err: errRefused},
		"the rate is limited":     {status: http.StatusTooManyRequests, body: "Retry later\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const outage = 90 * time.Second
				desk := awayFor(outage, refusal)
				r := newScheduler(t, desk)
				want := r.writeMany(t, 100, 20)
				r.startInbound()
				time.Sleep(outage + 2*time.Minute)
				got, _, _ := desk.RoundTripper.(*scriptedDesk).stored()
				require.Equal(t, want, got, "nothing is lost, doubled or overtaken")
				require.Zero(t, desk.lookups.Load())
			})
		})
	}
}

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

// A lane that was not released cleanly stays such a one when its line is just
// being replaced: what its head may have posted is still to be looked for.
func TestALaneIsNotGivenBackUnlooked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newScheduler(t, &scriptedDesk{})
		r.writeMany(t, 1, 1)
		claim := func() *journal.Lease {
			lease, err := r.b.journal.Claim(t.Context(), journal.Filter{Dir: journal.In})
			require.NoError(t, err)
			require.NotNil(t, lease)
			time.Sleep(time.Minute) // whoever holds it has died
			return lease
		}
		claim()
		lease, err := r.b.journal.Claim(t.Context(), journal.Filter{Dir: journal.In})
		require.NoError(t, err)
		require.True(t, lease.Unclean())
		r.b.mu.Lock()
		delete(r.b.running, r.line.ID)
		r.b.mu.Unlock()
		r.b.drain(lease, false)
		time.Sleep(time.Minute)
		require.True(t, claim().Unclean())
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
