package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wootbridge/wootbridge/bridge/database"
)

// LiveAge is how old the oldest waiting job of a lane may be for it to count as
// live traffic; other lanes are backlog, retried ones too, and wait for the
// capacity that live ones leave.
const LiveAge = 10 * time.Second

// Filter limits what Claim may hand out.
type Filter struct {
	// Lines is the lines whose lanes may be claimed; nil means any.
	Lines []string
	// Dirs is the directions; it must not be empty.
	Dirs []Direction
	// Live leaves the backlog to others.
	Live bool
}

// Claim takes the lease of one lane that is due, live ones first. It returns
// nil when there is none. Lanes of paused and deleted lines rest.
func (j *Journal) Claim(ctx context.Context, f Filter) (*Lease, error) {
	if f.Lines != nil && len(f.Lines) == 0 {
		return nil, nil
	}
	var lease *Lease
	err := j.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		lease = nil
		now := j.clock()
		found, unclean, err := j.findDue(ctx, tx, f, now)
		if err != nil || found == nil {
			return err
		}
		found.token, found.until = j.token(), now.Add(j.ttl)
		const take = `UPDATE lane SET owner = $2, lease = $3 WHERE key = $1`
		if _, err := tx.ExecContext(ctx, take, found.key.String(), found.token, found.until.UnixMilli()); err != nil {
			return fmt.Errorf("take lease: %w", err)
		}
		found.unclean = unclean
		lease = found
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claim a lane: %w", err)
	}
	return lease, nil
}

// findDue looks among the live lanes first, then among all. Two queries, each
// in the order of an index, so that a long backlog is not sorted for each claim.
func (j *Journal) findDue(ctx context.Context, tx *sql.Tx, f Filter, now time.Time) (*Lease, bool, error) {
	orders := []string{isLive(now) + ` ORDER BY l.head`, ` ORDER BY l.due`}
	if f.Live {
		orders = orders[:1]
	}
	for _, order := range orders {
		query, args := j.dueQuery(f, now, `l.line, l.chat, l.dir, l.owner, line.generation`)
		query += order + ` LIMIT 1`
		if j.db.Dialect == database.Postgres {
			query += ` FOR UPDATE OF l SKIP LOCKED`
		}
		lease := &Lease{j: j}
		var owner string
		err := tx.QueryRowContext(ctx, query, args...).Scan(&lease.key.Line, &lease.key.Chat, &lease.key.Dir, &owner, &lease.generation)
		if err == nil {
			return lease, owner != "", nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return nil, false, fmt.Errorf("look for a due lane: %w", err)
		}
	}
	return nil, false, nil
}

// isLive is the condition for live lanes.
func isLive(now time.Time) string {
	return ` AND l.head > ` + strconv.FormatInt(now.Add(-LiveAge).UnixMilli(), 10)
}

// dueQuery selects the lanes that may be claimed at now.
func (j *Journal) dueQuery(f Filter, now time.Time, columns string) (string, []any) {
	args := []any{now.UnixMilli()}
	mark := func(v string) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	marks := func(values []string) string {
		list := make([]string, len(values))
		for i, v := range values {
			list[i] = mark(v)
		}
		return strings.Join(list, ", ")
	}
	dirs := make([]string, len(f.Dirs))
	for i, d := range f.Dirs {
		dirs[i] = string(d)
	}
	query := `SELECT ` + columns + ` FROM lane l JOIN line ON line.id = l.line
		WHERE l.due IS NOT NULL AND l.due <= $1 AND l.lease <= $1
		AND line.paused = '' AND line.deleted = 0 AND l.dir IN (` + marks(dirs) + `)`
	if f.Lines != nil {
		query += ` AND l.line IN (` + marks(f.Lines) + `)`
	}
	if held := j.heldLines(); len(held) > 0 {
		query += ` AND NOT (l.dir = 'in' AND l.line IN (` + marks(held) + `))`
	}
	return query, args
}

// NextDue is when the next lane of f falls due, or false when none waits. A
// lane that is leased now counts from the end of its lease.
func (j *Journal) NextDue(ctx context.Context, f Filter) (time.Time, bool, error) {
	far := j.clock().Add(1000 * time.Hour)
	query, args := j.dueQuery(f, far, `MIN(CASE WHEN l.lease > l.due THEN l.lease ELSE l.due END)`)
	if f.Live {
		query += isLive(j.clock())
	}
	var due sql.NullInt64
	if err := j.db.QueryRowContext(ctx, query, args...).Scan(&due); err != nil {
		return time.Time{}, false, fmt.Errorf("look for the next due lane: %w", err)
	}
	return time.UnixMilli(due.Int64), due.Valid, nil
}

// Hasten makes the lanes of one direction due that rest until later: what they
// wait for has come.
func (j *Journal) Hasten(ctx context.Context, line string, dir Direction) error {
	now := j.clock().UnixMilli()
	var lanes []lockedLane
	err := j.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		lanes, err = j.lockLanes(ctx, tx, `line = $1 AND dir = $2 AND due > $3`, line, string(dir), now)
		if err != nil {
			return err
		}
		for _, lane := range lanes {
			if _, err := tx.ExecContext(ctx, `UPDATE lane SET due = $2 WHERE key = $1`, lane.key, now); err != nil {
				return fmt.Errorf("hasten lane: %w", err)
			}
		}
		return j.notify(ctx, tx)
	})
	if err != nil {
		return err
	}
	j.Wake()
	return nil
}

// HastenLanes makes lanes due now that rest until the given times; a lane that
// rests until another time by now is left alone.
func (j *Journal) HastenLanes(ctx context.Context, lanes map[LaneKey]time.Time) error {
	now := j.clock().UnixMilli()
	keys := slices.SortedFunc(maps.Keys(lanes), func(a, b LaneKey) int { return strings.Compare(a.String(), b.String()) })
	err := j.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, key := range keys { // in the order in which every writer locks lanes
			const hasten = `UPDATE lane SET due = $3 WHERE key = $1 AND due = $2 AND due > $3`
			if _, err := tx.ExecContext(ctx, hasten, key.String(), lanes[key].UnixMilli(), now); err != nil {
				return fmt.Errorf("hasten lane: %w", err)
			}
		}
		return j.notify(ctx, tx)
	})
	if err == nil {
		j.Wake()
	}
	return err
}
