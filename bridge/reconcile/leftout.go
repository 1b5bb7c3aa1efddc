package reconcile

import "time"

// leftOutMost is for how long the line's mark stays where it is because a page of
// conversations cannot be listed, which are among those that were active last. Chatwoot
// answers 500 to a list while the contact of one in it is being deleted; what was
// missed in the others is found when that is over. Where it is never over, the line has
// to go on, or each comparison would have to look further back.
const leftOutMost = time.Hour

// leftOut is what is known of pages that are left out.
type leftOut struct {
	since time.Time // the zero time while none is
	// times counts the comparisons since then that have left the mark where it was.
	times int
}

// holds takes a comparison into account, and reports whether the next one is to begin
// where this one has.
func (l *leftOut) holds(partial bool, now time.Time) bool {
	switch {
	case !partial:
		*l = leftOut{}
	case l.since.IsZero():
		*l = leftOut{since: now, times: 1}
	case now.Sub(l.since) < leftOutMost:
		l.times++
	default:
		l.times = 0
	}
	return l.times > 0
}
