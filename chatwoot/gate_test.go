package chatwoot_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
)

// A backlog and a pass share a Chatwoot: neither waits for the end of the other,
// and both wait for what people wait for.
func TestABacklogAndUpkeepDoNotStopEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const request = 20 * time.Millisecond
		g := chatwoot.NewGate(time.Now)
		var mu sync.Mutex
		rounds := map[chatwoot.Priority][]int{} // what entered in which round
		began := time.Now()
		ask := func(p chatwoot.Priority, n int) {
			for range n {
				go func() {
					if g.Enter(t.Context(), p) != nil {
						return
					}
					mu.Lock()
					rounds[p] = append(rounds[p], int(time.Since(began)/request))
					mu.Unlock()
					time.Sleep(request)
					g.Leave(p, chatwoot.Ended{Took: request})
				}()
			}
			synctest.Wait()
		}
		ask(chatwoot.Live, 4) // takes all places
		ask(chatwoot.Background, 6)
		ask(chatwoot.Backlog, 9)
		ask(chatwoot.Status, 4)
		ask(chatwoot.Live, 4)
		time.Sleep(time.Minute)
		mu.Lock()
		defer mu.Unlock()
		require.Equal(t, map[chatwoot.Priority][]int{
			chatwoot.Live:       {0, 0, 0, 0, 1, 1, 1, 1},
			chatwoot.Status:     {2, 2, 2, 2},
			chatwoot.Backlog:    {3, 3, 3, 4, 4, 4, 5, 5, 5},
			chatwoot.Background: {3, 4, 5, 6, 6, 6},
		}, rounds)
	})
}

// entered counts how many requests of a backlog a gate lets in at once.
func entered(g *chatwoot.Gate) int64 {
	waiting, cancel := context.WithCancel(context.Background())
	var in atomic.Int64
	for range 10 {
		go func() {
			if g.Enter(waiting, chatwoot.Backlog) == nil {
				in.Add(1)
			}
		}()
	}
	synctest.Wait()
	n := in.Load()
	cancel()
	synctest.Wait()
	for range n {
		g.Leave(chatwoot.Backlog, chatwoot.Ended{})
	}
	return n
}

func TestTheGateNarrowsWhenChatwootFailsNotWhenItDoesNotRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := chatwoot.NewGate(time.Now)
		leave := func(err error) {
			require.NoError(t, g.Enter(ctx, chatwoot.Live))
			g.Leave(chatwoot.Live, chatwoot.Ended{Err: err})
		}
		require.EqualValues(t, 3, entered(g), "and a place is left for live messages")
		leave(&chatwoot.UnavailableError{Err: errors.New("refused"), Down: true})
		require.True(t, g.Away())
		require.EqualValues(t, 3, entered(g))
		require.False(t, g.Away())
		leave(&chatwoot.AmbiguousError{Err: errors.New("502")})
		require.True(t, g.Away())
		require.EqualValues(t, 1, entered(g))
		leave(&chatwoot.UnavailableError{Err: errors.New("refused"), Down: true})
		require.EqualValues(t, 3, entered(g), "what comes back has just started")
	})
}

// Whoever waits when the rate limit is met goes on when its window reopens, and
// needs nobody who comes later: all workers may wait. A second refusal may have
// moved the window meanwhile.
func TestD37_WaitersGoOnWhenTheRateLimitEnds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		refusals []time.Duration // of requests that end one second apart: when to come back
		opens    time.Duration
	}{
		"once":             {[]time.Duration{time.Minute}, time.Minute},
		"again, for later": {[]time.Duration{time.Minute, time.Minute, 2 * time.Minute}, 2*time.Minute + 2*time.Second},
		"again, for less":  {[]time.Duration{time.Minute, time.Second}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g, began := chatwoot.NewGate(time.Now), time.Now()
				const places, waiters = 4, 8
				for range places {
					require.NoError(t, g.Enter(ctx, chatwoot.Live))
				}
				var in atomic.Int64
				for range waiters {
					go func() {
						if g.Enter(t.Context(), chatwoot.Live) == nil && time.Since(began) == tc.opens {
							in.Add(1)
						}
						g.Leave(chatwoot.Live, chatwoot.Ended{})
					}()
				}
				synctest.Wait()
				for range places - len(tc.refusals) {
					g.Leave(chatwoot.Live, chatwoot.Ended{Err: &chatwoot.RateLimitedError{RetryAfter: time.Second}})
				}
				for _, after := range tc.refusals {
					g.Leave(chatwoot.Live, chatwoot.Ended{Err: &chatwoot.RateLimitedError{RetryAfter: after}})
					time.Sleep(time.Second)
				}
				time.Sleep(time.Hour)
				require.EqualValues(t, waiters, in.Load())
			})
		})
	}
}

// Live messages that never end leave a backlog its share.
func TestT18_LiveMessagesLeaveABacklogItsShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const request = 20 * time.Millisecond
		g := chatwoot.NewGate(time.Now)
		var live, backlog atomic.Int64
		post := func(p chatwoot.Priority, n *atomic.Int64, end time.Time) {
			for time.Now().Before(end) {
				if g.Enter(t.Context(), p) != nil {
					return
				}
				time.Sleep(request)
				n.Add(1)
				g.Leave(p, chatwoot.Ended{Took: request})
			}
		}
		end := time.Now().Add(time.Minute)
		for range 20 {
			go post(chatwoot.Live, &live, end)
			go post(chatwoot.Backlog, &backlog, end)
		}
		time.Sleep(2 * time.Minute)
		require.Greater(t, backlog.Load(), live.Load()/10)
		require.Less(t, backlog.Load(), live.Load()/5)
	})
}
