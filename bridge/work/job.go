package work

import (
	"context"
	"database/sql"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// Job is one attempt at a job of the journal. Handlers get it by pointer and
// are its only user until they return.
//
// Its MayHaveActed speaks of this attempt and those before it. The journal keeps
// it when the attempt fails, also through a panic, so a handler sets it before
// the request that may have an effect.
type Job struct {
	journal.Job
	Lease *journal.Lease
	// Epoch is the line's cache epoch: what is cached of an earlier one is not
	// believed. Whoever invalidates the caches writes it anew.
	Epoch int64
	// Ambiguous says that a post of an earlier attempt may be there already.
	Ambiguous bool
	// UncleanLease says that it may even be under way: the lane's last owner
	// died.
	UncleanLease bool
	// Following are the jobs that wait behind this one.
	Following []journal.Job
	// apart is what WithFile does; nil in tests of handlers.
	apart func(ctx context.Context, fn func() error) error
}

// Chat is the chat that the job's lane belongs to.
func (j *Job) Chat() string { return j.Lease.Lane().Chat }

// Queue is the queue of the job's lane.
func (j *Job) Queue() journal.Queue { return j.Lease.Lane().Queue }

// Done ends the job, together with what record writes; nil writes nothing.
func (j *Job) Done(ctx context.Context, record Recorder) error {
	return j.Lease.Done(ctx, j.Job, record)
}

// Unconverted ends the job as one for which there is no converter yet, which is kept
// under the name of what it is, together with what record writes.
func (j *Job) Unconverted(ctx context.Context, name string, record Recorder) error {
	return j.Lease.Unconverted(ctx, j.Job, name, record)
}

// Record writes while the job goes on, if the lease is still held.
func (j *Job) Record(ctx context.Context, record Recorder) error { return j.Lease.Record(ctx, record) }

// Recorder writes in a transaction of the journal.
type Recorder = func(ctx context.Context, tx *sql.Tx) error

// Priority is the job's turn at Chatwoot.
func (j *Job) Priority() chatwoot.Priority {
	if j.Live {
		return chatwoot.Live
	}
	return chatwoot.Backlog
}

// WithFile runs fn, which moves a file, apart from the jobs that need none: it has
// one of the line's few places for files, and its lane's place is given back
// meanwhile. A file server that hangs delays files only.
func (j *Job) WithFile(ctx context.Context, fn func() error) error {
	if j.apart == nil {
		return fn()
	}
	return j.apart(ctx, fn)
}
