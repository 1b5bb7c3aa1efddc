package work

import (
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/journal"
)

// health is how a process's destinations fare: a Chatwoot, or a line's WhatsApp. It
// tells a job that fails alone from one that fails because everything does. It is
// kept in memory: after a restart a job that fails has all of its patience again.
type health struct {
	mu   sync.Mutex
	at   map[string]*fares
	jobs map[int64]*struggle // jobs that failed
}

// fares is how a destination fares: when lanes last succeeded there and failed, of
// the two latest different ones.
type fares struct{ succeeded, failed lastOfTwo }

type lastOfTwo [2]struct {
	lane journal.LaneKey
	at   time.Time
}

func (l *lastOfTwo) note(lane journal.LaneKey, at time.Time) {
	if l[0].lane != lane {
		l[1] = l[0]
		l[0].lane = lane
	}
	l[0].at = at
}

// others is when a lane other than the given one was noted last.
func (l *lastOfTwo) others(than journal.LaneKey) time.Time {
	if l[0].lane != than {
		return l[0].at
	}
	return l[1].at
}

// struggle is a job's failures.
type struggle struct {
	last time.Time
	// alone counts the failures before which another lane had succeeded, since the
	// failure before; since is the first of them.
	alone int
	since time.Time
	// quiet counts those with nobody else to compare with; and quietSince is the
	// first of them.
	quiet      int
	quietSince time.Time
}

const (
	// recently is how old another lane's success may be at a job's first failure.
	recently = time.Minute
	// mostStruggles bounds how many jobs are known.
	mostStruggles = 20_000
)

func (h *health) of(destination string) *fares {
	if h.at == nil {
		h.at, h.jobs = map[string]*fares{}, map[int64]*struggle{}
	}
	if h.at[destination] == nil {
		h.at[destination] = &fares{}
	}
	return h.at[destination]
}

// succeeded notes that a job's effect was had.
func (h *health) succeeded(destination string, j *Job, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.of(destination)
	if actsVisibly(j) {
		f.succeeded.note(j.Lease.Lane(), now)
	}
	delete(h.jobs, j.Job.ID)
}

// ended forgets a job that was given up.
func (h *health) ended(j *Job) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.jobs, j.Job.ID)
}

// failed notes a failure, and gives what is known of the job's failures. answers
// says that the destination answers, as far as is known.
func (h *health) failed(destination string, j *Job, now time.Time, answers bool) Trial {
	h.mu.Lock()
	defer h.mu.Unlock()
	f, lane := h.of(destination), j.Lease.Lane()
	s := h.jobs[j.Job.ID]
	if s == nil {
		if len(h.jobs) >= mostStruggles {
			clear(h.jobs)
		}
		s = &struggle{last: now.Add(-recently)}
		h.jobs[j.Job.ID] = s
	}
	switch {
	case f.succeeded.others(lane).After(s.last):
		if s.alone++; s.alone == 1 {
			s.since = now
		}
	case !answers, f.failed.others(lane).After(s.last): // it is not this job's fault
		*s = struggle{}
	default:
		if s.quiet++; s.quiet == 1 {
			s.quietSince = now
		}
	}
	s.last = now
	f.failed.note(lane, now)
	t := Trial{Attempt: j.Attempt, Now: now, Alone: s.alone, Quiet: s.quiet}
	if s.alone > 0 {
		t.AloneFor = now.Sub(s.since)
	}
	if s.quiet > 0 {
		t.QuietFor = now.Sub(s.quietSince)
	}
	return t
}

// actsVisibly reports whether a job that has succeeded shows that messages get
// through: some need no request at all.
func actsVisibly(j *Job) bool {
	if j.Queue() == journal.Out {
		return j.Kind == journal.KindCreated || j.Kind == journal.KindRetry
	}
	return j.Queue() == journal.In && j.MayHaveActed
}
