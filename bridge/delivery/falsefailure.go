package delivery

import (
	"context"
	"database/sql"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// ClearFalseFailure puts on a red bubble what its message has reached.
func (s *Statuses) ClearFalseFailure(ctx context.Context, j *work.Job) error {
	e, err := chatwoot.ParseEvent(j.Payload)
	if err != nil {
		return &work.BrokenPayloadError{Err: err}
	}
	line, message := s.Inbox.LineID(), int64(e.Message.ID)
	known, err := s.IDs.AgentMessage(ctx, line, message)
	if err != nil {
		return err
	}
	if known.State != idmap.AgentSent {
		return j.Done(ctx, nil)
	}
	err = j.Record(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return s.IDs.SetShown(ctx, tx, line, message, idmap.Failed)
	})
	if err != nil {
		return err
	}
	if err := s.SyncStatus(ctx, j, message, int64(e.Conversation.ID)); err != nil {
		return err
	}
	return j.Done(ctx, nil)
}
