package contacts

import (
	"context"
	"database/sql"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// resolved is the status of a conversation that is over.
const resolved = "resolved"

// NoteStatus remembers that a chat's conversation was resolved, or opened again.
// What follows is decided with the next message, by the setting that the inbox has
// then.
func (d *Directory) NoteStatus(ctx context.Context, e chatwoot.Event) error {
	over := e.Conversation.Status == resolved
	chat, err := d.IDs.ChatByConversation(ctx, d.line(), int64(e.Conversation.ID))
	if err != nil || chat.Conversation != int64(e.Conversation.ID) || chat.Resolved == over {
		return idmap.IgnoreUnknown(err)
	}
	return d.DB.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return d.IDs.SetResolved(ctx, tx, chat, over) })
}

// StatusIsNews reports whether what is told of a conversation is not what is known of
// it.
func (d *Directory) StatusIsNews(ctx context.Context, e chatwoot.Event) (bool, error) {
	chat, err := d.IDs.ChatByConversation(ctx, d.line(), int64(e.Conversation.ID))
	if err != nil {
		return false, idmap.IgnoreUnknown(err)
	}
	return chat.Conversation == int64(e.Conversation.ID) && chat.Resolved != (e.Conversation.Status == resolved), nil
}

// DoubtStatus has the customer's next message look whether a conversation was
// resolved.
func (d *Directory) DoubtStatus(ctx context.Context, e chatwoot.Event) error {
	e.Conversation.Status = resolved
	return d.NoteStatus(ctx, e)
}

// FollowAgent makes the conversation in which an agent has written the chat's, so
// that the answer comes into it. An inbox that is not locked lets agents begin a
// second one.
func (d *Directory) FollowAgent(ctx context.Context, e chatwoot.Event, id string) error {
	if IsConversationLane(id) || e.Conversation.ID == 0 || e.Conversation.Status == resolved {
		return nil
	}
	epoch, err := d.IDs.Epoch(ctx, d.line())
	if err != nil {
		return err
	}
	chat, err := d.IDs.Chat(ctx, d.line(), id, epoch)
	if err != nil || chat.Contact == 0 || chat.Conversation == int64(e.Conversation.ID) {
		return idmap.IgnoreUnknown(err)
	}
	if other := int64(e.Conversation.ContactID); other != 0 && other != chat.Contact {
		return nil
	}
	chat.Conversation = int64(e.Conversation.ID)
	chat.Resolved = e.Conversation.Status == "" // the live channel does not tell: the next message looks
	return d.DB.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return d.IDs.MoveConversation(ctx, tx, chat, int64(e.Message.ID))
	})
}
