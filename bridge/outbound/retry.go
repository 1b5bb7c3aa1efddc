package outbound

import (
	"context"

	"github.com/wootbridge/wootbridge/bridge/compose"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// retryMessage sends what is missing of a message that failed. Whether an
// agent asked for that, only its state in Chatwoot says; an admin who replays it
// asks for it, too.
func (h *Handler) retryMessage(ctx context.Context, j *work.Job, e chatwoot.Event, restores int64) error {
	id := e.Message.ID
	m, err := h.Inbox.Client().Message(ctx, e.Conversation.ID, id)
	if err != nil && !chatwoot.IsNotFound(err) {
		return err
	}
	// A receipt of another part may have turned it into more than "sent".
	if err == nil && compose.Sendable(m) && (m.Status != string(idmap.Failed) || !j.Replayed.IsZero() || h.shownWaiting(ctx, id)) {
		e.Message = m
		return h.send(ctx, j, e, restores)
	}
	return j.Done(ctx, h.Delivery.RecordFailed(e))
}

// shownWaiting reports whether the bubble is red because this very retry waits
// for the connection.
func (h *Handler) shownWaiting(ctx context.Context, id chatwoot.MessageID) bool {
	known, err := h.IDs.AgentMessage(ctx, h.Inbox.LineID(), int64(id))
	return err == nil && known.State == idmap.AgentReceived && known.Shown == idmap.Failed
}
