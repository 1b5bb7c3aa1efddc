package bridge

import (
	"context"
	"database/sql"
	"errors"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// showFailed makes an agent's bubble red, with a reason to act on.
func (t *task) showFailed(failure error) error {
	e, err := chatwoot.ParseEvent(t.Payload)
	if err != nil {
		return err
	}
	defer t.bubbles.lock(int64(e.Message.ID))()
	text := t.failureText(failure)
	if t.Kind == jobDeleted {
		text = t.words().Text("fail.revoke")
	}
	err = t.desk.WithPriority(chatwoot.Status).SetStatus(t.ctx, e.Conversation.ID, e.Message.ID, string(idmap.Failed), text)
	if chatwoot.IsNotFound(err) {
		return nil // nobody is left to tell
	}
	return err
}

// failureText is what the agent reads; what went wrong inside is for the log.
func (t *task) failureText(failure error) string {
	key := "fail.refused"
	var refused *whatsapp.PermanentError
	var file *fileError
	switch {
	case errors.Is(failure, chatwoot.ErrTooLarge):
		return t.words().Text("fail.size", "n", "2000")
	case errors.As(failure, &file):
		key = "fail.media"
	case errors.As(failure, &refused) && refused.Reason == reasonExpired:
		key = "fail.expired"
	case errors.As(failure, &refused) && refused.Reason == reasonUnmapped:
		key = "fail.unmapped"
	case errors.As(failure, &refused) && refused.Reason == whatsapp.ReasonNotOnWhatsApp:
		key = "fail.notwa"
	case errors.As(failure, &refused) && refused.Reason == whatsapp.ReasonReachOut:
		key = "fail.reachout"
	}
	return t.words().Text(key)
}

// recordFailed notes that an agent's message is shown as failed, so that the
// Retry button of its bubble is understood. A deleted one stays deleted: Retry
// would send Chatwoot's "was deleted".
func (t *task) recordFailed(ctx context.Context, tx *sql.Tx) error {
	e, err := chatwoot.ParseEvent(t.Payload)
	if err != nil || t.Kind == jobDeleted {
		return nil // there is no message to speak of
	}
	line, id := string(t.line.ID), int64(e.Message.ID)
	if err := t.b.ids.SetAgentMessage(ctx, tx, line, id, idmap.AgentFailed); err != nil {
		return err
	}
	return t.b.ids.SetShown(ctx, tx, line, id, idmap.Failed)
}
