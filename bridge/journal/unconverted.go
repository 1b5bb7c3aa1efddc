package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"github.com/wootbridge/wootbridge/bridge/foreign"
)

// Unconverted is the state of a job that is done as far as nobody could do more: people
// see a placeholder that names the kind of a message. Nothing waits for it and nothing
// is wrong, but it is kept, for a release that knows the kind.
const Unconverted State = "unconverted"

// Unconverted ends a job for which there is no converter, under the name of what it is,
// together with what record writes.
func (l *Lease) Unconverted(ctx context.Context, job Job, name string, record func(ctx context.Context, tx *sql.Tx) error) error {
	return l.end(ctx, job, Unconverted, name, record)
}

// unconvertedBatch keeps each statement short.
const unconvertedBatch = 200

const (
	readUnconverted = `SELECT id, payload FROM job WHERE state = 'unconverted' AND line = $1 AND id > $2 ORDER BY id LIMIT $3`
	unconvertedOf   = `SELECT DISTINCT line FROM job WHERE state = 'unconverted' ORDER BY line`
)

// ReplayUnconverted puts the unconverted jobs of a line, or of all lines when line is
// empty, at their lanes' ends as jobs of KindConvert, in the order they came: those that
// can be converted by now. It says how many, and how many are left.
func (j *Journal) ReplayUnconverted(ctx context.Context, line string, converts func(payload []byte) bool) (replayed, left int, err error) {
	all := []string{foreign.Key(line)}
	if line == "" {
		if all, err = j.linesOf(ctx, unconvertedOf); err != nil {
			return 0, 0, fmt.Errorf("find unconverted jobs: %w", err)
		}
	}
	for _, line := range all {
		for after, more := int64(0), true; more; {
			batch, err := j.unconverted(ctx, readUnconverted, line, after, unconvertedBatch)
			if err != nil {
				return replayed, left, err
			}
			for _, job := range batch {
				after = job.id
				if !converts(job.payload) {
					left++
					continue
				}
				switch err := j.revive(ctx, job.id, Unconverted, KindConvert); {
				case err == nil:
					replayed++
				case !errors.Is(err, errNotThere): // somebody else replayed it
					return replayed, left, fmt.Errorf("convert job %d: %w", job.id, err)
				}
			}
			more = len(batch) == unconvertedBatch
		}
	}
	return replayed, left, nil
}

type keptPayload struct {
	id      int64
	payload []byte
}

func (j *Journal) unconverted(ctx context.Context, query string, args ...any) ([]keptPayload, error) {
	rows, err := j.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read what could not be converted: %w", err)
	}
	defer rows.Close()
	var all []keptPayload
	for rows.Next() {
		var job keptPayload
		if err := rows.Scan(&job.id, &job.payload); err != nil {
			return nil, fmt.Errorf("read what could not be converted: %w", err)
		}
		all = append(all, job)
	}
	return all, rows.Err()
}

func (j *Journal) linesOf(ctx context.Context, query string) ([]string, error) {
	rows, err := j.db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, err
		}
		all = append(all, line)
	}
	return all, rows.Err()
}

// olderDone reads, in the order of their ids, the done jobs of an earlier release.
const olderDone = `SELECT job.id, job.payload FROM job JOIN line ON line.id = job.line
	WHERE job.id > $1 AND job.state = 'done' AND job.kind = $2 AND job.ended <= line.older_ended ORDER BY job.id LIMIT $3`

// AdoptOlder looks, once, through the jobs of a kind that earlier releases have ended and
// that are not pruned. name gives the name of what they could not convert, or "": such a
// job becomes unconverted.
func (j *Journal) AdoptOlder(ctx context.Context, kind string, name func(payload []byte) string) error {
	var older bool
	if err := j.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM line WHERE older_ended > 0)`).Scan(&older); err != nil {
		return fmt.Errorf("look for jobs of earlier releases: %w", err)
	}
	for after := int64(0); older; {
		batch, err := j.unconverted(ctx, olderDone, after, kind, unconvertedBatch)
		if err != nil {
			return err
		}
		if len(batch) == 0 {
			break
		}
		after = batch[len(batch)-1].id
		names := map[int64]string{}
		for _, job := range batch {
			if called := name(job.payload); called != "" {
				names[job.id] = called
			}
		}
		if err := j.adopt(ctx, names); err != nil {
			return fmt.Errorf("keep what an earlier release could not convert: %w", err)
		}
	}
	if !older {
		return nil
	}
	if _, err := j.db.ExecContext(ctx, `UPDATE line SET older_ended = 0 WHERE older_ended > 0`); err != nil {
		return fmt.Errorf("note that the jobs of earlier releases were looked through: %w", err)
	}
	return nil
}

func (j *Journal) adopt(ctx context.Context, names map[int64]string) error {
	if len(names) == 0 {
		return nil
	}
	return j.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for id, name := range names {
			const keep = `UPDATE job SET state = 'unconverted', last_error = $2 WHERE id = $1 AND state = 'done'`
			if _, err := tx.ExecContext(ctx, keep, id, foreign.Text(name)); err != nil {
				return err
			}
		}
		return nil
	})
}

// errNotThere says that no job of an id is in a state.
var errNotThere = errors.New("no such job in this state")

// revive puts a job that has ended at its lane's end, with a clean record and its
// original time. It counts as one that may have acted: the journal does not record
// whether its last attempt had. Until it ends, its column begun says when it was
// revived: nothing else uses that of a job that waits. A kind, if any, becomes its.
func (j *Journal) revive(ctx context.Context, id int64, from State, kind string) error {
	var lane LaneKey
	err := j.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		const find = `SELECT lane.line, lane.chat, lane.dir FROM job JOIN lane ON lane.key = job.lane
			WHERE job.id = $1 AND job.state = $2`
		err := tx.QueryRowContext(ctx, find, id, string(from)).Scan(&lane.Line, &lane.Chat, &lane.Queue)
		if errors.Is(err, sql.ErrNoRows) {
			return errNotThere
		}
		if err != nil {
			return err
		}
		now := j.clock().UnixMilli()
		// Somebody asked for it just now, and waits.
		at, err := j.nextPosition(ctx, tx, Entry{Lane: lane}.fit(), now, nil)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, keepEnd, id); err != nil {
			return fmt.Errorf("keep the attempt that ended it: %w", err)
		}
		const revive = `UPDATE job SET state = 'waiting', pos = $2, attempt = 0, first_failed = 0, begun = $3, ended = 0, unsure = 1,
			kind = CASE WHEN CAST($5 AS TEXT) = '' THEN kind ELSE $5 END, last_error = CASE WHEN CAST($5 AS TEXT) = '' THEN last_error ELSE '' END
			WHERE id = $1 AND state = $4`
		res, err := tx.ExecContext(ctx, revive, id, at.pos, now, string(from), kind)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(errNotThere, err)
		}
		return j.notify(ctx, tx, lane.Queue)
	})
	if err != nil {
		return err
	}
	j.signal(lane.Queue)
	return nil
}

// listedState is a state as a query names it: spelled out, because an index for one
// state does not serve a parameter.
func listedState(s State) (string, error) {
	switch s {
	case Waiting, Done, Dead, Unconverted:
		return `'` + string(s) + `'`, nil
	}
	return "", errors.New("no such state " + strconv.Quote(string(s)))
}
