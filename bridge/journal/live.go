package journal

import (
	"context"
	"database/sql"
	"fmt"
)

// A lane is live up to its newest live job: lane.live is that job's place, or 0. What
// waits before it waits with it, for the lane keeps its order. A job is live by how it
// came, and stays so however long it waits. What failed, and what has waited while
// its destination was away, or since before the process began, is a backlog.

// sinkJob makes a job that failed a backlog, unless a live one waits behind it.
func sinkJob(ctx context.Context, tx *sql.Tx, lane LaneKey, pos int64) error {
	const sink = `UPDATE lane SET live = 0 WHERE key = $1 AND live > 0 AND live <= $2`
	if _, err := tx.ExecContext(ctx, sink, lane.String(), pos); err != nil {
		return fmt.Errorf("make a job a backlog: %w", err)
	}
	return nil
}

// Sink makes a backlog of all that waits now in a line's lanes of a queue.
func (j *Journal) Sink(ctx context.Context, line string, queue Queue) error {
	err := j.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		lanes, err := j.lockLanes(ctx, tx, `line = $1 AND dir = $2 AND due IS NOT NULL AND live > 0`, line, string(queue))
		if err != nil {
			return err
		}
		for _, lane := range lanes {
			if _, err := tx.ExecContext(ctx, `UPDATE lane SET live = 0 WHERE key = $1`, lane.key); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("make a backlog of what waits: %w", err)
	}
	return nil
}
