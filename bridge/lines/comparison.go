package lines

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/wootbridge/wootbridge/chatwoot"
)

// Swept is how far a comparison has come that takes long and is not finished:
// every conversation whose last message is newer than To was compared as it was
// at At. The zero value is no such comparison.
type Swept struct{ At, To time.Time }

// Behind is a conversation that is behind its line: a comparison could not read
// it, or has found something to do in it and is not finished.
type Behind struct {
	Conversation chatwoot.ConversationID
	// Watermark is the message up to which it was compared: nothing up to it is
	// sent by a comparison.
	Watermark chatwoot.MessageID
	// Since is how far back its messages are to be read.
	Since time.Time
	// Failures counts the attempts that have failed since it was compared last.
	Failures int
	// Due is when it is tried again.
	Due time.Time
}

// Behind lists the conversations that are behind a line, the next to be tried
// first.
func (s *Store) Behind(ctx context.Context, id ID) ([]Behind, error) {
	rows, err := s.db.QueryContext(ctx, selectBehind, string(id))
	if err != nil {
		return nil, fmt.Errorf("list conversations that are behind: %w", err)
	}
	defer rows.Close()
	var all []Behind
	for rows.Next() {
		var b Behind
		var since, due int64
		if err := rows.Scan(&b.Conversation, &b.Watermark, &since, &b.Failures, &due); err != nil {
			return nil, fmt.Errorf("read a conversation that is behind: %w", err)
		}
		b.Since, b.Due = time.UnixMilli(since), time.UnixMilli(due)
		all = append(all, b)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list conversations that are behind: %w", err)
	}
	return all, nil
}

// SetBehind records conversations that are behind a line, and, unless it is zero,
// how far a long comparison has come. It does nothing for a line that is deleted.
func (s *Store) SetBehind(ctx context.Context, id ID, behind []Behind, swept Swept) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, b := range behind {
			_, err := tx.ExecContext(ctx, setBehind, string(id), int64(b.Conversation), int64(b.Watermark), b.Since.UnixMilli(), b.Failures, b.Due.UnixMilli())
			if err != nil {
				return err
			}
		}
		if swept == (Swept{}) {
			return nil
		}
		_, err := tx.ExecContext(ctx, `UPDATE line SET swept_at = $2, swept_to = $3 WHERE id = $1`, string(id), swept.At.UnixMilli(), swept.To.UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("note conversations that are behind: %w", err)
	}
	return nil
}

// CaughtUp records that a conversation is no longer behind its line.
func (s *Store) CaughtUp(ctx context.Context, id ID, conversation chatwoot.ConversationID) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, dropBehind, string(id), int64(conversation))
		return err
	})
	if err != nil {
		return fmt.Errorf("note that a conversation was compared: %w", err)
	}
	return nil
}

const (
	selectBehind = `SELECT conversation, watermark, since, failures, due FROM comparison WHERE line = $1 ORDER BY due, conversation`
	// setBehind takes no row of a deleted line: its owner may learn of that late.
	setBehind = `INSERT INTO comparison (line, conversation, watermark, since, failures, due)
		SELECT id, $2, $3, $4, $5, $6 FROM line WHERE id = $1 AND deleted = 0
		ON CONFLICT (line, conversation) DO UPDATE SET
			watermark = excluded.watermark, since = excluded.since, failures = excluded.failures, due = excluded.due`
	dropBehind = `DELETE FROM comparison WHERE line = $1 AND conversation = $2`
)
