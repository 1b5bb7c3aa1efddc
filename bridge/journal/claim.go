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
	Queue Queue
	// Live leaves the backlog to others.
	Live bool
}

// Claim takes the lease of one lane that is due, live ones first. It returns
// nil when there is none. Lanes of paused and deleted lines rest.
func (j *Journal) Claim(ctx context.Context, f Filter) (*Lease, error) {
	if f.Lines != nil && len(f.Lines) == 0 {
		return nil, nil
	}
	now := j.clock()
	if err := j.noteTime(ctx, now); err != nil {
		return nil, err
	}
	take := j.claimFirst
	if j.db.Dialect == database.Postgres {
		take = j.claimAtOnce
	}
	for _, query := range j.claimQueries(f, now, `l.key, l.line, l.chat, l.dir, l.owner, line.generation`) {
		lease := &Lease{j: j, key: LaneKey{Queue: f.Queue}, token: j.token(), until: now.Add(j.ttl)}
		taken, err := take(ctx, lease, query.query, query.args)
		if err != nil {
			return nil, fmt.Errorf("claim a lane: %w", err)
		}
		if taken {
			return lease, nil
		}
	}
	if err := j.reinIn(ctx, f.Queue, now); err != nil {
		return nil, fmt.Errorf("look for lanes that rest too long: %w", err)
	}
	return nil, nil
}

// laneQuery is a query for lanes; its first argument is now.
type laneQuery struct {
	query string
	args  []any
}

// claimQueries find a lane for a claim: a live one first, then any. Each query
// is in the order of an index, so that a long backlog is not sorted for each
// claim.
func (j *Journal) claimQueries(f Filter, now time.Time, columns string) []laneQuery {
	const free = ` AND l.due <= $1 AND l.lease <= $1`
	live := f
	live.Live = true
	queries := []laneQuery{j.lanes(live, now, columns).then(free + ` ORDER BY l.head LIMIT 1`)}
	if f.Live {
		return queries
	}
	return append(queries, j.lanes(f, now, columns).then(free+` ORDER BY l.due LIMIT 1`))
}

func (l laneQuery) then(more string) laneQuery {
	l.query += more
	return l
}

// claimAtOnce takes the lane that query finds and nobody else is just taking, in
// one statement.
func (j *Journal) claimAtOnce(ctx context.Context, l *Lease, query string, args []any) (bool, error) {
	n := len(args)
	query = `WITH due AS (` + query + ` FOR UPDATE OF l SKIP LOCKED)
		UPDATE lane SET owner = $` + strconv.Itoa(n+1) + `, lease = $` + strconv.Itoa(n+2) + ` FROM due WHERE lane.key = due.key
		RETURNING due.line, due.chat, due.dir, due.owner, due.generation, ` + relaxIf(strconv.FormatBool(l.repeats()))
	// A claim whose answer is not waited for would look like an owner that died.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), claimTimeout)
	defer cancel()
	var before string
	var relaxed sql.NullString
	err := j.db.QueryRowContext(ctx, query, append(args, l.token, l.until.UnixMilli())...).
		Scan(&l.key.Line, &l.key.Chat, &l.key.Queue, &before, &l.epoch, &relaxed)
	l.unclean = before != ""
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

const claimTimeout = 30 * time.Second

// claimFirst reads without taking the turn to write: most claims find nothing.
// Another worker may take the lane between the read and the write; then it
// reads again.
func (j *Journal) claimFirst(ctx context.Context, l *Lease, query string, args []any) (bool, error) {
	for {
		var key, before string
		err := j.db.QueryRowContext(ctx, query, args...).Scan(&key, &l.key.Line, &l.key.Chat, &l.key.Queue, &before, &l.epoch)
		if errors.Is(err, sql.ErrNoRows) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("look for a due lane: %w", err)
		}
		var taken int64
		claiming := ctx
		if l.repeats() {
			claiming = database.Relaxed(ctx)
		}
		err = j.db.InTx(claiming, func(ctx context.Context, tx *sql.Tx) error {
			const take = `UPDATE lane SET owner = $2, lease = $3 WHERE key = $1 AND owner = $4 AND due <= $5 AND lease <= $5`
			res, err := tx.ExecContext(ctx, take, key, l.token, l.until.UnixMilli(), before, args[0])
			if err != nil {
				return err
			}
			if taken, err = res.RowsAffected(); err != nil || taken == 0 {
				return err
			}
			// As of now: it may have been raised since the read.
			return tx.QueryRowContext(ctx, `SELECT generation FROM line WHERE id = $1`, l.key.Line).Scan(&l.epoch)
		})
		if err != nil {
			return false, err
		}
		if taken == 1 {
			l.unclean = before != ""
			return true, nil
		}
	}
}

// lanes selects the lanes of f in which something waits. Values that differ from
// claim to claim are arguments, so that the prepared query is used again.
func (j *Journal) lanes(f Filter, now time.Time, columns string) laneQuery {
	args := []any{now.UnixMilli(), string(f.Queue)}
	mark := func(v any) string {
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
	query := `SELECT ` + columns + ` FROM lane l JOIN line ON line.id = l.line
		WHERE l.due IS NOT NULL AND l.dir = $2 AND line.paused = '' AND line.deleted = 0`
	if f.Lines != nil {
		query += ` AND l.line IN (` + marks(f.Lines) + `)`
	}
	if f.Live {
		query += ` AND l.head > ` + mark(now.Add(-LiveAge).UnixMilli())
	}
	return laneQuery{query, args}
}

// nextDueOf is how many lanes that are due are looked at for one that is free,
// or the first that will be: no more than workers hold.
const nextDueOf = 64

// NextDue is when the next lane of f falls due, or false when none waits. A
// lane that is leased now counts from the end of its lease.
func (j *Journal) NextDue(ctx context.Context, f Filter) (time.Time, bool, error) {
	now := j.clock()
	next := j.nextQuery(f, now)
	var at sql.NullInt64
	if err := j.db.QueryRowContext(ctx, next.query, next.args...).Scan(&at); err != nil {
		return time.Time{}, false, fmt.Errorf("look for the next due lane: %w", err)
	}
	due := time.UnixMilli(at.Int64)
	if latest := now.Add(LongestRest); due.After(latest) { // the clock was ahead
		due = latest
	}
	return due, at.Valid, nil
}

// nextQuery reads the first lanes that are due and the first one that is not, so
// that thousands that rest are not read.
func (j *Journal) nextQuery(f Filter, now time.Time) laneQuery {
	lanes := j.lanes(f, now, `CASE WHEN l.lease > l.due THEN l.lease ELSE l.due END AS at`)
	return laneQuery{args: lanes.args, query: `SELECT MIN(at) FROM (
		SELECT at FROM (` + lanes.query + ` AND l.due <= $1 ORDER BY l.due LIMIT ` + strconv.Itoa(nextDueOf) + `) AS now
		UNION ALL SELECT at FROM (` + lanes.query + ` AND l.due > $1 ORDER BY l.due LIMIT 1) AS later) AS next`}
}

// Hasten makes the lanes of one queue due that rest until later: what they
// wait for has come.
func (j *Journal) Hasten(ctx context.Context, line string, dir Queue) error {
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
		return j.notify(ctx, tx, dir)
	})
	if err != nil {
		return err
	}
	j.signal(dir)
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
		return nil
	})
	if err == nil {
		j.WakeAll() // only this process rests them
	}
	return err
}
