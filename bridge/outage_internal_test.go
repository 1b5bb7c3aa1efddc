package bridge

import (
	"fmt"
	"net"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A Chatwoot that is back is noticed at once, however long the lanes would have
// rested; it is looked for only as long as one waits, and no lane that fails
// alone takes it for a return.
func TestChatwootsReturnIsNoticed(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]answer{
		"connections are refused":       {err: errRefused},
		"the web server alone is there": {status: http.StatusBadGateway},
		"the host is not reached":       {err: &net.OpError{Op: "dial", Net: "tcp", Err: syscall.EHOSTUNREACH}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const outage = 10*time.Minute + 7*time.Second
				began := time.Now()
				desk := awayFor(outage, refusal)
				r := newScheduler(t, desk)
				want := r.writeMany(t, 3, 1)
				r.startInbound()
				time.Sleep(outage - time.Since(began) + 2*time.Second)
				got, _, _ := desk.RoundTripper.(*scriptedDesk).stored()
				require.Equal(t, want, got)

				looks := desk.looks.Load()
				require.Positive(t, looks)
				time.Sleep(10 * time.Minute)
				require.LessOrEqual(t, desk.looks.Load(), looks+1)
			})
		})
	}
}

// What one conversation fails with says nothing of Chatwoot: its lane rests
// longer and longer, whatever the others do.
func TestALaneThatFailsAloneRests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const poisoned = "/api/v1/accounts/1/conversations/1/messages"
		failed := 0
		desk := &scriptedDesk{decide: func(path string) answer {
			if path == poisoned {
				failed++
				return answer{status: http.StatusInternalServerError}
			}
			return answer{}
		}}
		r := newScheduler(t, desk)
		r.writeMany(t, 4, 4)
		r.startInbound()
		for i := range 600 {
			time.Sleep(time.Second)
			r.write(t, 2+i%3, fmt.Sprintf("live %d", i))
		}
		desk.mu.Lock()
		defer desk.mu.Unlock()
		require.Less(t, failed, 30)
	})
}
