package idmap

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// AgentState is what became of an agent's message.
type AgentState string

// The states. Deleted may come before the message itself was seen; it then
// keeps it from being sent.
const (
	AgentUnseen   AgentState = ""
	AgentReceived AgentState = "received"
	AgentSent     AgentState = "sent"
	AgentFailed   AgentState = "failed"
	// AgentUnsure is one that is shown as failed, because WhatsApp never said that
	// it has taken it. All of it may be there.
	AgentUnsure  AgentState = "unsure"
	AgentDeleted AgentState = "deleted"
)

// ShownFailed reports whether its bubble was made red, with Retry to press.
func (s AgentState) ShownFailed() bool { return s == AgentFailed || s == AgentUnsure }

// AgentMessage is the ledger's entry of an agent's message.
type AgentMessage struct {
	State AgentState
	// Failures counts how often it was shown as failed; it makes the key of
	// the next retry unique.
	Failures int
	// Shown is the status last put on the bubble, "" = Chatwoot's own "sent".
	Shown Status
	// Written is when Chatwoot says that the message was written, in whole
	// seconds; zero where that is not known.
	Written time.Time
	// Restores are the line's, by which keys and ids of messages are made.
	Restores Restores
}

// AgentMessage reads the entry of a Chatwoot message; a message that was never
// seen has the zero entry.
func (r Reader) AgentMessage(ctx context.Context, line string, message int64) (AgentMessage, error) {
	var a AgentMessage
	var written int64
	const find = `SELECT COALESCE(a.state, ''), COALESCE(a.failures, 0), COALESCE(a.shown, ''), COALESCE(a.written, 0), line.restores, line.restored_from
		FROM line LEFT JOIN agent_message a ON a.line = line.id AND a.message_id = $2 WHERE line.id = $1`
	err := r.q.QueryRowContext(ctx, find, line, message).Scan(&a.State, &a.Failures, &a.Shown, &written, &a.Restores.Times, &a.Restores.From)
	if written != 0 {
		a.Written = time.Unix(written, 0)
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return AgentMessage{}, fmt.Errorf("read an agent's message: %w", err)
	}
	return a, nil
}

// SetAgentMessage records what became of an agent's message, and when Chatwoot
// says that it was written: a Chatwoot that is restored from a backup gives the same
// ids to other messages. A deleted one stays deleted.
func (m *Map) SetAgentMessage(ctx context.Context, tx *sql.Tx, line string, message int64, written time.Time, state AgentState) error {
	const set = `INSERT INTO agent_message (line, message_id, state, failures, written, restores) VALUES ($1, $2, $3, $4, $5, ` + restoresOf + `)
		ON CONFLICT (line, message_id) DO UPDATE SET state = excluded.state, failures = agent_message.failures + excluded.failures,
		written = CASE WHEN excluded.written = 0 THEN agent_message.written ELSE excluded.written END, restores = excluded.restores
		WHERE agent_message.state <> 'deleted'`
	failures := 0
	if state.ShownFailed() {
		failures = 1
	}
	seconds := int64(0) // not every way tells more
	if !written.IsZero() {
		seconds = written.Unix()
	}
	if _, err := tx.ExecContext(ctx, set, line, message, string(state), failures, seconds); err != nil {
		return fmt.Errorf("record an agent's message: %w", err)
	}
	return nil
}

// restoresOf is a line's count of restores, for a row that is written.
const restoresOf = `COALESCE((SELECT restores FROM line WHERE id = $1), 0)`

// NoteArrived records of a message of which nobody knew whether WhatsApp had it that
// it has.
func (m *Map) NoteArrived(ctx context.Context, tx *sql.Tx, line string, message int64) error {
	const arrived = `UPDATE agent_message SET state = 'sent' WHERE line = $1 AND message_id = $2 AND state = 'unsure'`
	if _, err := tx.ExecContext(ctx, arrived, line, message); err != nil {
		return fmt.Errorf("record that an agent's message arrived: %w", err)
	}
	return nil
}

// SetShown records the status last put on a message's bubble.
func (m *Map) SetShown(ctx context.Context, tx *sql.Tx, line string, message int64, shown Status) error {
	const set = `INSERT INTO agent_message (line, message_id, state, shown, restores) VALUES ($1, $2, 'received', $3, ` + restoresOf + `)
		ON CONFLICT (line, message_id) DO UPDATE SET shown = excluded.shown`
	if _, err := tx.ExecContext(ctx, set, line, message, string(shown)); err != nil {
		return fmt.Errorf("record a bubble's status: %w", err)
	}
	return nil
}
