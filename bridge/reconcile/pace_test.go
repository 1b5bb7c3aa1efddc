package reconcile

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Five lines of one account, in each of which something happens all the time, ask
// Chatwoot no more than twice a second together, and all get their turn.
func TestT14_LinesOfOneChatwootAskTwiceASecondTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const period = 2 * time.Minute
		d, shared := &desk{}, NewShared(time.Now)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		var stands []*stand
		for inbox := 1; inbox <= 5; inbox++ {
			s := newStand(t, d, shared, inbox)
			s.Cadence = func() time.Duration { return Interval(5) }
			stands = append(stands, s)
			for range 4 {
				s.knows(d.add(inbox))
			}
			running.Go(func() { s.Run(ctx) })
		}
		for began := time.Now(); time.Since(began) < period; time.Sleep(5 * time.Second) {
			for _, c := range d.conversations {
				d.write(c, 0)
			}
		}
		cancel()
		running.Wait()
		asked := d.questions()
		for i, q := range asked {
			within := count(asked[i:], func(later question) bool { return later.at.Sub(q.at) < 10*time.Second })
			require.LessOrEqual(t, within, 10*perSecond+atOnce)
		}
		require.Greater(t, len(asked), int(period/time.Second)*perSecond/2, "it is made use of")
		for _, s := range stands {
			require.NotEmpty(t, s.journaled())
			require.Less(t, time.Since(s.mark().At), time.Minute)
			require.Empty(t, s.behind())
		}
	})
}

// All lines of an account need one list.
func TestT14_OneListServesAllLinesOfAnAccount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, shared := &desk{}, NewShared(time.Now)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		var stands []*stand
		for inbox := 1; inbox <= 5; inbox++ {
			s := newStand(t, d, shared, inbox)
			stands = append(stands, s)
			s.knows(d.add(inbox))
			time.Sleep(time.Duration(inbox) * 7 * time.Second) // they start at different moments
			running.Go(func() { s.Run(ctx) })
		}
		time.Sleep(20 * time.Minute)
		d.questions()
		for _, c := range d.conversations {
			d.write(c, 0)
		}
		time.Sleep(time.Hour)
		cancel()
		running.Wait()
		lists := slices.DeleteFunc(d.questions(), func(q question) bool { return !q.list() })
		require.Len(t, lists, 12, "every five minutes")
		for _, q := range lists {
			require.Empty(t, q.inbox)
		}
		for i, s := range stands {
			require.Len(t, s.journaled(), 1, "and each line takes what is its own: %d", i)
		}
	})
}

func TestTheIntervalGrowsWithTheLines(t *testing.T) {
	t.Parallel()
	for lines, want := range map[int]time.Duration{
		0: 5 * time.Second, 1: 5 * time.Second, 2: 5 * time.Second, 3: 6 * time.Second, 5: 10 * time.Second, 30: time.Minute, 1000: 5 * time.Minute,
	} {
		require.Equal(t, want, Interval(lines), "%d lines", lines)
	}
}

// A line that ends while it waits for its turn gives the turn back.
func TestATurnThatIsNotTakenIsAnothers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(time.Now, perSecond)
		require.NoError(t, p.Wait(t.Context(), 2))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 100 {
			require.ErrorIs(t, p.Wait(ctx, 2), context.Canceled)
		}
		began := time.Now()
		require.NoError(t, p.Wait(t.Context(), 1))
		require.LessOrEqual(t, time.Since(began), time.Second)
	})
}
