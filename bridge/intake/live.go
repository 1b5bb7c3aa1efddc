package intake

import (
	"context"
	"errors"
	"time"

	"github.com/wootbridge/wootbridge/bridge/compose"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// AcceptLive commits what is to be done about an event that the live channel has
// told. What cannot be committed is found by a comparison: nobody tells it again.
func (in *Intake) AcceptLive(ctx context.Context, e chatwoot.Event) {
	if err := in.acceptLive(ctx, e); err != nil && ctx.Err() == nil {
		in.Log.Error("an event of the live channel could not be stored", "error", err)
		in.Arrivals.NoteLost()
	}
}

func (in *Intake) acceptLive(ctx context.Context, e chatwoot.Event) (err error) {
	var raw []byte
	if e.Message.Untold {
		return in.acceptUnsigned(ctx, e)
	}
	if e.Message.ID != 0 {
		if compose.Sendable(e.Message) {
			defer in.Arrivals.Begin(e.Message.ID)()
			if e, err = in.complete(ctx, e); err != nil {
				return err
			}
		}
		if raw, err = chatwoot.EncodeCreated(e.Message, e); err != nil {
			return err
		}
	}
	err = in.AcceptEvent(ctx, e, raw)
	if errors.Is(err, ErrBeforeLine) {
		in.Log.Info("a message that is older than the line was not sent", "message", int64(e.Message.ID))
		return nil
	}
	return err
}

// completeTimeout bounds the question for a conversation's contact: everything else
// that the channel says waits for it.
const completeTimeout = 10 * time.Second

func (in *Intake) complete(ctx context.Context, e chatwoot.Event) (chatwoot.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, completeTimeout)
	defer cancel()
	return in.Contacts.Complete(ctx, in.Inbox.Client(), e)
}
