package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/foreign"
)

// change is what one transaction of a lane's owner does.
type change struct {
	// until is the new end of the lease; zero ends it.
	until time.Time
	// last gives the lane back if its newest position still is this one.
	last int64
	// job is ended in a state, for a reason, by an attempt that began at some
	// time, unless it is 0.
	job    int64
	state  State
	reason string
	begun  time.Time
	// record writes what belongs to it; nil writes nothing.
	record func(ctx context.Context, tx *sql.Tx) error
	// relaxed says that the commit need not wait for the disk: when it is lost
	// in a power cut, so is all that came after it in the lane.
	relaxed bool
}

// nothing is the position of no job: with it a change keeps the lane.
const nothing int64 = -1

// repeats reports whether what the lane's jobs do may be done again: a message
// goes to WhatsApp with the same id, and a status says the same twice. Then no
// commit about it needs to wait for the disk.
//
// Elsewhere the claim waits, so that a lost end leaves a lane that was not
// released cleanly, whose head may have been done.
func (d Queue) repeats() bool { return d == Out || d == Status }

func (l *Lease) repeats() bool { return l.key.Queue.repeats() }

// commit makes a change, which holds only if the lease is ours.
func (l *Lease) commit(ctx context.Context, c change) error {
	var owner string
	var seq int64
	var err error
	if c.record == nil && l.j.db.Dialect == database.Postgres {
		err = l.j.db.InOne(ctx, func(ctx context.Context, q database.Queryer) (err error) {
			owner, seq, err = l.applyAtOnce(ctx, q, c)
			return err
		})
	} else {
		apply := l.apply
		if l.j.db.Dialect == database.Postgres {
			apply = l.applyAtOnce
		} else if c.relaxed {
			ctx = database.Relaxed(ctx)
		}
		err = l.j.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
			if owner, seq, err = apply(ctx, tx, c); err != nil || c.record == nil {
				return err
			}
			return c.record(ctx, tx)
		})
	}
	if err != nil {
		return err
	}
	if seq != l.seq {
		l.fresh = false
	}
	l.finished, l.aged = owner == "", true
	if !c.until.IsZero() {
		l.until = c.until
	}
	return nil
}

// renewLane is the first statement of every change. The lane row is the lock
// that every writer of the lane takes first, so transactions cannot wait for
// each other in a circle.
const renewLane = `UPDATE lane SET lease = CASE WHEN seq = $4 THEN 0 ELSE CAST($3 AS BIGINT) END, due = CASE WHEN seq = $4 THEN NULL ELSE due END,
	owner = CASE WHEN seq = $4 THEN '' ELSE owner END WHERE key = $1 AND owner = $2 RETURNING owner, seq`

func (l *Lease) apply(ctx context.Context, q database.Queryer, c change) (owner string, seq int64, err error) {
	err = q.QueryRowContext(ctx, renewLane, l.key.String(), l.token, c.lease(), c.last).Scan(&owner, &seq)
	if err != nil {
		return "", 0, lost(err)
	}
	if c.job == 0 {
		return owner, seq, nil
	}
	const end = `UPDATE job SET state = $2, begun = $5, ended = $3, last_error = CASE WHEN $4 = '' THEN last_error ELSE $4 END
		WHERE id = $1 AND state = 'waiting'`
	if _, err := q.ExecContext(ctx, end, c.job, string(c.state), l.j.clock().UnixMilli(), foreign.Text(c.reason), millis(c.begun)); err != nil {
		return "", 0, fmt.Errorf("end job: %w", err)
	}
	return owner, seq, nil
}

// applyAtOnce does the same in one statement, because each costs a round trip
// to Postgres.
func (l *Lease) applyAtOnce(ctx context.Context, q database.Queryer, c change) (owner string, seq int64, err error) {
	renewAndEnd := `WITH mine AS (` + renewLane + `, ` + relaxIf(`$5::boolean`) + `), ended AS (
			UPDATE job SET state = $7::text, begun = $10::bigint, ended = $8::bigint, last_error = CASE WHEN $9::text = '' THEN last_error ELSE $9 END
			FROM mine WHERE job.id = $6::bigint AND job.state = 'waiting'
		) SELECT owner, seq FROM mine`
	err = q.QueryRowContext(ctx, renewAndEnd, l.key.String(), l.token, c.lease(), c.last, c.relaxed,
		c.job, string(c.state), l.j.clock().UnixMilli(), foreign.Text(c.reason), millis(c.begun)).Scan(&owner, &seq)
	return owner, seq, lost(err)
}

// relaxIf is a column that makes the transaction of a statement on Postgres one
// that does not wait for the disk, as database.Relaxed does for longer ones, if
// the condition holds.
func relaxIf(condition string) string {
	return `CASE WHEN ` + condition + ` THEN set_config('synchronous_commit', 'off', true) END`
}

func (c change) lease() int64 { return millis(c.until) }

// millis is a time as stored; 0 stands for none.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func lost(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return ErrLeaseLost
	default:
		return fmt.Errorf("renew lease: %w", err)
	}
}
