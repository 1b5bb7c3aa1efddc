package bridge

import (
	"context"
	"database/sql"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// jobShow is a job of a status lane: a bubble shows a failure that was none.
const jobShow = "show"

// showTruth puts on a red bubble what its message has reached.
func (t *task) showTruth() error {
	e, err := chatwoot.ParseEvent(t.Payload)
	if err != nil {
		return &work.BrokenPayloadError{Err: err}
	}
	line, message := string(t.line.ID), int64(e.Message.ID)
	known, err := t.b.ids.AgentMessage(t.ctx, line, message)
	if err != nil {
		return err
	}
	if known.State != idmap.AgentSent {
		return t.Done(t.ctx, nil)
	}
	err = t.Record(t.ctx, func(ctx context.Context, tx *sql.Tx) error {
		return t.b.ids.SetShown(ctx, tx, line, message, idmap.Failed)
	})
	if err != nil {
		return err
	}
	if err := t.showReached(message, int64(e.Conversation.ID)); err != nil {
		return err
	}
	return t.Done(t.ctx, nil)
}
