package idmap

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/wootbridge/wootbridge/bridge/foreign"
)

// NoteMember records that a member of a group has got a message, or has read it, unless all
// have read it already.
func (m *Map) NoteMember(ctx context.Context, tx *sql.Tx, line, wa, member string, read bool) error {
	const note = `INSERT INTO member_receipt (line, wa_id, member, is_read, created) SELECT $1, $2, $3, $4, $5
		WHERE NOT EXISTS (SELECT 1 FROM message_link WHERE line = $1 AND wa_id = $2 AND status = 'read')
		ON CONFLICT (line, wa_id, member) DO UPDATE SET is_read = CASE WHEN excluded.is_read > member_receipt.is_read THEN excluded.is_read ELSE member_receipt.is_read END`
	is := 0
	if read {
		is = 1
	}
	if _, err := tx.ExecContext(ctx, note, line, foreign.Key(wa), foreign.Key(member), is, m.clock().UnixMilli()); err != nil {
		return fmt.Errorf("record a member's receipt: %w", err)
	}
	return nil
}

// Reached is what is known of who of a group has a message.
type Reached struct {
	// Members is how many others were in the group when it was sent, 0 = not known.
	Members int
	// Read are the members who have got it; true for those who have read it.
	Read map[string]bool
}

// Reached reads who of a group has a message. Members are named by foreign.Key.
func (r Reader) Reached(ctx context.Context, line, wa string) (Reached, error) {
	wa = foreign.Key(wa)
	found := Reached{Read: map[string]bool{}}
	const find = `SELECT members, '' AS member, 0 AS is_read FROM message_link WHERE line = $1 AND wa_id = $2
		UNION ALL SELECT 0, member, is_read FROM member_receipt WHERE line = $1 AND wa_id = $2`
	rows, err := r.q.QueryContext(ctx, find, line, wa)
	if err != nil {
		return found, fmt.Errorf("read members' receipts: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var members, read int
		var member string
		if err := rows.Scan(&members, &member, &read); err != nil {
			return found, fmt.Errorf("read members' receipts: %w", err)
		}
		if member == "" {
			found.Members = members
			continue
		}
		found.Read[member] = read != 0
	}
	return found, rows.Err()
}

// ForgetMembers removes the receipts of a message that all have read.
func (m *Map) ForgetMembers(ctx context.Context, tx *sql.Tx, line, wa string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM member_receipt WHERE line = $1 AND wa_id = $2`, line, foreign.Key(wa)); err != nil {
		return fmt.Errorf("forget members' receipts: %w", err)
	}
	return nil
}

// PruneMembers deletes receipts from before t: a member who has not read a message by now
// is not waited for.
func (m *Map) PruneMembers(ctx context.Context, t time.Time) error {
	if _, err := m.db.ExecContext(ctx, `DELETE FROM member_receipt WHERE created < $1`, t.UnixMilli()); err != nil {
		return fmt.Errorf("delete old members' receipts: %w", err)
	}
	return nil
}
