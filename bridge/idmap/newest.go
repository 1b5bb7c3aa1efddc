package idmap

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

const newestMessage = `SELECT conversation_id, message_id FROM message_link WHERE line = $1 AND message_id > 0 ORDER BY message_id DESC LIMIT 1`

// NewestMessage gives the newest of Chatwoot's messages that the ledger has of a
// line, with its conversation; zeros where it has none.
func (m *Map) NewestMessage(ctx context.Context, line string) (conversation, message int64, err error) {
	err = m.db.QueryRowContext(ctx, newestMessage, line).Scan(&conversation, &message)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, 0, fmt.Errorf("look for the newest message: %w", err)
	}
	return conversation, message, nil
}
