package idmap

import (
	"context"
	"database/sql"
	"fmt"
)

// SetResolved records that a chat's conversation was resolved, or is open again, if
// it still is the chat's. A resolved one is not cached.
func (m *Map) SetResolved(ctx context.Context, tx *sql.Tx, c Chat, resolved bool) error {
	const set = `UPDATE chat SET resolved = CASE WHEN $3 THEN 1 ELSE 0 END
		WHERE id = $1 AND conversation_id = $2 AND resolved <> CASE WHEN $3 THEN 1 ELSE 0 END`
	changed, err := changes(ctx, tx, set, c.ID, c.Conversation, resolved)
	if err != nil {
		return fmt.Errorf("record a conversation's status: %w", err)
	}
	if changed && resolved {
		return m.RaiseEpoch(ctx, tx, c.Line)
	}
	return nil
}

// MoveConversation makes another conversation the chat's, because of an agent's
// message in it; a later message has the last word, in whichever order they are told.
// The chat's field Resolved says whether the conversation may be resolved.
func (m *Map) MoveConversation(ctx context.Context, tx *sql.Tx, c Chat, message int64) error {
	const move = `UPDATE chat SET conversation_id = $2, resolved = CASE WHEN $3 THEN 1 ELSE 0 END, moved_by = $4
		WHERE id = $1 AND moved_by < $4`
	changed, err := changes(ctx, tx, move, c.ID, c.Conversation, c.Resolved, message)
	if err != nil {
		return fmt.Errorf("move a chat to another conversation: %w", err)
	}
	if !changed {
		return nil
	}
	if err := linkConversation(ctx, tx, c.Line, c.ID, c.Conversation); err != nil {
		return err
	}
	return m.RaiseEpoch(ctx, tx, c.Line)
}

// changes reports whether a statement has changed anything.
func changes(ctx context.Context, tx *sql.Tx, query string, args ...any) (bool, error) {
	res, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// linkConversation records whose conversation it is. It may have been another chat's: a
// Chatwoot that was restored gives numbers again, and that chat has none now.
func linkConversation(ctx context.Context, tx *sql.Tx, line, chat string, conversation int64) error {
	const lost = `UPDATE chat SET contact_id = 0, conversation_id = 0 WHERE conversation_id = $2 AND merged_into = '' AND id <> $3
		AND id = (SELECT chat FROM conversation_link WHERE line = $1 AND conversation_id = $2)`
	taken, err := changes(ctx, tx, lost, line, conversation, chat)
	if err == nil && taken {
		_, err = tx.ExecContext(ctx, `UPDATE line SET generation = generation + 1 WHERE id = $1`, line)
	}
	if err != nil {
		return fmt.Errorf("take a conversation from a chat: %w", err)
	}
	const link = `INSERT INTO conversation_link (line, conversation_id, chat) VALUES ($1, $2, $3)
		ON CONFLICT (line, conversation_id) DO UPDATE SET chat = excluded.chat`
	if _, err := tx.ExecContext(ctx, link, line, conversation, chat); err != nil {
		return fmt.Errorf("link a conversation: %w", err)
	}
	return nil
}

// ConversationsOf gives the latest conversations of a chat, the newest first.
func (m *Map) ConversationsOf(ctx context.Context, line, chat string, limit int) ([]int64, error) {
	const latest = `SELECT conversation_id FROM conversation_link WHERE chat = $1 AND line = $2 ORDER BY conversation_id DESC LIMIT $3`
	rows, err := m.db.QueryContext(ctx, latest, chat, line, limit)
	if err != nil {
		return nil, fmt.Errorf("list a chat's conversations: %w", err)
	}
	defer rows.Close()
	var all []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("list a chat's conversations: %w", err)
		}
		all = append(all, id)
	}
	return all, rows.Err()
}
