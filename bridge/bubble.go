package bridge

import (
	"context"
	"database/sql"
	"sync"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// bubbles keep the statuses of one message in order: its out lane and its
// status lane both show them, and Chatwoot applies steps back too.
type bubbles struct{ locks [16]sync.Mutex }

// lock takes a message's lock; the result gives it back.
func (b *bubbles) lock(message int64) (unlock func()) {
	mu := &b.locks[uint64(message)%uint64(len(b.locks))]
	mu.Lock()
	return mu.Unlock
}

// showReached puts on a bubble what all parts of its message have reached,
// unless it shows as much already. A message that failed, or of which a part
// did, stays red.
func (t *task) showReached(message, conversation int64) error {
	defer t.bubbles.lock(message)()
	line := string(t.line.ID)
	to, ok, err := t.toShow(t.ctx, t.b.db, message)
	if err != nil || !ok {
		return err
	}
	err = t.desk.WithPriority(chatwoot.Status).SetStatus(t.ctx, chatwoot.ConversationID(conversation), chatwoot.MessageID(message), string(to), "")
	if err != nil && !chatwoot.IsNotFound(err) {
		return err
	}
	return t.Record(t.ctx, func(ctx context.Context, tx *sql.Tx) error {
		return t.b.ids.SetShown(ctx, tx, line, message, to)
	})
}

// toShow is the status that a bubble should show and does not; hold the bubble's
// lock.
func (t *task) toShow(ctx context.Context, q database.Queryer, message int64) (idmap.Status, bool, error) {
	line := string(t.line.ID)
	links, err := t.b.ids.LinksByMessageIn(ctx, q, line, message)
	if err != nil {
		return "", false, err
	}
	known, err := t.b.ids.AgentMessageIn(ctx, q, line, message)
	if err != nil {
		return "", false, err
	}
	to, ok := statusToShow(links, known)
	return to, ok, nil
}

// statusToShow is the status that a bubble should show and does not. Chatwoot
// itself shows a new message as sent, so that is said only to clear a red one.
// An agent's message has no ticks before all of it was sent: a receipt of its
// text must not promise a file that is still to go, nor take the red away while
// a failure is being recorded.
func statusToShow(links []idmap.Link, known idmap.AgentMessage) (idmap.Status, bool) {
	if len(links) == 0 || known.State == idmap.AgentFailed || known.State == idmap.AgentDeleted {
		return "", false
	}
	if links[0].Direction == idmap.FromAgent && known.State != idmap.AgentSent {
		return "", false
	}
	reached := links[0].Status
	for _, l := range links {
		if l.Status.Rank() < reached.Rank() {
			reached = l.Status
		}
	}
	shown := known.Shown
	if shown == "" {
		shown = idmap.Sent
	}
	return reached, reached.Rank() >= idmap.Sent.Rank() && reached.Rank() > shown.Rank()
}
