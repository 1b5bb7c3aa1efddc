package lines

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// Deleted is a line that was deleted and whose rows are not all removed yet.
type Deleted struct {
	ID          ID
	Name        string
	ChatwootURL string
	Account     int64
	Inbox       chatwoot.InboxID
	Created     time.Time
	// JID is its device, until that is forgotten.
	JID string
	// Again says that nothing is left as far as is known, and that it is time to
	// look once more; see LastLook.
	Again bool
}

// SetDeleted ends a line for ever, without its secrets. Its rows are removed by and
// by; the line's own stays, so that the id is never used again. A line that was
// deleted before is left as it is.
func (s *Store) SetDeleted(ctx context.Context, id ID, at time.Time) error {
	return s.exec(ctx, `UPDATE line SET deleted = $2, phone = '', token = NULL, webhook_secret = NULL, path_secret = NULL, source_key = NULL, shown = NULL, place = ''
		WHERE id = $1 AND deleted = 0`, "delete", string(id), at.UnixMilli())
}

// LastLook is how long after its deletion a line's rows are looked for once more:
// another process may have learned late of the deletion.
const LastLook = time.Minute

// Deleted lists the lines of which something is left, or may be, the oldest
// deletion first.
func (s *Store) Deleted(ctx context.Context, now time.Time) ([]Deleted, error) {
	const find = `SELECT id, name, chatwoot_url, account_id, inbox_id, created, jid, removed <> 0 FROM line
		WHERE deleted <> 0 AND (removed = 0 OR removed < deleted + $1 AND $2 >= deleted + $1) ORDER BY deleted, id`
	rows, err := s.db.QueryContext(ctx, find, LastLook.Milliseconds(), now.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("list deleted lines: %w", err)
	}
	defer rows.Close()
	var all []Deleted
	for rows.Next() {
		var d Deleted
		var created int64
		if err := rows.Scan(&d.ID, &d.Name, &d.ChatwootURL, &d.Account, &d.Inbox, &created, &d.JID, &d.Again); err != nil {
			return nil, fmt.Errorf("read a deleted line: %w", err)
		}
		d.Created = time.UnixMilli(created)
		all = append(all, d)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list deleted lines: %w", err)
	}
	return all, nil
}

// LockDeleted lets one process at a time remove rows of a deleted line, until tx
// ends. It gives the line's owner, whose connection may not have ended yet.
func (s *Store) LockDeleted(ctx context.Context, tx *sql.Tx, id ID) (Holding, error) {
	find := `SELECT owner, owned_until, connects FROM line WHERE id = $1 AND deleted <> 0`
	if s.db.Dialect == database.Postgres { // on SQLite the transaction itself is the lock
		find += ` FOR NO KEY UPDATE`
	}
	var h Holding
	var until int64
	if err := tx.QueryRowContext(ctx, find, string(id)).Scan(&h.Owner, &until, &h.Connects); err != nil {
		return Holding{}, fmt.Errorf("lock a deleted line: %w", err)
	}
	h.Until = time.UnixMilli(until)
	return h, nil
}

// DeleteLine removes what is kept of the conversations of a line that is deleted,
// and what was asked of it, at most atMost rows, and says how many it was.
func (s *Store) DeleteLine(ctx context.Context, tx *sql.Tx, line string, atMost int) (rows int, err error) {
	for _, query := range []string{deleteBehind, deleteCommands} {
		if rows >= atMost {
			break
		}
		deleted, err := tx.ExecContext(ctx, query, line, atMost-rows)
		if err != nil {
			return rows, fmt.Errorf("delete what is kept of the line: %w", err)
		}
		n, err := deleted.RowsAffected()
		if err != nil {
			return rows, err
		}
		rows += int(n)
	}
	return rows, nil
}

const deleteBehind = `DELETE FROM comparison WHERE line = $1 AND conversation IN (SELECT conversation FROM comparison WHERE line = $1 LIMIT $2)`

// SetRemoved records that nothing is left of a deleted line.
func (s *Store) SetRemoved(ctx context.Context, tx *sql.Tx, id ID, at time.Time) error {
	if _, err := tx.ExecContext(ctx, `UPDATE line SET removed = $2, owner = '', owned_until = 0 WHERE id = $1`, string(id), at.UnixMilli()); err != nil {
		return fmt.Errorf("record that nothing is left of a line: %w", err)
	}
	return nil
}

// ForgetDevice records that the device of a deleted line is gone.
func (s *Store) ForgetDevice(ctx context.Context, id ID) error {
	return s.exec(ctx, `UPDATE line SET jid = '' WHERE id = $1 AND deleted <> 0`, "forget the device", string(id))
}
