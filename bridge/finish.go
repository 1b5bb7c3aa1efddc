package bridge

import (
	"context"
	"database/sql"
	"errors"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// finish records that all of a message was sent. Where there is something to
// show, the job goes on: the message may have been red while it waited, and
// receipts of its parts may be in.
func (t *task) finish(e chatwoot.Event) error {
	message := int64(e.Message.ID)
	sent := func(ctx context.Context, tx *sql.Tx) error {
		if err := t.recordLeft(ctx, tx); err != nil {
			return err
		}
		return t.b.ids.SetAgentMessage(ctx, tx, string(t.line.ID), message, idmap.AgentSent)
	}
	done, err := t.finishUnlessShown(message, sent)
	if done || err != nil {
		return err
	}
	// Recorded first: whichever comes later, this or a receipt, then shows it.
	if err := t.Record(t.ctx, sent); err != nil {
		return err
	}
	t.left = nil
	if err := t.showReached(message, int64(e.Conversation.ID)); err != nil {
		return err
	}
	return t.Done(t.ctx, nil)
}

// errToShow undoes the end of a job whose message has something to show.
var errToShow = errors.New("the bubble has something to show")

// finishUnlessShown ends the job together with what sent records, unless there
// is something to show; then it does nothing. A receipt that comes meanwhile
// waits at the bubble, and then finds that all was sent.
func (t *task) finishUnlessShown(message int64, sent func(context.Context, *sql.Tx) error) (done bool, err error) {
	defer t.bubbles.lock(message)()
	err = t.Done(t.ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := sent(ctx, tx); err != nil {
			return err
		}
		_, show, err := t.toShow(ctx, tx, message)
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

// recordLeft records what WhatsApp has taken since the last commit.
func (t *task) recordLeft(ctx context.Context, tx *sql.Tx) error {
	for _, id := range t.left {
		if _, err := t.b.ids.Advance(ctx, tx, string(t.line.ID), id, idmap.Sent); err != nil {
			return err
		}
	}
	return nil
}
