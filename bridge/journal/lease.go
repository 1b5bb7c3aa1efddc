package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wootbridge/wootbridge/bridge/database"
)

// ErrLeaseLost says that the lane belongs to somebody else by now; nothing of
// the call was recorded.
var ErrLeaseLost = errors.New("the lane's lease was lost")

// Lease is the right to work on one lane.
type Lease struct {
	j       *Journal
	key     LaneKey
	token   string
	until   time.Time
	epoch   int64
	aged    bool // the epoch was read before the last commit
	unclean bool
	live    bool
	crashes int
	seq     int64
	// read are the first jobs that wait, of at most asked; whole says that there
	// were no more, and fresh that none has come since.
	read         []Job
	asked        int
	whole, fresh bool
	finished     bool
}

// Lane is what was claimed.
func (l *Lease) Lane() LaneKey { return l.key }

// Epoch is the line's when the jobs were given that Next gave last; cached entries of
// another epoch must not be believed.
func (l *Lease) Epoch() int64 { return l.epoch }

// Unclean reports whether the lane was not released cleanly before, so that
// its head may have had an effect already.
func (l *Lease) Unclean() bool { return l.unclean }

// Live reports whether the lane had live jobs when it was claimed.
func (l *Lease) Live() bool { return l.live }

// Finished reports whether the lane was given back with the end of its last
// job.
func (l *Lease) Finished() bool { return l.finished }

// Next gives the next jobs in order, at most n, as of the last commit of this
// lease: they are read when those that were read before are done, or more had
// come by then.
func (l *Lease) Next(ctx context.Context, n int) ([]Job, error) {
	if l.fresh && len(l.read) > 0 && n <= l.asked {
		return slices.Clone(l.read[:min(n, len(l.read))]), l.refreshEpoch(ctx)
	}
	return l.Waiting(ctx, n)
}

// refreshEpoch reads the epoch again. A lane may be at work for long, and somebody else
// may have changed what is cached since its last job.
func (l *Lease) refreshEpoch(ctx context.Context) (err error) {
	if !l.aged {
		return nil
	}
	if l.epoch, err = epochOf(ctx, l.j.db, l.key.Line); err == nil {
		l.aged = false
	}
	return err
}

// nextJobs reads a lane's position and its jobs in one query, so that both are of
// the same moment: what is appended after it makes a finish read again.
const nextJobs = `SELECT lane.seq, lane.live, (SELECT generation FROM line WHERE line.id = lane.line), job.id, job.pos, job.kind, job.payload, job.attempt, job.first_failed, job.last_error, job.at, job.created, job.unsure, job.begun, job.targets, job.alone
	FROM lane LEFT JOIN job ON job.lane = lane.key AND job.pos > 0 AND job.state = 'waiting' WHERE lane.key = $1 ORDER BY job.pos LIMIT $2`

// Waiting reads the next jobs in order, at most n.
func (l *Lease) Waiting(ctx context.Context, n int) ([]Job, error) {
	rows, err := l.j.db.QueryContext(ctx, nextJobs, l.key.String(), n)
	if err != nil {
		return nil, fmt.Errorf("read jobs: %w", err)
	}
	defer rows.Close()
	var jobs []Job
	found := false
	for rows.Next() {
		found = true
		job, any, err := l.scanJob(rows)
		if err != nil {
			return nil, fmt.Errorf("read job: %w", err)
		}
		if any {
			jobs = append(jobs, job)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read jobs: %w", err)
	}
	if !found { // deleted with its line
		return nil, ErrLeaseLost
	}
	l.read, l.asked, l.whole, l.fresh, l.aged = jobs, n, len(jobs) < n, true, false
	return slices.Clone(jobs), nil
}

// scanJob reads a row of Waiting, which of an empty lane has no job in it.
func (l *Lease) scanJob(rows *sql.Rows) (job Job, any bool, err error) {
	var id, pos, attempt, firstFailed, at, created, unsure, replayed, alone sql.NullInt64
	var kind, cause, targets sql.NullString
	var live int64
	var epoch sql.NullInt64 // of a deleted line there is none
	if err := rows.Scan(&l.seq, &live, &epoch, &id, &pos, &kind, &job.Payload, &attempt, &firstFailed, &cause, &at, &created, &unsure, &replayed, &targets, &alone); err != nil {
		return Job{}, false, err
	}
	l.epoch = epoch.Int64
	job.ID, job.Pos, job.Kind, job.Attempt, job.LastError = id.Int64, pos.Int64, kind.String, int(attempt.Int64), cause.String
	job.MayHaveActed, job.Live, job.Trial = unsure.Int64 != 0, pos.Int64 <= live, Trial(alone.Int64)
	if job.Targets, err = readTargets(targets.String); err != nil {
		return Job{}, false, err
	}
	job.OccurredAt, job.RecordedAt = time.UnixMilli(at.Int64), time.UnixMilli(created.Int64)
	if firstFailed.Int64 != 0 {
		job.FirstFailed = time.UnixMilli(firstFailed.Int64)
	}
	if replayed.Int64 != 0 {
		job.Replayed = time.UnixMilli(replayed.Int64)
	}
	return job, id.Valid, nil
}

// Done ends a job, together with what record writes. With the last job that
// waits the lane is given back in the same commit, unless something was
// appended meanwhile; see Finished.
func (l *Lease) Done(ctx context.Context, job Job, record func(ctx context.Context, tx *sql.Tx) error) error {
	return l.end(ctx, job, Done, "", record)
}

// Dead gives a job up, for a reason that admins read, together with what
// record writes.
func (l *Lease) Dead(ctx context.Context, job Job, reason string, record func(ctx context.Context, tx *sql.Tx) error) error {
	return l.end(ctx, job, Dead, reason, keepTargets(job, record))
}

func (l *Lease) end(ctx context.Context, job Job, state State, reason string, record func(context.Context, *sql.Tx) error) error {
	c := change{until: l.j.clock().Add(l.j.ttl), last: nothing, job: job.ID, state: state, reason: reason, begun: job.Begun, record: record}
	if l.whole && l.fresh && len(l.read) == 1 && l.read[0].ID == job.ID {
		c.last = l.seq
	}
	c.relaxed = l.repeats() || c.last != nothing
	if err := l.commit(ctx, c); err != nil {
		return err
	}
	l.read = slices.DeleteFunc(l.read, func(other Job) bool { return other.ID == job.ID })
	if c.last != nothing && !l.finished && !l.repeats() {
		// More has come, and only the head of a lane is taken for what may
		// have been done: this end must be on the disk before that is.
		return l.commit(ctx, change{until: c.until, last: nothing})
	}
	return nil
}

// Record commits what record writes, if the lease is still ours. It is for
// facts that must be known before the job's end, such as a send that began.
func (l *Lease) Record(ctx context.Context, record func(ctx context.Context, tx *sql.Tx) error) error {
	return l.commit(ctx, change{until: l.j.clock().Add(l.j.ttl), last: nothing, relaxed: l.repeats(), record: record})
}

// Renew proves that the lease is still ours and extends it.
func (l *Lease) Renew(ctx context.Context) error {
	return l.commit(ctx, change{until: l.j.clock().Add(l.j.ttl), last: nothing, relaxed: true})
}

// Fail records a failed attempt of a job, moves the lane to the time of the
// next one, or to the end of the longest rest, and releases it.
func (l *Lease) Fail(ctx context.Context, job Job, f Failure) error {
	return l.yield(ctx, f.RetryAt, func(ctx context.Context, tx *sql.Tx) error {
		if err := sinkJob(ctx, tx, l.key, job.Pos); err != nil {
			return err
		}
		if l.j.db.Dialect == database.Postgres {
			return l.j.failAtOnce(ctx, tx, job, f)
		}
		return l.j.fail(ctx, tx, job, f)
	})
}

// Yield moves the lane to a later time, at most by the longest rest, and
// releases it; nothing failed.
func (l *Lease) Yield(ctx context.Context, until time.Time) error {
	return l.yield(ctx, until, func(context.Context, *sql.Tx) error { return nil })
}

func (l *Lease) yield(ctx context.Context, due time.Time, record func(context.Context, *sql.Tx) error) error {
	if latest := l.j.clock().Add(LongestRest); due.After(latest) {
		due = latest
	}
	err := l.commit(ctx, change{last: nothing, relaxed: true, record: func(ctx context.Context, tx *sql.Tx) error {
		if err := record(ctx, tx); err != nil {
			return err
		}
		const give = `UPDATE lane SET due = $2, owner = '', head = COALESCE(
			(SELECT created FROM job WHERE job.lane = lane.key AND state = 'waiting' ORDER BY pos LIMIT 1), head),
			live = CASE WHEN live >= (SELECT pos FROM job WHERE job.lane = lane.key AND state = 'waiting' ORDER BY pos LIMIT 1) THEN live ELSE 0 END
			WHERE key = $1`
		_, err := tx.ExecContext(ctx, give, l.key.String(), due.UnixMilli())
		return err
	}})
	if err == nil {
		l.j.Wake(l.key.Queue, 0) // whoever waits must learn the new due time
	}
	return err
}

// Finish gives an emptied lane back. It reports false, and keeps the lease,
// when something was appended since the last Waiting: read again.
func (l *Lease) Finish(ctx context.Context) (finished bool, err error) {
	if l.finished {
		return true, nil
	}
	err = l.commit(ctx, change{until: l.until, last: l.seq, relaxed: true})
	return l.finished, err
}

// Keep renews the lease in the background while work goes on. The context it
// gives ends when the lease is lost, or when it could not be renewed and is
// about to run out: whoever claims the lane next must not find us at work.
// stop ends the renewing and waits for it.
func (l *Lease) Keep(ctx context.Context) (kept context.Context, stop func()) {
	kept, cancel := context.WithCancelCause(ctx)
	heartbeat := *l // the copy is the heartbeat's own
	ended := make(chan struct{})
	lost := func() { cancel(ErrLeaseLost) }
	deadline := time.AfterFunc(l.until.Sub(l.j.clock())-l.j.ttl/10, lost)
	go func() {
		defer close(ended)
		defer deadline.Stop()
		tick := time.NewTicker(l.j.ttl / 3)
		defer tick.Stop()
		for {
			select {
			case <-kept.Done():
				return
			case <-tick.C:
				switch err := heartbeat.Renew(kept); {
				case errors.Is(err, ErrLeaseLost):
					lost()
				case err == nil:
					deadline.Reset(heartbeat.until.Sub(l.j.clock()) - l.j.ttl/10)
				}
			}
		}
	}()
	return kept, func() {
		cancel(nil)
		<-ended
	}
}
