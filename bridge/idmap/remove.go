package idmap

import (
	"context"
	"database/sql"
	"fmt"
)

// DeleteLine removes what the map knows of a line that is deleted, at most atMost
// rows in one transaction, and says how many it was. Fewer than atMost means that
// nothing is left.
func (m *Map) DeleteLine(ctx context.Context, tx *sql.Tx, line string, atMost int) (rows int, err error) {
	for _, query := range deletions {
		deleted, err := tx.ExecContext(ctx, query, line, atMost-rows)
		if err != nil {
			return rows, fmt.Errorf("delete the line's ID map: %w", err)
		}
		n, err := deleted.RowsAffected()
		if err != nil {
			return rows, fmt.Errorf("delete the line's ID map: %w", err)
		}
		if rows += int(n); rows >= atMost {
			break
		}
	}
	return rows, nil
}

// deletions remove a number of a line's rows each, what refers to a chat before
// the chat.
var deletions = []string{
	`DELETE FROM agent_message WHERE line = $1 AND message_id IN (SELECT message_id FROM agent_message WHERE line = $1 LIMIT $2)`,
	`DELETE FROM message_link WHERE line = $1 AND wa_id IN (SELECT wa_id FROM message_link WHERE line = $1 LIMIT $2)`,
	`DELETE FROM member_receipt WHERE line = $1 AND (wa_id, member) IN (SELECT wa_id, member FROM member_receipt WHERE line = $1 LIMIT $2)`,
	`DELETE FROM remark WHERE line = $1 AND (chat, wa_id, kind, person) IN (SELECT chat, wa_id, kind, person FROM remark WHERE line = $1 LIMIT $2)`,
	`DELETE FROM conversation_link WHERE line = $1 AND conversation_id IN (SELECT conversation_id FROM conversation_link WHERE line = $1 LIMIT $2)`,
	`DELETE FROM chat_alias WHERE line = $1 AND jid IN (SELECT jid FROM chat_alias WHERE line = $1 LIMIT $2)`,
	`DELETE FROM chat WHERE id IN (SELECT id FROM chat WHERE line = $1 LIMIT $2)`,
}
