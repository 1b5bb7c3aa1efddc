package outbound

import (
	"context"

	"github.com/wootbridge/wootbridge/bridge/compose"
	"github.com/wootbridge/wootbridge/bridge/contacts"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/intake"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// GiveUp tells the agent that a message was not sent, or not taken back.
func (h *Handler) GiveUp(ctx context.Context, j *work.Job, failure error) error {
	e, err := h.eventOf(ctx, j)
	if err != nil {
		return err
	}
	known, err := h.IDs.Restores(ctx, h.Inbox.LineID())
	if err != nil {
		return err
	}
	_, lost, err := h.restoresOf(ctx, j, e, known)
	if err != nil {
		return err
	}
	if lost {
		e.Message.ID = -e.Message.ID
	}
	return h.Delivery.MarkFailed(ctx, j, e, failure, len(compose.Parts(e.Message, false)))
}

// eventOf is the event of a job. Of one that cannot be read, what was journaled
// beside it tells which bubble it is about.
func (h *Handler) eventOf(ctx context.Context, j *work.Job) (chatwoot.Event, error) {
	e, broken := chatwoot.ParseEvent(j.Payload)
	if broken == nil {
		return e, nil
	}
	key, err := h.Journal.Key(ctx, j.ID)
	if err != nil {
		return e, err
	}
	e = chatwoot.Event{Message: chatwoot.Message{ID: intake.MessageOf(key)}}
	if e.Conversation.ID = contacts.ConversationOfLane(j.Chat()); e.Conversation.ID == 0 {
		chat, err := h.IDs.Chat(ctx, h.Inbox.LineID(), j.Chat(), j.Epoch)
		if idmap.IgnoreUnknown(err) != nil {
			return e, err
		}
		e.Conversation.ID = chatwoot.ConversationID(chat.Conversation)
	}
	if e.Message.ID == 0 || e.Conversation.ID == 0 {
		return e, &work.BrokenPayloadError{Err: broken}
	}
	return e, nil
}
