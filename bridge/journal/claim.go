package journal

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wootbridge/wootbridge/bridge/database"
)

// Filter limits what Claim may hand out.
type Filter struct {
	// Lines is the lines whose lanes may be claimed; nil means any.
	Lines []string
	Queue Queue
	// Class leaves the lanes of the other class alone.
	Class Class
	// Chat is the one whose lane may be claimed; "" means any.
	Chat string
}

// Class is which lanes are meant: those in which something live waits, or others.
type Class int

// The classes.
const (
	Any Class = iota
	Live
	Backlog
)

// Claim takes the lease of one lane that is due; see ClaimMany. It returns nil when
// there is none.
func (j *Journal) Claim(ctx context.Context, f Filter) (*Lease, error) {
	leases, err := j.ClaimMany(ctx, f, 1)
	if len(leases) == 0 {
		return nil, err
	}
	return leases[0], err
}

// ClaimMany takes the leases of lanes that are due, at most n, in one commit: live
// ones if there are any, otherwise others. Lanes of paused and deleted lines rest.
func (j *Journal) ClaimMany(ctx context.Context, f Filter, n int) ([]*Lease, error) {
	if f.Lines != nil && len(f.Lines) == 0 || n <= 0 {
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
	for _, query := range j.claimQueries(f, now, n, `l.key, l.line, l.chat, l.dir, l.owner, l.live, l.crashes, line.generation`) {
		model := Lease{j: j, key: LaneKey{Queue: f.Queue}, token: j.token(), until: now.Add(j.ttl)}
		leases, err := take(ctx, model, query.query, query.args)
		if err != nil {
			return leases, fmt.Errorf("claim lanes: %w", err)
		}
		if len(leases) > 0 {
			return leases, nil
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

// claimQueries find lanes for a claim, at most n: live ones first, then any. Each
// query is in the order of an index, so that a long backlog is not sorted for each
// claim.
func (j *Journal) claimQueries(f Filter, now time.Time, n int, columns string) []laneQuery {
	const free = ` AND l.due <= $1 AND l.lease <= $1`
	// The sign keeps planners from the index on due: all live lanes would be sorted.
	const freeLive = ` AND +l.due <= $1 AND l.lease <= $1`
	var queries []laneQuery
	if f.Class != Backlog {
		live := f
		live.Class = Live
		queries = append(queries, j.lanes(live, now, columns).then(freeLive+` ORDER BY l.head LIMIT `+strconv.Itoa(n)))
	}
	if f.Class != Live {
		queries = append(queries, j.lanes(f, now, columns).then(free+` ORDER BY l.due LIMIT `+strconv.Itoa(n)))
	}
	return queries
}

func (l laneQuery) then(more string) laneQuery {
	l.query += more
	return l
}

// claimAtOnce takes the lanes that query finds and nobody else is just taking, in
// one statement.
func (j *Journal) claimAtOnce(ctx context.Context, model Lease, query string, args []any) ([]*Lease, error) {
	n := len(args)
	query = `WITH due AS (` + query + ` FOR UPDATE OF l SKIP LOCKED)
		UPDATE lane SET owner = $` + strconv.Itoa(n+1) + `, lease = $` + strconv.Itoa(n+2) + ` FROM due WHERE lane.key = due.key
		RETURNING due.line, due.chat, due.dir, due.owner, due.live, due.crashes, due.generation, ` + relaxIf(strconv.FormatBool(model.repeats()))
	// A claim whose answer is not waited for would look like an owner that died.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), claimTimeout)
	defer cancel()
	rows, err := j.db.QueryContext(ctx, query, append(args, model.token, model.until.UnixMilli())...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var leases []*Lease
	for rows.Next() {
		l := model
		var before string
		var live int64
		var relaxed sql.NullString
		if err := rows.Scan(&l.key.Line, &l.key.Chat, &l.key.Queue, &before, &live, &l.crashes, &l.epoch, &relaxed); err != nil {
			return leases, err
		}
		l.unclean, l.live = before != "", live > 0
		leases = append(leases, &l)
	}
	return leases, rows.Err()
}

const claimTimeout = 30 * time.Second

// claimFirst reads without taking the turn to write: most claims find nothing.
// Another worker may take all of the lanes between the read and the write; then it
// reads again.
func (j *Journal) claimFirst(ctx context.Context, model Lease, query string, args []any) ([]*Lease, error) {
	for {
		found, err := j.findDue(ctx, model, query, args)
		if err != nil || len(found) == 0 {
			return nil, err
		}
		claiming := ctx
		if model.repeats() {
			claiming = database.Relaxed(ctx)
		}
		var taken []*Lease
		err = j.db.InTx(claiming, func(ctx context.Context, tx *sql.Tx) error {
			taken = nil
			for _, l := range found {
				ok, err := takeLane(ctx, tx, l, args[0])
				if err != nil {
					return err
				}
				if ok {
					taken = append(taken, l.Lease)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if len(taken) > 0 {
			return taken, nil
		}
	}
}

// dueLane is a lane that was free when it was read, and the lease it would be.
type dueLane struct {
	*Lease
	key, before string
}

func (j *Journal) findDue(ctx context.Context, model Lease, query string, args []any) ([]dueLane, error) {
	rows, err := j.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("look for due lanes: %w", err)
	}
	defer rows.Close()
	var found []dueLane
	for rows.Next() {
		l := model
		due := dueLane{Lease: &l}
		var live int64
		if err := rows.Scan(&due.key, &l.key.Line, &l.key.Chat, &l.key.Queue, &due.before, &live, &l.crashes, &l.epoch); err != nil {
			return nil, fmt.Errorf("look for due lanes: %w", err)
		}
		l.unclean, l.live = due.before != "", live > 0
		found = append(found, due)
	}
	return found, rows.Err()
}

// takeLane claims a lane if it still is as it was read at the time now.
func takeLane(ctx context.Context, tx *sql.Tx, l dueLane, now any) (bool, error) {
	const take = `UPDATE lane SET owner = $2, lease = $3 WHERE key = $1 AND owner = $4 AND due <= $5 AND lease <= $5`
	res, err := tx.ExecContext(ctx, take, l.key, l.token, l.until.UnixMilli(), l.before, now)
	if err != nil {
		return false, err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	// As of now: it may have been raised since the read.
	return true, tx.QueryRowContext(ctx, `SELECT generation FROM line WHERE id = $1`, l.Lease.key.Line).Scan(&l.epoch)
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
	if f.Chat != "" {
		query += ` AND l.chat = ` + mark(f.Chat)
	}
	switch f.Class {
	case Live:
		query += ` AND l.live > 0`
	case Backlog:
		query += ` AND l.live = 0`
	}
	return laneQuery{query, args}
}

// nextDueOf is how many lanes that are due are looked at for one that is free,
// or the first that will be: no more than are worked on, mostly.
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
