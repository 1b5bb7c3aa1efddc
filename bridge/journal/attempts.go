package journal

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/wootbridge/wootbridge/bridge/foreign"
)

// Outcome is what came of an attempt at a job.
type Outcome string

// The outcomes of attempts after which a job waits. That of the attempt which
// ends it is the state it ends in.
const (
	Retried Outcome = "retry"
	Paused  Outcome = "paused" // the job waits until its line is resumed
)

// Failure is a failed attempt that does not end its job.
type Failure struct {
	Outcome Outcome
	Cause   string
	RetryAt time.Time
	// MayHaveActed says that the attempt may have had an effect. The job says so
	// until it ends.
	MayHaveActed bool
}

// Attempt is one attempt at a job, for people to look at.
type Attempt struct {
	N        int // 1 is the first; those between the first and the last are dropped
	Begun    time.Time
	Duration time.Duration
	Outcome  Outcome // Retried, Paused, or the state that the job ended in
	Error    string
}

// A job keeps its first failed attempts and its last ones.
const (
	keptFirst = 5
	keptLast  = 20
)

const (
	countFailure = `UPDATE job SET attempt = attempt + 1, last_error = $2,
		first_failed = CASE WHEN first_failed = 0 THEN $3 ELSE first_failed END,
		unsure = CASE WHEN $4 THEN 1 ELSE unsure END, targets = $5 WHERE id = $1`
	// nextAttempt counts the kept attempts, not the job's: a replay starts those
	// anew.
	nextAttempt = `SELECT COALESCE(MAX(n), 0) + 1 FROM job_attempt WHERE job = $1`
	addAttempt  = `INSERT INTO job_attempt (job, n, begun, duration_ms, outcome, error)
		VALUES ($1, (` + nextAttempt + `), $2, $3, $4, $5) RETURNING n`
	dropAttempt = `DELETE FROM job_attempt WHERE job = $1 AND n = $2`
	// failAndAdd is all three for Postgres, to which each would be a round trip.
	failAndAdd = `WITH failed AS (
			UPDATE job SET attempt = attempt + 1, last_error = $2::text,
			first_failed = CASE WHEN first_failed = 0 THEN $3::bigint ELSE first_failed END,
			unsure = CASE WHEN $4::boolean THEN 1 ELSE unsure END, targets = $10::text WHERE id = $1::bigint
		), next (n) AS (` + nextAttempt + `), added AS (
			INSERT INTO job_attempt (job, n, begun, duration_ms, outcome, error)
			SELECT $1, n, $5::bigint, $6::bigint, $7::text, $2 FROM next
		) DELETE FROM job_attempt USING next WHERE job = $1 AND job_attempt.n = next.n - $8::bigint AND next.n > $9::bigint`
	// keepEnd makes a row of the attempt that ended a job which is to wait again.
	keepEnd = `INSERT INTO job_attempt (job, n, begun, duration_ms, outcome, error)
		SELECT id, (` + nextAttempt + `), CASE WHEN begun = 0 THEN ended ELSE begun END,
			CASE WHEN begun = 0 THEN 0 ELSE ended - begun END, state, last_error
		FROM job WHERE id = $1 AND state = 'dead'`
	// listAttempts ends with the attempt that ended the job. Of jobs that ended
	// before attempts were kept, only the end is known.
	listAttempts = `SELECT n, begun, duration_ms, outcome, error FROM job_attempt WHERE job = $1
		UNION ALL SELECT (` + nextAttempt + `), CASE WHEN begun = 0 THEN ended ELSE begun END,
			CASE WHEN begun = 0 THEN 0 ELSE ended - begun END, state, CASE WHEN state = 'dead' THEN last_error ELSE '' END
		FROM job WHERE id = $1 AND state <> 'waiting'
		ORDER BY 1`
)

// fail counts a failed attempt and keeps it.
func (j *Journal) fail(ctx context.Context, tx *sql.Tx, job Job, f Failure) error {
	now := j.clock()
	cause := foreign.Text(f.Cause)
	if _, err := tx.ExecContext(ctx, countFailure, job.ID, cause, now.UnixMilli(), f.MayHaveActed, storedTargets(job.Targets)); err != nil {
		return fmt.Errorf("count a failed attempt: %w", err)
	}
	var n int64
	begun, took := job.ran(now)
	if err := tx.QueryRowContext(ctx, addAttempt, job.ID, begun, took, string(f.Outcome), cause).Scan(&n); err != nil {
		return fmt.Errorf("keep a failed attempt: %w", err)
	}
	if n <= keptFirst+keptLast {
		return nil
	}
	if _, err := tx.ExecContext(ctx, dropAttempt, job.ID, n-keptLast); err != nil {
		return fmt.Errorf("drop an older attempt: %w", err)
	}
	return nil
}

func (j *Journal) failAtOnce(ctx context.Context, tx *sql.Tx, job Job, f Failure) error {
	now := j.clock()
	begun, took := job.ran(now)
	_, err := tx.ExecContext(ctx, failAndAdd, job.ID, foreign.Text(f.Cause), now.UnixMilli(), f.MayHaveActed,
		begun, took, string(f.Outcome), keptLast, keptFirst+keptLast, storedTargets(job.Targets))
	if err != nil {
		return fmt.Errorf("keep a failed attempt: %w", err)
	}
	return nil
}

// ran is when the attempt at hand began and how long it took, as stored.
func (job Job) ran(until time.Time) (begun, took int64) {
	if job.Begun.IsZero() {
		job.Begun = until
	}
	return job.Begun.UnixMilli(), max(0, until.Sub(job.Begun).Milliseconds())
}

// Attempts lists the attempts at a job, the one that ended it last. Of the
// failed ones a job keeps the first 5 and the last 20; of an attempt that died
// with its process it keeps none.
func (j *Journal) Attempts(ctx context.Context, job int64) ([]Attempt, error) {
	rows, err := j.db.QueryContext(ctx, listAttempts, job)
	if err != nil {
		return nil, fmt.Errorf("list attempts: %w", err)
	}
	defer rows.Close()
	attempts := []Attempt{}
	for rows.Next() {
		var a Attempt
		var begun, took int64
		if err := rows.Scan(&a.N, &begun, &took, &a.Outcome, &a.Error); err != nil {
			return nil, fmt.Errorf("list attempts: %w", err)
		}
		a.Begun, a.Duration = time.UnixMilli(begun).UTC(), time.Duration(took)*time.Millisecond
		attempts = append(attempts, a)
	}
	return attempts, rows.Err()
}
