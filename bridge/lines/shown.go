package lines

import (
	"context"
	"fmt"

	"github.com/wootbridge/wootbridge/bridge/database"
)

// What the processes on one database have to know of a line is kept with it. The one
// that holds the connection writes what it shows; the others what they have lost.

// SetShown stores what the owner of a line shows of it. It changes nothing, and says
// so, when another process owns the line.
func (s *Store) SetShown(ctx context.Context, id ID, owner string, shown []byte) (ours bool, err error) {
	sealed, err := s.key.Seal(sealPurpose(id, "shown"), string(shown))
	if err != nil {
		return false, fmt.Errorf("seal what is shown of a line: %w", err)
	}
	// The lease may have ended meanwhile and the owner still be the same.
	const setShown = `UPDATE line SET shown = $3 WHERE id = $1 AND owner = $2`
	n, err := s.write(ctx, "store what is shown of a line", setShown, string(id), owner, sealed)
	return n > 0, err
}

// write runs one statement and says how many rows it changed.
func (s *Store) write(ctx context.Context, what, query string, args ...any) (rows int64, err error) {
	err = s.db.InOne(ctx, func(ctx context.Context, q database.Queryer) error {
		res, err := q.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		rows, err = res.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("%s: %w", what, err)
	}
	return rows, nil
}

// NoteLost records that an event of the line's inbox was lost by a process that does
// not hold the connection.
func (s *Store) NoteLost(ctx context.Context, id ID) error {
	return s.exec(ctx, `UPDATE line SET lost = lost + 1 WHERE id = $1`, "note a lost event", string(id))
}

// AskComparison asks the owner of a line for a comparison.
func (s *Store) AskComparison(ctx context.Context, id ID) error {
	return s.exec(ctx, `UPDATE line SET compare_asked = compare_asked + 1 WHERE id = $1`, "ask for a comparison", string(id))
}

const readLost = `SELECT lost FROM line WHERE id = $1`

// Lost is how often NoteLost was called for a line.
func (s *Store) Lost(ctx context.Context, id ID) (times int64, err error) {
	if err := s.db.QueryRowContext(ctx, readLost, string(id)).Scan(&times); err != nil {
		return 0, fmt.Errorf("read what was lost: %w", err)
	}
	return times, nil
}
