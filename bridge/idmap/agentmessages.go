package idmap

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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
	AgentDeleted  AgentState = "deleted"
)

// AgentMessage is the ledger's entry of an agent's message.
type AgentMessage struct {
	State AgentState
	// Failures counts how often it was shown as failed; it makes the key of
	// the next retry unique.
	Failures int
	// Shown is the status last put on the bubble, "" = Chatwoot's own "sent".
	Shown Status
}

// AgentMessage reads the entry of a Chatwoot message; a message that was never
// seen has the zero entry.
func (r Reader) AgentMessage(ctx context.Context, line string, message int64) (AgentMessage, error) {
	var a AgentMessage
	const find = `SELECT state, failures, shown FROM agent_message WHERE line = $1 AND message_id = $2`
	err := r.q.QueryRowContext(ctx, find, line, message).Scan(&a.State, &a.Failures, &a.Shown)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return AgentMessage{}, fmt.Errorf("read an agent's message: %w", err)
	}
	return a, nil
}

// SetAgentMessage records what became of an agent's message. A deleted one
// stays deleted.
func (m *Map) SetAgentMessage(ctx context.Context, tx *sql.Tx, line string, message int64, state AgentState) error {
	const set = `INSERT INTO agent_message (line, message_id, state, failures) VALUES ($1, $2, $3, $4)
		ON CONFLICT (line, message_id) DO UPDATE SET state = excluded.state, failures = agent_message.failures + excluded.failures
		WHERE agent_message.state <> 'deleted'`
	failures := 0
	if state == AgentFailed {
		failures = 1
	}
	if _, err := tx.ExecContext(ctx, set, line, message, string(state), failures); err != nil {
		return fmt.Errorf("record an agent's message: %w", err)
	}
	return nil
}

// SetShown records the status last put on a message's bubble.
func (m *Map) SetShown(ctx context.Context, tx *sql.Tx, line string, message int64, shown Status) error {
	const set = `INSERT INTO agent_message (line, message_id, state, shown) VALUES ($1, $2, 'received', $3)
		ON CONFLICT (line, message_id) DO UPDATE SET shown = excluded.shown`
	if _, err := tx.ExecContext(ctx, set, line, message, string(shown)); err != nil {
		return fmt.Errorf("record a bubble's status: %w", err)
	}
	return nil
}
