package outbound

import (
	"context"
	"database/sql"
	"errors"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// finish records that all of a message was sent. Where there is something to
// show, the job goes on: the message may have been red while it waited, and
// receipts of its parts may be in.
func (h *Handler) finish(ctx context.Context, j *work.Job, e chatwoot.Event, s *sending) error {
	message := int64(e.Message.ID)
	sent := func(ctx context.Context, tx *sql.Tx) error {
		if err := h.recordTaken(s)(ctx, tx); err != nil {
			return err
		}
		if s.prepared.kept {
			if err := h.IDs.ForgetPrepared(ctx, tx, h.Inbox.LineID(), message); err != nil {
				return err
			}
		}
		return h.IDs.SetAgentMessage(ctx, tx, h.Inbox.LineID(), message, e.Message.CreatedAt.Time, idmap.AgentSent)
	}
	done, err := h.finishUnlessShown(ctx, j, message, sent)
	if done || err != nil {
		return err
	}
	// Recorded first: whichever comes later, this or a receipt, then shows it.
	if err := j.Record(ctx, sent); err != nil {
		return err
	}
	s.unrecorded = nil
	if err := h.Delivery.SyncStatus(ctx, j, message, int64(e.Conversation.ID)); err != nil {
		return err
	}
	return j.Done(ctx, nil)
}

// errToShow undoes the end of a job whose message has something to show.
var errToShow = errors.New("the bubble has something to show")

// finishUnlessShown ends the job together with what sent records, unless there
// is something to show; then it does nothing. A receipt that comes meanwhile
// waits at the bubble, and then finds that all was sent.
func (h *Handler) finishUnlessShown(ctx context.Context, j *work.Job, message int64, sent func(context.Context, *sql.Tx) error) (done bool, err error) {
	defer h.Delivery.Lock(message)()
	err = j.Done(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := sent(ctx, tx); err != nil {
			return err
		}
		_, show, err := h.Delivery.Pending(ctx, tx, message)
		if err == nil && show {
			err = errToShow
		}
		return err
	})
	if errors.Is(err, errToShow) {
		return false, nil
	}
	return err == nil, err
}

// recordTaken records what WhatsApp has taken since the last commit.
func (h *Handler) recordTaken(s *sending) work.Recorder {
	return func(ctx context.Context, tx *sql.Tx) error {
		for _, id := range s.unrecorded {
			if _, err := h.IDs.Advance(ctx, tx, h.Inbox.LineID(), id, idmap.Sent); err != nil {
				return err
			}
		}
		return nil
	}
}
