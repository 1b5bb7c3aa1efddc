package idmap

import (
	"context"
	"database/sql"
	"fmt"
)

// SetTimer records after how many seconds a chat's messages disappear, and when that was
// chosen, in seconds. What was chosen before what is known changes nothing.
func (m *Map) SetTimer(ctx context.Context, tx *sql.Tx, line, chat string, seconds, set int64) error {
	const update = `UPDATE chat SET timer = $2, timer_set = $3 WHERE id = $1 AND timer_set <= $3 AND (timer <> $2 OR timer_set <> $3)`
	changed, err := changes(ctx, tx, update, chat, seconds, set)
	if err != nil {
		return fmt.Errorf("record a chat's timer: %w", err)
	}
	if !changed {
		return nil
	}
	return m.RaiseEpoch(ctx, tx, line)
}

// SignedBy is the person in Chatwoot whose name stood above the last signed message of a
// chat, 0 = nobody yet.
func (m *Map) SignedBy(ctx context.Context, chat string) (int64, error) {
	var person int64
	if err := m.db.QueryRowContext(ctx, `SELECT signed_by FROM chat WHERE id = $1`, chat).Scan(&person); err != nil {
		return 0, fmt.Errorf("read who signed last: %w", err)
	}
	return person, nil
}

// SetSignedBy records whose name stands above a chat's last signed message.
func (m *Map) SetSignedBy(ctx context.Context, tx *sql.Tx, chat string, person int64) error {
	if _, err := tx.ExecContext(ctx, `UPDATE chat SET signed_by = $2 WHERE id = $1`, chat, person); err != nil {
		return fmt.Errorf("record who signed last: %w", err)
	}
	return nil
}

// Prepared is what was decided about an agent's message before its first part left, or "".
func (r Reader) Prepared(ctx context.Context, line string, message int64) (string, error) {
	const find = `SELECT COALESCE(MAX(prepared), '') FROM message_link WHERE line = $1 AND message_id = $2 AND direction = 'out'`
	var text string
	if err := r.q.QueryRowContext(ctx, find, line, message).Scan(&text); err != nil {
		return "", fmt.Errorf("read how a message was prepared: %w", err)
	}
	return text, nil
}

// ForgetPrepared removes what was decided about a message that has left as a whole.
func (m *Map) ForgetPrepared(ctx context.Context, tx *sql.Tx, line string, message int64) error {
	const forget = `UPDATE message_link SET prepared = '' WHERE line = $1 AND message_id = $2 AND prepared <> ''`
	if _, err := tx.ExecContext(ctx, forget, line, message); err != nil {
		return fmt.Errorf("forget how a message was prepared: %w", err)
	}
	return nil
}
