package inbound

import (
	"context"
	"errors"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// The chat may have another conversation by now than the one into which an attempt
// has posted: agents resolve one, and begin another. So a post is looked for where
// the attempts went, and not only where the next one would go.

// lastConversations is in how many of a chat's conversations a post is looked for of
// which nobody knows where it went, because the process died meanwhile.
const lastConversations = 5

// findEarlier looks for a post of an attempt that may have got through, and gives
// the chat with the conversation in which it is.
func (h *Handler) findEarlier(ctx context.Context, j *work.Job, client *chatwoot.Client, source string) (chat idmap.Chat, posted chatwoot.Message, found bool, err error) {
	if !j.Ambiguous {
		return chat, posted, false, nil
	}
	if chat, err = h.recallTargets(ctx, j); err != nil {
		return chat, posted, false, err
	}
	there, found, err := h.Inbox.FindEarlier(ctx, j, client, source, h.Contacts.PassOver(client, j.Chat()))
	if found {
		chat.Conversation = int64(there.In)
	}
	return chat, there.Message, found, err
}

// isPosted looks for a post of an ambiguous job, once.
func (h *Handler) isPosted(ctx context.Context, j *work.Job, source string) (bool, error) {
	if _, err := h.recallTargets(ctx, j); err != nil {
		return false, err
	}
	client := h.Inbox.At(j.Priority())
	_, found, err := h.Inbox.Find(ctx, j, client, source, h.Contacts.PassOver(client, j.Chat()))
	return found, err
}

// recallTargets completes the conversations in which the job may have posted: the
// chat's own belongs to them, and of an attempt that could not record where it went
// the latest ones.
func (h *Handler) recallTargets(ctx context.Context, j *work.Job) (idmap.Chat, error) {
	line := h.Inbox.LineID()
	chat, err := h.IDs.Chat(ctx, line, j.Chat(), j.Epoch)
	if errors.Is(err, idmap.ErrUnknown) {
		return chat, nil // nothing can have been posted
	}
	if err != nil {
		return chat, err
	}
	if j.UncleanLease || len(j.Targets) == 0 {
		latest, err := h.IDs.ConversationsOf(ctx, line, chat.ID, lastConversations)
		if err != nil {
			return chat, err
		}
		j.LookIn(latest...)
	}
	j.LookIn(chat.Conversation)
	return chat, nil
}
