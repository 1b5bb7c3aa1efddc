package chatwoot_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
)

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
		g.Leave(nil, 0)
	}
	return n
}

func TestTheGateNarrowsWhenChatwootFailsNotWhenItDoesNotRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := chatwoot.NewGate(time.Now)
		leave := func(err error) {
			require.NoError(t, g.Enter(ctx, chatwoot.Live))
			g.Leave(err, 0)
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
