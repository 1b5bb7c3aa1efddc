package lines

import (
	"context"
	"database/sql"
	"fmt"
)

// PauseCause is why a line does not run. It is kept in the database.
type PauseCause string

// The causes. A line that is paused for its token or its inbox is asked about
// again and goes on by itself; the others wait for a person.
const (
	PausedByAdmin PauseCause = "admin"
	PausedByToken PauseCause = "token" // Chatwoot refuses it
	PausedByInbox PauseCause = "inbox" // Chatwoot says that there is none
	PausedByCrash PauseCause = "crash" // the process died while the line connected
	PausedByTwin  PauseCause = "twin"  // an older line has the same inbox
)

// MayPass reports whether the cause may be over without anybody's doing here.
func (c PauseCause) MayPass() bool { return c == PausedByToken || c == PausedByInbox }

// Pause is why a line does not run, and the sentence that says so to people. The
// zero value is a line that runs.
type Pause struct {
	Cause    PauseCause
	Sentence string
}

// SetPaused stores why a line does not run. What an admin has paused stays paused
// by the admin.
func (s *Store) SetPaused(ctx context.Context, id ID, p Pause) error {
	return s.exec(ctx, `UPDATE line SET paused = $2, pause_cause = $3, connects = 0
		WHERE id = $1 AND ($3 = 'admin' OR pause_cause <> 'admin')`, "store the pause", string(id), p.Sentence, string(p.Cause))
}

// Resume lets a line run again, with a clean record of its connects.
func (s *Store) Resume(ctx context.Context, id ID) error {
	return s.exec(ctx, `UPDATE line SET paused = '', pause_cause = '', connects = 0 WHERE id = $1`, "end the pause", string(id))
}

// ResumeFrom lets a line run again that is still paused for a cause, and reports
// whether it was.
func (s *Store) ResumeFrom(ctx context.Context, id ID, cause PauseCause) (resumed bool, err error) {
	const resume = `UPDATE line SET paused = '', pause_cause = '', connects = 0 WHERE id = $1 AND pause_cause = $2 AND deleted = 0`
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, resume, string(id), string(cause))
		if err != nil {
			return err
		}
		rows, err := done.RowsAffected()
		resumed = rows > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("end the pause of a line: %w", err)
	}
	return resumed, nil
}
