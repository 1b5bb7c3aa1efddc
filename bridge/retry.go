package bridge

import (
	"context"
	"database/sql"

	"github.com/wootbridge/wootbridge/bridge/compose"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// takeUpdate looks at a message that changed. Chatwoot says neither what nor
// why: it may be the Retry button, an echo of the bridge's own statuses, a
// translation. Only what the bridge knows of the message tells.
func (r *runtime) takeUpdate(ctx context.Context, e chatwoot.Event, raw []byte) error {
	line, m := string(r.line.ID), e.Message
	if m.Attributes.Deleted {
		if m.Private || m.Type != chatwoot.Outgoing && m.Type != chatwoot.Template {
			return nil
		}
		return r.commit(ctx, e, raw, jobDeleted, deletedKey(line, m.ID), r.recordDeleted(m.ID))
	}
	if m.Attributes.ExternalError != "" {
		return r.takeFailure(ctx, e) // Retry clears the reason before anything else
	}
	if !compose.Sendable(m) {
		return nil
	}
	known, err := r.b.ids.AgentMessage(ctx, line, int64(m.ID))
	if err != nil {
		return err
	}
	switch {
	case known.State == idmap.AgentFailed:
		return r.commit(ctx, e, raw, jobRetry, retryKey(line, m.ID, known), r.recordShown(m.ID, ""))
	case known.Shown == idmap.Failed && known.State != idmap.AgentSent && known.State != idmap.AgentDeleted:
		// It waits for the connection and goes out by itself; Retry has only
		// taken the red away, which comes back.
		if err := r.b.db.InTx(ctx, r.recordShown(m.ID, "")); err != nil {
			return err
		}
		return r.lookAgain(ctx)
	case known.State == idmap.AgentUnseen && m.CreatedAt.After(r.line.Created):
		// Its own webhook never arrived, or is late: then this one is as good.
		if old, err := r.beforeLine(ctx, m); err != nil || old {
			return err
		}
		return r.commit(ctx, e, raw, jobCreated, createdKey(line, m.ID), nil)
	}
	return nil
}

// takeFailure looks at a bubble that turned red. Chatwoot does that to every
// message of which a webhook does not get through, also to those that arrived.
func (r *runtime) takeFailure(ctx context.Context, e chatwoot.Event) error {
	if sourceid.IsOurs(e.Message.SourceID) {
		r.webhooksMissed()
		return nil
	}
	known, err := r.b.ids.AgentMessage(ctx, string(r.line.ID), int64(e.Message.ID))
	switch {
	case err != nil:
		return err
	case known.State == idmap.AgentSent:
		return r.showAgain(ctx, e)
	case known.State == idmap.AgentUnseen:
		r.webhookLost()
	}
	return nil
}

// recordShown notes what a bubble shows, of a message that is still to be sent.
func (r *runtime) recordShown(id chatwoot.MessageID, shown idmap.Status) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		if err := r.b.ids.SetAgentMessage(ctx, tx, string(r.line.ID), int64(id), idmap.AgentReceived); err != nil {
			return err
		}
		return r.b.ids.SetShown(ctx, tx, string(r.line.ID), int64(id), shown)
	}
}

// retryMessage sends what is missing of a message that failed. Whether an
// agent asked for that, only its state in Chatwoot says.
func (t *task) retryMessage(e chatwoot.Event) error {
	id := e.Message.ID
	m, err := t.desk.Message(t.ctx, e.Conversation.ID, id)
	if err != nil && !chatwoot.IsNotFound(err) {
		return err
	}
	// A receipt of another part may have turned it into more than "sent".
	if err == nil && compose.Sendable(m) && (m.Status != string(idmap.Failed) || t.shownWaiting(id)) {
		e.Message = m
		return t.send(e)
	}
	return t.Done(t.ctx, t.recordFailed)
}

// shownWaiting reports whether the bubble is red because this very retry waits
// for the connection.
func (t *task) shownWaiting(id chatwoot.MessageID) bool {
	known, err := t.b.ids.AgentMessage(t.ctx, string(t.line.ID), int64(id))
	return err == nil && known.State == idmap.AgentReceived && known.Shown == idmap.Failed
}
