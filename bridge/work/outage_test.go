package work_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// errRefused is what a transport says of a port on which nothing listens.
var errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}

// After an outage all lanes go on at once, at the pace of Chatwoot, and not
// when the rests end that had become longer and longer.
func TestD21_ABacklogDrainsAtChatwootsPace(t *testing.T) {
	t.Parallel()
	for _, outage := range []time.Duration{time.Minute, 2 * time.Minute} {
		t.Run(outage.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				at := away(outage, 20*time.Millisecond, answer{err: errRefused})
				s := newStand(t)
				want := s.add("l1", at).writeMany(300, 50)
				s.start()
				time.Sleep(outage - time.Since(began) + 15*time.Second)
				got, posts, last := at.stored()
				require.Equal(t, want, got, "nothing is lost, doubled or overtaken")
				t.Logf("drained %v after the outage, with %d posts", last.Sub(began.Add(outage)), posts)
			})
		})
	}
}

// A lane alone goes on within a minute, however long the outage was.
func TestD21_ALaneAloneDoesNotRestForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const outage = 20 * time.Minute
		began := time.Now()
		at := away(outage, 0, answer{status: http.StatusBadGateway})
		s := newStand(t)
		want := s.add("l1", at).writeMany(3, 1)
		s.start()
		time.Sleep(outage - time.Since(began) + time.Minute + 5*time.Second)
		got, posts, _ := at.stored()
		require.Equal(t, want, got)
		require.Less(t, posts, 100, "and asks with moderation")
	})
}

// That Chatwoot is back is noticed in no time, and nobody asks for it after
// that.
func TestAChatwootsReturnIsNoticed(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]answer{
		"connections are refused":       {err: errRefused},
		"the web server alone is there": {status: http.StatusBadGateway},
		"the host is not reached":       {err: &net.OpError{Op: "dial", Net: "tcp", Err: syscall.EHOSTUNREACH}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const outage = time.Minute + 37*time.Second
				began := time.Now()
				at := away(outage, 20*time.Millisecond, refusal)
				s := newStand(t)
				want := s.add("l1", at).writeMany(3, 1)
				s.start()
				time.Sleep(outage - time.Since(began) + 2*time.Second)
				got, _, _ := at.stored()
				require.Equal(t, want, got)

				_, probes := at.asked()
				require.Positive(t, probes)
				time.Sleep(3 * time.Minute)
				_, later := at.asked()
				require.LessOrEqual(t, later, probes+1)
			})
		})
	}
}

// What one conversation fails with says nothing of Chatwoot: its lane rests
// longer and longer, whatever the others do.
func TestALaneThatFailsAloneRests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		failed := 0
		at := &script{decide: func(asked string) answer {
			if asked == path(1) {
				failed++
				return answer{status: http.StatusInternalServerError}
			}
			return answer{}
		}}
		s := newStand(t)
		l := s.add("l1", at)
		l.writeMany(4, 4)
		s.start()
		const seconds = 200
		for i := range seconds {
			time.Sleep(time.Second)
			l.write(2+i%3, fmt.Sprintf("live %d", i))
		}
		time.Sleep(time.Second)
		at.mu.Lock()
		defer at.mu.Unlock()
		require.Less(t, failed, 12)
		require.Equal(t, seconds+3, len(at.got[path(2)])+len(at.got[path(3)])+len(at.got[path(4)]))
	})
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
				at := away(outage, 20*time.Millisecond, refusal)
				s := newStand(t)
				want := s.add("l1", at).writeMany(100, 20)
				s.start()
				time.Sleep(outage + 2*time.Minute)
				got, _, _ := at.stored()
				require.Equal(t, want, got, "nothing is lost, doubled or overtaken")
				lookups, _ := at.asked()
				require.Zero(t, lookups)
			})
		})
	}
}
