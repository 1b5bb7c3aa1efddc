package delivery

import (
	"context"
	"database/sql"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
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
	if sourceid.IsOurs(e.Message.SourceID) {
		return s.clearOwn(ctx, j, e)
	}
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

// clearOwn takes the red from a message that the bridge itself has posted. One of
// the own phone shows again what it has reached.
func (s *Statuses) clearOwn(ctx context.Context, j *work.Job, e chatwoot.Event) error {
	message := int64(e.Message.ID)
	defer s.Lock(message)()
	links, err := s.IDs.LinksByMessage(ctx, s.Inbox.LineID(), message)
	if err != nil {
		return err
	}
	status := idmap.Sent
	if len(links) > 0 && links[0].Origin == idmap.FromOwnPhone && links[0].Status.Rank() > idmap.Sent.Rank() {
		status = links[0].Status
	}
	err = s.Inbox.At(chatwoot.Status).SetStatus(ctx, e.Conversation.ID, e.Message.ID, string(status), "")
	if err != nil && !chatwoot.IsNotFound(err) {
		return err
	}
	return j.Done(ctx, nil)
}
