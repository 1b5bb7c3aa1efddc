package journal

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/foreign"
)

// ErrBusy says that a lane is being worked on right now; try again later.
var ErrBusy = errors.New("a lane of the chat is being worked on")

const waitingOfTwo = `SELECT id, lane FROM job WHERE lane IN ($1, $2) AND pos > 0 AND state = 'waiting' ORDER BY lane, pos`

// MergeChats joins the waiting jobs of two chats that turned out to be one
// person in the elder chat's lanes: those of each lane in the order they had,
// and between the two by arrival. It refuses with ErrBusy while
// a worker holds a lane of either, or held it and did not release it cleanly.
func (j *Journal) MergeChats(ctx context.Context, tx *sql.Tx, line, elder, younger string) error {
	lanes, err := j.lockLanes(ctx, tx, `line = $1 AND chat IN ($2, $3)`, line, foreign.Key(elder), foreign.Key(younger))
	if err != nil {
		return err
	}
	now := j.clock().UnixMilli()
	for _, lane := range lanes {
		// A lane that was not released cleanly is busy too: its head may have
		// had an effect, and the worker that looks must find it at the head.
		if lane.lease > now || lane.owner != "" {
			return ErrBusy
		}
	}
	for _, dir := range []Queue{In, Out, Status, Maintenance} {
		from := LaneKey{Line: line, Chat: younger, Queue: dir}
		to := LaneKey{Line: line, Chat: elder, Queue: dir}
		ids, err := mergedIDs(ctx, tx, from.String(), to.String())
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			continue
		}
		lane, err := j.nextPosition(ctx, tx, Entry{Lane: to, Backlog: true}.fit(), now, nil)
		if err != nil {
			return err
		}
		const joinLive = `UPDATE lane SET live = 1 WHERE key = $1 AND EXISTS (SELECT 1 FROM lane AS other WHERE other.key = $2 AND other.live > 0)`
		if _, err := tx.ExecContext(ctx, joinLive, to.String(), from.String()); err != nil {
			return fmt.Errorf("join the lanes' classes: %w", err)
		}
		if err := place(ctx, tx, to.String(), lane.pos, ids, now); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE lane SET due = NULL WHERE key = $1`, from.String()); err != nil {
			return fmt.Errorf("empty lane: %w", err)
		}
	}
	return nil
}

// mergedIDs lists the waiting jobs of two lanes in the order of the merge. What
// counts in a lane is the position: a job that was asked for again has an old id
// and stands at the end.
func mergedIDs(ctx context.Context, tx *sql.Tx, one, other string) ([]int64, error) {
	rows, err := tx.QueryContext(ctx, waitingOfTwo, one, other)
	if err != nil {
		return nil, fmt.Errorf("read jobs: %w", err)
	}
	defer rows.Close()
	type arrived struct{ id, latest int64 }
	var ids []int64
	all, latest := []arrived{}, map[string]int64{}
	for rows.Next() {
		var id int64
		var lane string
		if err := rows.Scan(&id, &lane); err != nil {
			return nil, fmt.Errorf("read job: %w", err)
		}
		// It arrived no earlier than what stands before it in its lane.
		latest[lane] = max(latest[lane], id)
		all = append(all, arrived{id, latest[lane]})
	}
	slices.SortStableFunc(all, func(a, b arrived) int { return cmp.Compare(a.latest, b.latest) })
	for _, job := range all {
		ids = append(ids, job.id)
	}
	return ids, rows.Err()
}

// forUpdate locks the rows read; on SQLite the transaction itself is the lock.
func (j *Journal) forUpdate() string {
	if j.db.Dialect == database.Postgres {
		return ` FOR UPDATE`
	}
	return ""
}
