package benchtest

import (
	"fmt"
	"slices"
	"time"
)

// samples are measured values of one thing.
type samples []float64

// percentile is the value that p of 100 samples do not exceed.
func (s samples) percentile(p float64) float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return sorted[min(int(float64(len(sorted))*p/100), len(sorted)-1)]
}

func (s samples) median() float64 { return s.percentile(50) }

// pair is what two sides that took turns have reached.
type pair struct{ bare, bridge, ratio samples }

// alternate lets both sides have a round in turn, so that whatever else the
// machine does meets both. Each gives its rate; the ratio is taken round by
// round.
func alternate(rounds int, bare, bridge func() float64) pair {
	var p pair
	for i := range rounds {
		var a, b float64
		if i%2 == 0 {
			a, b = bare(), bridge()
		} else {
			b, a = bridge(), bare()
		}
		p.bare, p.bridge, p.ratio = append(p.bare, a), append(p.bridge, b), append(p.ratio, b/a)
	}
	return p
}

// rates makes a row of rates where more is better.
func (p pair) rates(figure, against string, aim float64) row {
	r := row{
		figure: figure, against: against, bare: perSecond(p.bare.median()), bridge: perSecond(p.bridge.median()),
		ratio: fmt.Sprintf("%.2f", p.ratio.median()),
	}
	if aim > 0 {
		r.aim, r.verdict = fmt.Sprintf("≥ %g", aim), verdict(p.ratio.median() >= aim)
	}
	return r
}

func perSecond(rate float64) string { return fmt.Sprintf("%.0f/s", rate) }

// rate is how many of n things a second saw.
func rate(n int, took time.Duration) float64 { return float64(n) / took.Seconds() }

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
