package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// laneWeight is how many rows a lane counts for when its line is deleted: each
// lane is found and emptied by statements of its own.
const laneWeight = 5

// DeleteLine removes jobs and lanes of a line that is deleted, about atMost rows
// in one transaction, and says how many it was. Fewer than atMost means that
// nothing is left.
func (j *Journal) DeleteLine(ctx context.Context, tx *sql.Tx, line string, atMost int) (rows int, err error) {
	for rows < atMost {
		var lane string
		switch err := tx.QueryRowContext(ctx, laneOfLine, line).Scan(&lane); {
		case errors.Is(err, sql.ErrNoRows):
			return rows, nil
		case err != nil:
			return rows, fmt.Errorf("find a lane of the line: %w", err)
		}
		deleted, err := deleteJobs(ctx, tx, lane, atMost-rows)
		if err != nil {
			return rows, err
		}
		if rows += deleted; rows >= atMost {
			return rows, nil // the lane may have more
		}
		if _, err := tx.ExecContext(ctx, deleteLane, lane); err != nil {
			return rows, fmt.Errorf("delete a lane of the line: %w", err)
		}
		rows += laneWeight
	}
	return rows, nil
}

// deleteJobs removes the oldest jobs of a lane. Their attempts go with them and
// count, too: a job may have dozens. A job is not cut in two, so it may be some
// rows more.
func deleteJobs(ctx context.Context, tx *sql.Tx, lane string, atMost int) (rows int, err error) {
	found, err := tx.QueryContext(ctx, oldestOfLane, lane, atMost)
	if err != nil {
		return 0, fmt.Errorf("find jobs of the line: %w", err)
	}
	defer found.Close()
	var last int64
	for rows < atMost && found.Next() {
		var attempts int
		if err := found.Scan(&last, &attempts); err != nil {
			return 0, fmt.Errorf("find jobs of the line: %w", err)
		}
		rows += 1 + attempts
	}
	if err := errors.Join(found.Err(), found.Close()); err != nil {
		return 0, fmt.Errorf("find jobs of the line: %w", err)
	}
	if rows == 0 {
		return 0, nil
	}
	if _, err := tx.ExecContext(ctx, deleteOldest, lane, last); err != nil {
		return 0, fmt.Errorf("delete jobs of the line: %w", err)
	}
	return rows, nil
}

const (
	laneOfLine   = `SELECT key FROM lane WHERE line = $1 LIMIT 1`
	oldestOfLane = `SELECT id, (SELECT COUNT(*) FROM job_attempt WHERE job_attempt.job = job.id) FROM job WHERE lane = $1 ORDER BY id LIMIT $2`
	deleteOldest = `DELETE FROM job WHERE lane = $1 AND id <= $2`
	deleteLane   = `DELETE FROM lane WHERE key = $1`
)
