package reconcile

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/linetest"
)

// What was noted by a clock that was wrong hides no message, and no comparison asks
// for a span that is none.
func TestK4_AMarkOfAClockThatWasWrongHidesNothing(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{
		"right": 0, "a minute": time.Minute, "six minutes": 6 * time.Minute, "two hours": 2 * time.Hour, "years": 20000 * time.Hour,
		"behind": -2 * time.Hour, "years behind": -20000 * time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := &desk{}
				c := d.add(1)
				s := newStand(t, d, NewShared(time.Now), 1)
				s.knows(c)
				s.compares()
				wrong := time.Now().Add(ahead)
				require.NoError(t, s.Reconciler.Store.SetMark(t.Context(), linetest.ID, lines.Mark{At: wrong}))
				require.NoError(t, s.Reconciler.Store.SetBehind(t.Context(), linetest.ID, nil, lines.Swept{At: wrong, To: time.Now().Add(-time.Hour)}))
				s.deepAt = wrong
				d.questions()
				time.Sleep(10 * time.Second)
				id := d.write(c, 0)
				time.Sleep(10 * time.Second)
				s.compares()
				require.Equal(t, []int{id}, s.journaled())
				require.WithinDuration(t, time.Now(), s.mark().At, time.Minute, "the next one goes on from here")
				for _, q := range d.questions() {
					if seconds, err := strconv.Atoi(q.within); err == nil {
						require.Positive(t, seconds)
						require.LessOrEqual(t, time.Duration(seconds)*time.Second, reach+slack+time.Second)
					}
				}
			})
		})
	}
}

// A conversation that could not be compared is tried again, although it was to rest
// by a clock that was ahead.
func TestK4_NothingRestsByAClockThatWasAhead(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, test := range map[string]struct {
		due   time.Duration
		rests bool
	}{
		"due":          {-time.Second, false},
		"soon":         {5 * time.Minute, true},
		"at the most":  {behindBackoff.Most * 3 / 2, true},
		"in two hours": {2 * time.Hour, false},
	} {
		require.Equal(t, test.rests, restsUntil(now.Add(test.due), now), name)
	}
}
