package journal

import (
	"context"
	"database/sql"
	"time"
)

// Admission says which lanes may be worked on at once. An append to an idle lane
// that is admitted claims it in the same commit: no claim of its own is needed, and
// the job need not be read.
type Admission interface {
	// Admit keeps a place for the lane of an entry that is just being appended, or
	// gives nil. It does not block.
	Admit(e Entry) Place
}

// Place is what an admitted lane has. One of its methods is called, once.
type Place interface {
	// Begin is told that the lane was claimed. Its job is not to be begun before the
	// delay of its entry is over, which began with the append and not with its commit.
	Begin(lease *Lease, notBefore time.Time)
	// Cancel is told that it was not: it was not idle.
	Cancel()
}

// SetAdmission sets who admits lanes; without one, appends claim nothing.
func (j *Journal) SetAdmission(a Admission) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.admission = a
}

// ride is the claim that an append may carry.
type ride struct {
	lease     *Lease
	place     Place
	delay     time.Duration
	notBefore time.Time
}

// ask asks whether an append may claim its lane; nil means that it may not.
func (j *Journal) ask(e Entry) *ride {
	j.mu.Lock()
	admission := j.admission
	j.mu.Unlock()
	if admission == nil {
		return nil
	}
	at := admission.Admit(e)
	if at == nil {
		return nil
	}
	return &ride{lease: &Lease{j: j, key: e.Lane, token: j.token(), until: j.clock().Add(j.ttl)}, place: at, delay: e.Delay}
}

// owner and end are what a lane gets that is claimed; a nil ride claims nothing.
func (r *ride) owner() string {
	if r == nil {
		return ""
	}
	return r.lease.token
}

func (r *ride) end() int64 {
	if r == nil {
		return 0
	}
	return r.lease.until.UnixMilli()
}

// took makes the lease one of a lane that was idle and holds this job alone.
func (r *ride) took(job Job, epoch int64) {
	l := r.lease
	l.epoch, l.seq, l.live = epoch, job.Pos, job.Live
	l.read, l.asked, l.whole = []Job{job}, mostJobs, true
	r.notBefore = job.RecordedAt.Add(r.delay)
	l.fresh = r.delay == 0 // otherwise more may come before it begins
}

// mostJobs is more than any lane holds.
const mostJobs = 1 << 31

// over ends an append that may have claimed its lane.
func (r *ride) over(claimed bool) {
	switch {
	case r == nil:
	case claimed:
		r.place.Begin(r.lease, r.notBefore)
	default:
		r.place.Cancel()
	}
}

// raised is what an append did to its lane.
type raised struct {
	pos int64
	// idle says that nothing waited there, claimed that it is ours now.
	idle, claimed bool
	epoch         int64
}

// epochOf is a line's cache epoch.
func epochOf(ctx context.Context, tx interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}, line string) (epoch int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT generation FROM line WHERE id = $1`, line).Scan(&epoch)
	return epoch, err
}
