package work

import (
	"context"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/journal"
)

// longWaits are jobs that are to wait for longer than a lane rests: their lanes
// are claimed in between, and put down again. They are kept in memory only: a
// process that starts tries them once.
type longWaits struct {
	mu  sync.Mutex
	all map[int64]longWait // by job
}

// longWait is until when a job waits, and when its lane falls due before.
type longWait struct{ until, due time.Time }

// hasteTolerance is by how much a lane may be claimed before its time without
// having been hastened: times are stored in milliseconds.
const hasteTolerance = time.Second

// note remembers a job's wait if it is a long one.
func (w *longWaits) note(job int64, until, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.all, job)
	due := now.Add(journal.LongestRest)
	if !until.After(due) {
		return
	}
	if w.all == nil {
		w.all = map[int64]longWait{}
	}
	for other, wait := range w.all {
		if wait.until.Before(now) { // its line is gone
			delete(w.all, other)
		}
	}
	w.all[job] = longWait{until: until, due: due}
}

// goesOn reports whether a job whose lane was claimed has to wait on, and until
// when. A lane that was claimed before its time was hastened: what its job waits
// for has come.
func (w *longWaits) goesOn(job int64, now time.Time) (until time.Time, ok bool) {
	w.mu.Lock()
	wait, ok := w.all[job]
	w.mu.Unlock()
	if !ok {
		return time.Time{}, false
	}
	if now.Before(wait.due.Add(-hasteTolerance)) || !now.Before(wait.until) {
		w.note(job, now, now)
		return time.Time{}, false
	}
	w.note(job, wait.until, now)
	return wait.until, true
}

// waitOn puts down the lane of a job that has to wait on.
func (p *Pool) waitOn(ctx context.Context, lease *journal.Lease, job journal.Job) (waits bool, err error) {
	until, ok := p.longWaits.goesOn(job.ID, p.cfg.Clock())
	if !ok {
		return false, nil
	}
	return true, lease.Yield(ctx, until)
}
