package journal

import (
	"context"
	"database/sql"
	"fmt"
)

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
