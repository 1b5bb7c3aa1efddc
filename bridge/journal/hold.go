package journal

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
)

// PauseDrain keeps the inbound lanes of a line from being claimed while a backlog
// comes in: the library shuffles what exceeds its queue, so the order is known
// only when all of it is here. Appends go on.
func (j *Journal) PauseDrain(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.pausedDrains[line] = true
}

// ResumeDrain puts the waiting inbound jobs of a paused line in the order of the
// sender's time, then of arrival, and lets workers claim them.
func (j *Journal) ResumeDrain(ctx context.Context, line string) error {
	j.mu.Lock()
	paused := j.pausedDrains[line]
	j.mu.Unlock()
	if !paused {
		return nil
	}
	err := j.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		lanes, err := j.lockLanes(ctx, tx, `line = $1 AND dir = 'in' AND due IS NOT NULL`, line)
		if err != nil {
			return err
		}
		for _, lane := range lanes {
			if err := j.sortLane(ctx, tx, lane); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("order the backlog: %w", err)
	}
	j.mu.Lock()
	delete(j.pausedDrains, line)
	j.mu.Unlock()
	j.Wake(In, 0)
	return nil
}

// drainPaused reports whether a lane may not be claimed at present.
func (j *Journal) drainPaused(lane LaneKey) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return lane.Queue == In && j.pausedDrains[lane.Line]
}

func (j *Journal) pausedLines() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	lines := make([]string, 0, len(j.pausedDrains))
	for line := range j.pausedDrains {
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

// waitingByTime names the positions, all of which are above 0, so that the lane's
// jobs that are done are not read.
const waitingByTime = `SELECT id FROM job WHERE lane = $1 AND pos > 0 AND state = 'waiting' ORDER BY at, pos`

// sortLane gives the lane's waiting jobs new positions at its end.
func (j *Journal) sortLane(ctx context.Context, tx *sql.Tx, lane lockedLane) error {
	ids, err := selectIDs(ctx, tx, waitingByTime, lane.key)
	if err != nil {
		return err
	}
	return place(ctx, tx, lane.key, lane.seq, ids, j.clock().UnixMilli())
}

// lockedLane is a lane row that this transaction holds.
type lockedLane struct {
	key   string
	seq   int64
	lease int64
	owner string
}

func (j *Journal) lockLanes(ctx context.Context, tx *sql.Tx, where string, args ...any) ([]lockedLane, error) {
	query := `SELECT key, seq, lease, owner FROM lane WHERE ` + where + ` ORDER BY key`
	rows, err := tx.QueryContext(ctx, query+j.forUpdate(), args...)
	if err != nil {
		return nil, fmt.Errorf("lock lanes: %w", err)
	}
	defer rows.Close()
	var lanes []lockedLane
	for rows.Next() {
		var lane lockedLane
		if err := rows.Scan(&lane.key, &lane.seq, &lane.lease, &lane.owner); err != nil {
			return nil, fmt.Errorf("lock lanes: %w", err)
		}
		lanes = append(lanes, lane)
	}
	return lanes, rows.Err()
}

// place moves jobs, in this order, behind position seq of a lane.
func place(ctx context.Context, tx *sql.Tx, lane string, seq int64, ids []int64, now int64) error {
	for _, id := range ids {
		seq++
		if _, err := tx.ExecContext(ctx, `UPDATE job SET lane = $2, pos = $3 WHERE id = $1`, id, lane, seq); err != nil {
			return fmt.Errorf("move job: %w", err)
		}
	}
	const raise = `UPDATE lane SET seq = CAST($2 AS BIGINT), due = CASE WHEN $4 THEN COALESCE(due, $3) ELSE due END, live = CASE WHEN live > 0 THEN CAST($2 AS BIGINT) ELSE 0 END WHERE key = $1`
	if _, err := tx.ExecContext(ctx, raise, lane, seq, now, len(ids) > 0); err != nil {
		return fmt.Errorf("raise lane: %w", err)
	}
	return nil
}

func selectIDs(ctx context.Context, tx *sql.Tx, query string, args ...any) ([]int64, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read jobs: %w", err)
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read job: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
