package chatwoot

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// simulated is a Chatwoot: how long it takes to serve a request that n are in flight
// with, and how many it serves at once; the others queue.
type simulated struct {
	serves func(n int) time.Duration
	atOnce int
	noise  float64          // by what part more, at random
	stall  [2]time.Duration // nothing ends between these times
}

var simulatedChatwoots = map[string]simulated{
	"0 ms":                   {serves: func(int) time.Duration { return 500 * time.Microsecond }, atOnce: 1, noise: 0.2},
	"20 ms":                  {serves: func(int) time.Duration { return 20 * time.Millisecond }, atOnce: 1000, noise: 0.2},
	"150 ms away":            {serves: func(int) time.Duration { return 150 * time.Millisecond }, atOnce: 1000, noise: 0.2},
	"16 a second, a queue":   {serves: func(int) time.Duration { return time.Second / 16 }, atOnce: 1, noise: 0.2},
	"degrades under load":    {serves: degrading, atOnce: 1000, noise: 0.2},
	"five threads, 40 ms":    {serves: func(int) time.Duration { return 40 * time.Millisecond }, atOnce: 5, noise: 0.2},
	"varies much":            {serves: func(int) time.Duration { return 40 * time.Millisecond }, atOnce: 1000, noise: 0.8},
	"five threads, far away": {serves: func(int) time.Duration { return 190 * time.Millisecond }, atOnce: 25, noise: 0.2},
}

// degrading has five processors; beyond that the requests hinder each other.
func degrading(n int) time.Duration {
	slower := max(1, float64(n)/5) * (1 + 0.04*float64(max(0, n-5)))
	return time.Duration(30 * float64(time.Millisecond) * slower)
}

var start = time.Unix(1_700_000_000, 0)

// ending is a request in flight.
type ending struct{ began, ends time.Duration }

type endings []ending

func (e endings) Len() int           { return len(e) }
func (e endings) Less(i, j int) bool { return e[i].ends < e[j].ends }
func (e endings) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *endings) Push(x any)        { *e = append(*e, x.(ending)) }
func (e *endings) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

// run makes requests, always as many as most allows, and gives when each ended.
func (s simulated) run(requests int, random *rand.Rand, most func() int, answered func(began, took time.Duration, full bool)) []time.Duration {
	var flying endings
	var now time.Duration
	free := make([]time.Duration, s.atOnce) // when each place is free
	var ended []time.Duration
	for len(ended) < requests {
		for len(flying) < most() {
			first := 0
			for i := range free {
				if free[i] < free[first] {
					first = i
				}
				if free[i] <= now {
					first = i
					break
				}
			}
			takes := time.Duration(float64(s.serves(len(flying)+1)) * (1 + s.noise*random.Float64()))
			ends := max(now, free[first]) + takes
			if ends > s.stall[0] && ends < s.stall[1] {
				ends = s.stall[1] + takes
			}
			free[first] = ends
			heap.Push(&flying, ending{now, ends})
		}
		full := len(flying) >= most()
		e := heap.Pop(&flying).(ending)
		now = e.ends
		ended = append(ended, now)
		answered(e.began, e.ends-e.began, full)
	}
	return ended
}

// rate is how many requests a second ended, from the one after skip on.
func rate(ended []time.Duration, skip int) float64 {
	return float64(len(ended)-1-skip) / (ended[len(ended)-1] - ended[skip]).Seconds()
}

// After 200 requests the limit is where a Chatwoot answers nine tenths of what it
// does at the best fixed limit, and no more requests wait there than they must.
func TestTheLimitFindsItsSize(t *testing.T) {
	t.Parallel()
	for name, chatwoot := range simulatedChatwoots {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const warm, measured = 200, 6000
			best, at := 0.0, 0
			for fixed := limitMin; fixed <= limitMax; fixed++ {
				random := rand.New(rand.NewPCG(1, 2))
				got := rate(chatwoot.run(measured, random, func() int { return fixed }, func(_, _ time.Duration, _ bool) {}), 0)
				if got > best {
					best, at = got, fixed
				}
			}
			for seed := range uint64(20) {
				l, sizes := newLimit(), map[int]int{}
				ended := chatwoot.run(warm+measured, rand.New(rand.NewPCG(seed, 7)), l.most, func(began, took time.Duration, full bool) {
					l.answered("a", start.Add(began), took, full)
					sizes[l.most()]++
				})
				for _, upTo := range []int{warm + 300, warm + measured} {
					got := rate(ended[:upTo], warm)
					require.Greater(t, got, 0.9*best, "seed %d, up to request %d: %.0f of %.0f a second (limit %d); sizes %v", seed, upTo, got, best, at, sizes)
				}
			}
		})
	}
}

// After a stall the limit is soon where it was.
func TestTheLimitRecoversFromAStall(t *testing.T) {
	t.Parallel()
	for name, chatwoot := range simulatedChatwoots {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLimit()
			calm := chatwoot
			steady := rate(calm.run(2000, rand.New(rand.NewPCG(1, 2)), l.most, func(began, took time.Duration, full bool) { l.answered("a", start.Add(began), took, full) }), 200)
			l = newLimit()
			chatwoot.stall = [2]time.Duration{time.Second, 20 * time.Second}
			ended := chatwoot.run(6000, rand.New(rand.NewPCG(1, 2)), l.most, func(began, took time.Duration, full bool) { l.answered("a", start.Add(began), took, full) })
			again := 0
			for ended[again] < chatwoot.stall[1] {
				again++
			}
			require.Greater(t, rate(ended[:again+1000], again+400), 0.9*steady)
		})
	}
}

// Kinds of requests that take different times say nothing about each other.
func TestTheLimitComparesARequestWithItsKind(t *testing.T) {
	t.Parallel()
	l := newLimit()
	for i := range 400 {
		kind, took := "quick", 20*time.Millisecond
		if i%2 == 0 {
			kind, took = "slow", 300*time.Millisecond
		}
		l.answered(kind, start, took, true)
	}
	require.Equal(t, limitMax, l.most())
	for i := range 100_000 {
		l.answered(fmt.Sprint("kind ", i), start, time.Second, true)
	}
	require.LessOrEqual(t, len(l.kinds), kindsMost+1)
}

// Without more requests nothing is known of what more would do.
func TestTheLimitGrowsOnlyWhenItIsMet(t *testing.T) {
	t.Parallel()
	l := newLimit()
	for range 1000 {
		l.answered("a", start, time.Second, false)
	}
	require.Equal(t, limitFirst, l.most())
}
