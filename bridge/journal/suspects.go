package journal

import (
	"context"
	"database/sql"
	"fmt"
)

// A lane is a suspect when processes ended by faults of their own, again and again,
// while they worked on it: one of its jobs may be what they cannot bear. That a process
// was killed from outside says nothing of the jobs that were under way.

// SuspectAfter is how many such ends in a row make a lane a suspect.
const SuspectAfter = 2

// Trial is how far a suspect's job has come: 0 if it has none, how many crashes its lane
// had when the job began to run alone, or less than 0 the same of when it began to be
// given up. Without another crash since, a process that was stopped or killed meanwhile
// says nothing.
type Trial int64

// Failed reports whether the process has not survived the trial.
func (t Trial) Failed(crashes int) bool { return t != 0 && int64(crashes) > max(int64(t), -int64(t)) }

// GivingUp reports whether the job was being given up.
func (t Trial) GivingUp() bool { return t < 0 }

// Crashes is how often in a row a process ended by a fault of its own while it worked
// on the lane.
func (l *Lease) Crashes() int { return l.crashes }

// Suspects are the lanes that are to be worked on alone, before any other of their
// lines.
func (j *Journal) Suspects(ctx context.Context) ([]LaneKey, error) {
	const find = `SELECT line, chat, dir FROM lane WHERE crashes >= $1 AND owner <> '' AND due <= $2 ORDER BY due`
	rows, err := j.db.QueryContext(ctx, find, SuspectAfter, j.clock().UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("look for suspects: %w", err)
	}
	defer rows.Close()
	var keys []LaneKey
	for rows.Next() {
		var key LaneKey
		if err := rows.Scan(&key.Line, &key.Chat, &key.Queue); err != nil {
			return nil, fmt.Errorf("look for suspects: %w", err)
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}

// Try records, before it happens, that a suspect's job runs alone, or is given up.
func (l *Lease) Try(ctx context.Context, job Job, givingUp bool) error {
	step := int64(l.crashes)
	if givingUp {
		step = -step
	}
	return l.Record(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE job SET alone = $2 WHERE id = $1`, job.ID, step); err != nil {
			return fmt.Errorf("record a suspect's trial: %w", err)
		}
		return nil
	})
}

// forgetTrials forgets which jobs ran alone in an earlier run of this instance that was
// stopped or killed meanwhile: what ends the next run may be another one.
func (j *Journal) forgetTrials(ctx context.Context) error {
	const forget = `UPDATE job SET alone = 0
		WHERE alone > 0 AND lane IN (SELECT key FROM lane WHERE crashes > 0 AND crashes = job.alone AND (owner = '' OR owner LIKE $1))`
	if _, err := j.db.ExecContext(ctx, forget, j.instance+"/%"); err != nil {
		return fmt.Errorf("forget the trials of an earlier run: %w", err)
	}
	return nil
}

// Acquit records that the process has survived a job of the lane. The lane may be
// somebody else's by now.
func (l *Lease) Acquit(ctx context.Context, job Job) error {
	l.crashes = 0
	err := l.j.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE lane SET crashes = 0 WHERE key = $1`, l.key.String()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE job SET alone = 0 WHERE id = $1`, job.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("acquit a lane: %w", err)
	}
	return nil
}
