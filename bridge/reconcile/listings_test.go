package reconcile

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// listed asks for a list that takes a second, and says whether it was asked anew.
func listed(ctx context.Context, l *Listings, w wanted, failure error) (answer *listing, anew bool, err error) {
	answer, err = l.ask(ctx, w, func(ctx context.Context, _ chatwoot.InboxID, _ time.Time) ([]chatwoot.ActiveConversation, error) {
		anew = true
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		return []chatwoot.ActiveConversation{{Look: "x"}}, failure
	})
	return answer, anew, err
}

func TestAListServesThoseWhoWantNoMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		l := &Listings{clock: time.Now}
		l.lines.Store(2)
		first, anew, err := listed(t.Context(), l, wanted{inbox: 1, since: now.Add(-time.Minute), begun: now}, nil)
		require.NoError(t, err)
		require.True(t, anew)
		for name, test := range map[string]struct {
			w    wanted
			anew bool
		}{
			"another inbox":      {wanted{inbox: 2, since: now.Add(-time.Minute), begun: now}, false},
			"a shorter window":   {wanted{inbox: 1, since: now, begun: now}, false},
			"a longer window":    {wanted{inbox: 1, since: now.Add(-time.Hour), begun: now}, true},
			"what came after it": {wanted{inbox: 1, since: now.Add(-time.Minute), begun: now.Add(1)}, true},
		} {
			again := &Listings{clock: time.Now, latest: first}
			_, anew, err := listed(t.Context(), again, test.w, nil)
			require.NoError(t, err)
			require.Equal(t, test.anew, anew, name)
		}
	})
}

// Those who wait for a list get it when whoever has asked ends, and its failure
// when it fails.
func TestAListIsAskedForOnceAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		w := wanted{inbox: 1, since: now.Add(-time.Minute), begun: now}
		l := &Listings{clock: time.Now}
		l.lines.Store(3)
		failure := errors.New("away")
		asking, end := context.WithCancel(t.Context())
		type outcome struct {
			anew bool
			err  error
		}
		outcomes := make(chan outcome, 3)
		ask := func(ctx context.Context) {
			_, anew, err := listed(ctx, l, w, failure)
			outcomes <- outcome{anew, err}
		}
		go ask(asking)
		synctest.Wait()
		go ask(t.Context())
		go ask(t.Context())
		synctest.Wait()
		end()
		require.Equal(t, outcome{true, context.Canceled}, <-outcomes)
		asked := 0
		for range 2 {
			o := <-outcomes
			require.Equal(t, failure, o.err)
			if o.anew {
				asked++
			}
		}
		require.Equal(t, 1, asked)
		require.Equal(t, time.Second, time.Since(now))
	})
}

// A line alone asks for its inbox alone; those that left do not count, and another
// token's are others.
func TestALineAloneAsksForItsInbox(t *testing.T) {
	t.Parallel()
	shared := NewShared(time.Now)
	one := lines.Line{ChatwootURL: "u", Account: 1, Token: "t"}
	other := one
	other.Token = "o"
	l, leave := shared.join(one)
	same, leaveSame := shared.join(one)
	strange, leaveStrange := shared.join(other)
	require.Same(t, l, same)
	require.NotSame(t, l, strange)
	w := wanted{inbox: 7}
	asked, _ := l.join(w)
	require.Zero(t, asked.inbox)
	asked, _ = strange.join(w)
	require.EqualValues(t, 7, asked.inbox)
	leaveSame()
	l.latest = nil
	asked, _ = l.join(w)
	require.EqualValues(t, 7, asked.inbox)
	leave()
	leaveStrange()
	require.Empty(t, shared.listings)
}

// Lines that compare at different moments come to do it at the same one.
func TestLinesOfAnAccountMeet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &Listings{clock: time.Now}
		l.lines.Store(1)
		require.Equal(t, 10*time.Second, l.meet(10*time.Second))
		time.Sleep(4 * time.Second)
		require.Equal(t, 10*time.Second, l.meet(10*time.Second), "a line alone has nobody to meet")
		l.lines.Store(2)
		time.Sleep(4 * time.Second)
		require.Equal(t, 6*time.Second, l.meet(10*time.Second))
		time.Sleep(2 * time.Second)
		require.Equal(t, 10*time.Second, l.meet(10*time.Second), "that would be too soon")
		require.Equal(t, time.Second, l.meet(time.Second))
	})
}
