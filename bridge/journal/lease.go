package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// ErrLeaseLost says that the lane belongs to somebody else by now; nothing of
// the call was recorded.
var ErrLeaseLost = errors.New("the lane's lease was lost")

// Lease is the right to work on one lane.
type Lease struct {
	j          *Journal
	key        LaneKey
	token      string
	until      time.Time
	generation int64
	unclean    bool
	seq        int64
	// left is how many jobs wait at position seq and before, or -1 when only
	// the first of them were read.
	left     int
	released bool
}

// Lane is what was claimed.
func (l *Lease) Lane() LaneKey { return l.key }

// Generation is the line's at the time of the claim; cached entries of another
// generation must not be believed.
func (l *Lease) Generation() int64 { return l.generation }

// Unclean reports whether the lane was not released cleanly before, so that
// its head may have had an effect already.
func (l *Lease) Unclean() bool { return l.unclean }

// Released reports whether the lane was given back with the end of its last
// job.
func (l *Lease) Released() bool { return l.released }

// Waiting reads the next jobs in order, at most n.
func (l *Lease) Waiting(ctx context.Context, n int) ([]Job, error) {
	// The lane's position and its jobs in one query, so that both are of the
	// same moment: what is appended after it makes a release look again.
	const read = `SELECT lane.seq, job.id, job.pos, job.kind, job.payload, job.attempt, job.first_failed, job.last_error, job.at, job.created
		FROM lane LEFT JOIN job ON job.lane = lane.key AND job.state = 'waiting' WHERE lane.key = $1 ORDER BY job.pos LIMIT $2`
	rows, err := l.j.db.QueryContext(ctx, read, l.key.String(), n)
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
	if l.left = len(jobs); l.left == n {
		l.left = -1
	}
	return jobs, nil
}

// scanJob reads a row of Waiting, which of an empty lane has no job in it.
func (l *Lease) scanJob(rows *sql.Rows) (job Job, any bool, err error) {
	var id, pos, attempt, firstFailed, at, created sql.NullInt64
	var kind, cause sql.NullString
	if err := rows.Scan(&l.seq, &id, &pos, &kind, &job.Payload, &attempt, &firstFailed, &cause, &at, &created); err != nil {
		return Job{}, false, err
	}
	job.ID, job.Pos, job.Kind, job.Attempt, job.LastError = id.Int64, pos.Int64, kind.String, int(attempt.Int64), cause.String
	job.At, job.Created = time.UnixMilli(at.Int64), time.UnixMilli(created.Int64)
	if firstFailed.Int64 != 0 {
		job.FirstFailed = time.UnixMilli(firstFailed.Int64)
	}
	return job, id.Valid, nil
}

// Done ends a job, together with what record writes. With the last job that
// waits the lane is given back in the same commit, unless something was
// appended meanwhile; see Released.
func (l *Lease) Done(ctx context.Context, job Job, record func(ctx context.Context, tx *sql.Tx) error) error {
	return l.end(ctx, job, Done, "", record)
}

// Dead gives a job up, for a reason that admins read, together with what
// record writes.
func (l *Lease) Dead(ctx context.Context, job Job, reason string, record func(ctx context.Context, tx *sql.Tx) error) error {
	return l.end(ctx, job, Dead, reason, record)
}

func (l *Lease) end(ctx context.Context, job Job, state State, reason string, record func(context.Context, *sql.Tx) error) error {
	last := nothing
	if l.left == 1 {
		last = l.seq
	}
	err := l.commit(ctx, l.j.clock().Add(l.j.ttl), last, func(ctx context.Context, tx *sql.Tx) error {
		const end = `UPDATE job SET state = $2, ended = $3, last_error = CASE WHEN $4 = '' THEN last_error ELSE $4 END
			WHERE id = $1 AND state = 'waiting'`
		if _, err := tx.ExecContext(ctx, end, job.ID, string(state), l.j.clock().UnixMilli(), reason); err != nil {
			return fmt.Errorf("end job: %w", err)
		}
		if record == nil {
			return nil
		}
		return record(ctx, tx)
	})
	if err == nil && l.left > 0 {
		l.left--
	}
	return err
}

// Record commits what record writes, if the lease is still ours. It is for
// facts that must be known before the job's end, such as a send that began.
func (l *Lease) Record(ctx context.Context, record func(ctx context.Context, tx *sql.Tx) error) error {
	return l.commit(ctx, l.j.clock().Add(l.j.ttl), nothing, record)
}

// Renew proves that the lease is still ours and extends it.
func (l *Lease) Renew(ctx context.Context) error {
	return l.commit(ctx, l.j.clock().Add(l.j.ttl), nothing, func(context.Context, *sql.Tx) error { return nil })
}

// Fail counts a failed attempt of a job, moves the lane to retryAt and
// releases it.
func (l *Lease) Fail(ctx context.Context, job Job, cause string, retryAt time.Time) error {
	return l.giveBack(ctx, retryAt, func(ctx context.Context, tx *sql.Tx) error {
		const fail = `UPDATE job SET attempt = attempt + 1, last_error = $2,
			first_failed = CASE WHEN first_failed = 0 THEN $3 ELSE first_failed END WHERE id = $1`
		_, err := tx.ExecContext(ctx, fail, job.ID, cause, l.j.clock().UnixMilli())
		return err
	})
}

// Defer moves the lane to a later time and releases it; nothing failed.
func (l *Lease) Defer(ctx context.Context, until time.Time) error {
	return l.giveBack(ctx, until, func(context.Context, *sql.Tx) error { return nil })
}

func (l *Lease) giveBack(ctx context.Context, due time.Time, record func(context.Context, *sql.Tx) error) error {
	err := l.commit(ctx, time.Time{}, nothing, func(ctx context.Context, tx *sql.Tx) error {
		if err := record(ctx, tx); err != nil {
			return err
		}
		const give = `UPDATE lane SET due = $2, owner = '', head = COALESCE(
			(SELECT created FROM job WHERE job.lane = lane.key AND state = 'waiting' ORDER BY pos LIMIT 1), head)
			WHERE key = $1`
		_, err := tx.ExecContext(ctx, give, l.key.String(), due.UnixMilli())
		return err
	})
	if err == nil {
		l.j.Wake(l.key.Dir) // whoever waits must learn the new due time
	}
	return err
}

// nothing is the position of no job: with it a commit keeps the lane.
const nothing int64 = -1

// commit runs record in a transaction that holds only if the lease is ours; it
// sets the lease's end to until, or ends it when until is zero. If the lane's
// newest position still is last, it gives the lane back.
func (l *Lease) commit(ctx context.Context, until time.Time, last int64, record func(context.Context, *sql.Tx) error) error {
	released := false
	err := l.j.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		// The lane row first: it is the lock that every writer of the lane
		// takes first, so transactions cannot wait for each other in a circle.
		const renew = `UPDATE lane SET lease = CASE WHEN seq = $4 THEN 0 ELSE CAST($3 AS BIGINT) END, due = CASE WHEN seq = $4 THEN NULL ELSE due END,
			owner = CASE WHEN seq = $4 THEN '' ELSE owner END WHERE key = $1 AND owner = $2 RETURNING owner`
		lease := int64(0)
		if !until.IsZero() {
			lease = until.UnixMilli()
		}
		var owner string
		err := tx.QueryRowContext(ctx, renew, l.key.String(), l.token, lease, last).Scan(&owner)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrLeaseLost
		}
		if err != nil {
			return fmt.Errorf("renew lease: %w", err)
		}
		released = owner == ""
		return record(ctx, tx)
	})
	if err != nil {
		return err
	}
	l.released = released
	if !until.IsZero() {
		l.until = until
	}
	return nil
}

// Release gives an emptied lane back. It reports false, and keeps the lease,
// when something was appended since the last Waiting: read again.
func (l *Lease) Release(ctx context.Context) (released bool, err error) {
	if l.released {
		return true, nil
	}
	err = l.j.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		const release = `UPDATE lane SET due = NULL, lease = 0, owner = '' WHERE key = $1 AND owner = $2 AND seq = $3`
		res, err := tx.ExecContext(ctx, release, l.key.String(), l.token, l.seq)
		if err != nil {
			return fmt.Errorf("release lane: %w", err)
		}
		n, err := res.RowsAffected()
		if err != nil {
			return fmt.Errorf("release lane: %w", err)
		}
		released = n == 1
		if released {
			return nil
		}
		const still = `SELECT COUNT(*) FROM lane WHERE key = $1 AND owner = $2`
		var ours int
		if err := tx.QueryRowContext(ctx, still, l.key.String(), l.token).Scan(&ours); err != nil {
			return fmt.Errorf("look at the lease: %w", err)
		}
		if ours == 0 {
			return ErrLeaseLost
		}
		return nil
	})
	return released, err
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
