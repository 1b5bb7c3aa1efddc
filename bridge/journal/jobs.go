package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/foreign"
)

// Stats is what waits on a line, and how much was given up.
type Stats struct {
	Inbound       int   `json:"inbound"`
	Outbound      int   `json:"outbound"`
	OldestSeconds int64 `json:"oldest_seconds"`
	Dead          int   `json:"dead"`
}

// countJobs counts what waits by lane, from an index alone; of each lane it
// reads the oldest job. Maintenance lanes are short, and read for what waits
// aside in them. Of the dead ones there are few.
const countJobs = `SELECT line, dir, 'waiting', SUM(n), MIN(oldest) FROM (
		SELECT line, dir, (SELECT COUNT(*) FROM job WHERE job.lane = lane.key AND state = 'waiting') AS n,
			(SELECT created FROM job WHERE job.lane = lane.key AND state = 'waiting' ORDER BY pos LIMIT 1) AS oldest
		FROM lane WHERE due IS NOT NULL AND dir <> 'upkeep'
		UNION ALL SELECT lane.line, dir, COUNT(*), MIN(created) FROM lane JOIN job ON job.lane = lane.key
		WHERE due IS NOT NULL AND dir = 'upkeep' AND job.pos > 0 AND state = 'waiting' AND kind NOT IN ('receipt', 'secret', 'tally', 'ringing') GROUP BY lane.line, dir
		) AS waiting WHERE n > 0 GROUP BY line, dir
	UNION ALL SELECT job.line, lane.dir, 'dead', COUNT(*), MIN(job.created)
		FROM job JOIN lane ON lane.key = job.lane
		WHERE job.state = 'dead' GROUP BY job.line, lane.dir`

// Stats counts the jobs of every line that has any.
func (j *Journal) Stats(ctx context.Context) (map[string]Stats, error) {
	rows, err := j.db.QueryContext(ctx, countJobs)
	if err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	defer rows.Close()
	now := j.clock()
	all := map[string]Stats{}
	for rows.Next() {
		var line string
		var dir Queue
		var state State
		var n int
		var oldest int64
		if err := rows.Scan(&line, &dir, &state, &n, &oldest); err != nil {
			return nil, fmt.Errorf("count jobs: %w", err)
		}
		s := all[line]
		switch {
		case state == Dead:
			s.Dead += n
		case dir == In || dir == Maintenance:
			s.Inbound += n
		default:
			s.Outbound += n
		}
		if state == Waiting {
			s.OldestSeconds = max(s.OldestSeconds, int64(now.Sub(time.UnixMilli(oldest))/time.Second))
		}
		all[line] = s
	}
	return all, rows.Err()
}

// LastErrors gives, for every line with jobs that wait after a failure, what
// the newest of them waits for. A receipt that waits aside is none of them.
func (j *Journal) LastErrors(ctx context.Context) (map[string]string, error) {
	const newest = `SELECT line, last_error FROM job WHERE id IN (
		SELECT MAX(id) FROM job WHERE state = 'waiting' AND last_error <> ''
		AND NOT (kind IN ('receipt', 'secret', 'tally') AND lane LIKE '%/upkeep') GROUP BY line)`
	rows, err := j.db.QueryContext(ctx, newest)
	if err != nil {
		return nil, fmt.Errorf("read the last errors: %w", err)
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var line, cause string
		if err := rows.Scan(&line, &cause); err != nil {
			return nil, fmt.Errorf("read the last errors: %w", err)
		}
		all[line] = cause
	}
	return all, rows.Err()
}

// Payload gives the payload of the job that was appended under a dedupe key,
// done or not; false when it was never appended or is pruned.
func (j *Journal) Payload(ctx context.Context, dedupe string) ([]byte, bool, error) {
	var payload []byte
	err := j.db.QueryRowContext(ctx, `SELECT payload FROM job WHERE dedupe = $1`, foreign.Key(dedupe)).Scan(&payload)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read a job's payload: %w", err)
	}
	return payload, true, nil
}

// Key gives the dedupe key under which a job was appended, or "" when there is no
// such job.
func (j *Journal) Key(ctx context.Context, job int64) (string, error) {
	var key string
	err := j.db.QueryRowContext(ctx, `SELECT dedupe FROM job WHERE id = $1`, job).Scan(&key)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read a job's key: %w", err)
	}
	return key, nil
}

// findHeld is the query of Holds: the lane's jobs that are done are not read.
func (j *Journal) findHeld() string {
	has := `(instr(dedupe, $3) > 0 OR instr(dedupe, $4) > 0)`
	if j.db.Dialect == database.Postgres {
		has = `(strpos(dedupe, $3) > 0 OR strpos(dedupe, $4) > 0)`
	}
	return `SELECT EXISTS (SELECT 1 FROM job WHERE lane = $1 AND pos > 0 AND state = 'waiting' AND ` + has + `)
		OR EXISTS (SELECT 1 FROM job WHERE line = $2 AND state = 'dead' AND ` + has + `)`
}

// Holds reports whether a job waits in a lane, or was given up, whose dedupe key
// has part between two bars.
func (j *Journal) Holds(ctx context.Context, lane LaneKey, part string) (bool, error) {
	// A key that did not fit has the part as its hash.
	whole, hashed := foreign.Key(part), foreign.HashedParts(part)
	var held bool
	if err := j.db.QueryRowContext(ctx, j.findHeld(), lane.String(), lane.Line, "|"+whole+"|", "|"+hashed+"|").Scan(&held); err != nil {
		return false, fmt.Errorf("look for a job: %w", err)
	}
	return held, nil
}

// JobFilter selects jobs for people to look at.
type JobFilter struct {
	State State
	Line  string // empty = all
	After int64  // ids above this one
	Limit int
}

// JobInfo is a job without its payload, which is a customer's.
type JobInfo struct {
	ID         int64     `json:"id"`
	Line       string    `json:"line"`
	Direction  Queue     `json:"direction"`
	Kind       string    `json:"kind"`
	State      State     `json:"state"`
	Attempts   int       `json:"attempts"`
	LastError  string    `json:"last_error"`
	RecordedAt time.Time `json:"created"`
}

// Jobs lists jobs in the order of their ids.
func (j *Journal) Jobs(ctx context.Context, f JobFilter) ([]JobInfo, error) {
	state, err := listedState(f.State)
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	query := `SELECT job.id, job.line, lane.dir, job.kind, job.state, job.attempt, job.last_error, job.created
		FROM job JOIN lane ON lane.key = job.lane WHERE job.id > $1 AND job.state = ` + state
	args := []any{f.After}
	if f.Line != "" {
		query += ` AND job.line = $2`
		args = append(args, foreign.Key(f.Line))
	}
	rows, err := j.db.QueryContext(ctx, query+` ORDER BY job.id LIMIT `+strconv.Itoa(f.Limit), args...)
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	defer rows.Close()
	jobs := []JobInfo{}
	for rows.Next() {
		var info JobInfo
		var created int64
		if err := rows.Scan(&info.ID, &info.Line, &info.Direction, &info.Kind, &info.State, &info.Attempts, &info.LastError, &created); err != nil {
			return nil, fmt.Errorf("list jobs: %w", err)
		}
		info.RecordedAt = time.UnixMilli(created).UTC()
		jobs = append(jobs, info)
	}
	return jobs, rows.Err()
}

// ErrNoDeadJob says that there is no dead job of this id.
var ErrNoDeadJob = errors.New("no dead job of this id")

// Replay puts a dead job at its lane's end; see revive.
func (j *Journal) Replay(ctx context.Context, id int64) error {
	err := j.revive(ctx, id, Dead, "")
	if errors.Is(err, errNotThere) {
		err = ErrNoDeadJob
	}
	if err != nil {
		return fmt.Errorf("replay job %d: %w", id, err)
	}
	return nil
}

// ReplayAll replays every dead job of a line, or of all lines when line is
// empty, in the order they came, and says how many.
func (j *Journal) ReplayAll(ctx context.Context, line string) (int, error) {
	const batch = 100
	replayed, after := 0, int64(0)
	for {
		jobs, err := j.Jobs(ctx, JobFilter{State: Dead, Line: line, After: after, Limit: batch})
		if err != nil {
			return replayed, err
		}
		for _, job := range jobs {
			switch err := j.Replay(ctx, job.ID); {
			case err == nil:
				replayed++
			case !errors.Is(err, ErrNoDeadJob): // somebody else replayed it
				return replayed, err
			}
			after = job.ID
		}
		if len(jobs) < batch {
			return replayed, nil
		}
	}
}

// pruneBatch keeps each deletion short: on SQLite it holds up every append.
const pruneBatch = 1000

// Prune deletes done jobs that ended before t. Dead and unconverted ones are kept.
func (j *Journal) Prune(ctx context.Context, t time.Time) (int64, error) {
	const prune = `DELETE FROM job WHERE id IN (SELECT id FROM job WHERE state = 'done' AND ended < $1 LIMIT $2)`
	var pruned int64
	for {
		var n int64
		err := j.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			res, err := tx.ExecContext(ctx, prune, t.UnixMilli(), pruneBatch)
			if err != nil {
				return err
			}
			n, err = res.RowsAffected()
			return err
		})
		if err != nil {
			return pruned, fmt.Errorf("prune jobs: %w", err)
		}
		pruned += n
		if n < pruneBatch || ctx.Err() != nil {
			return pruned, nil
		}
	}
}
