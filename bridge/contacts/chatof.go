package contacts

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// UseChatOf calls use with the chat of an event's conversation. Until use returns
// no merge moves the chat away.
func (d *Directory) UseChatOf(ctx context.Context, e chatwoot.Event, use func(chat string) error) error {
	d.merging.RLock()
	defer d.merging.RUnlock()
	chat, err := d.ChatOf(ctx, e)
	if err != nil {
		return err
	}
	return use(chat)
}

// ChatOf finds the chat of an event's conversation: by the contact's source
// id, by the conversation, or, when an agent began it, by the contact's
// WhatsApp id or phone number. What is none of these has a lane of its own, in
// which the message fails visibly.
func (d *Directory) ChatOf(ctx context.Context, e chatwoot.Event) (string, error) {
	line := d.line()
	if chat, err := d.chatBySource(ctx, e.Conversation.SourceID); !errors.Is(err, idmap.ErrUnknown) {
		return chat, err
	}
	if chat, err := d.IDs.ChatIDByConversation(ctx, line, int64(e.Conversation.ID)); !errors.Is(err, idmap.ErrUnknown) {
		return chat, err
	}
	jid := counterpart(e.Conversation)
	if jid == "" {
		return conversationLane + strconv.FormatInt(int64(e.Conversation.ID), 10), nil
	}
	number, _ := strings.CutSuffix(jid, "@s.whatsapp.net")
	for _, other := range content.OtherForms(number) {
		// A chat that exists knows how the person is really addressed.
		chat, known, err := d.IDs.Known(ctx, line, other+"@s.whatsapp.net")
		if known || err != nil {
			return chat, err
		}
	}
	return d.agentStarted(ctx, e, jid)
}

// chatBySource finds a chat by its contact's source id, if that is told.
func (d *Directory) chatBySource(ctx context.Context, source string) (string, error) {
	if source == "" {
		return "", idmap.ErrUnknown
	}
	return d.IDs.ChatIDBySource(ctx, d.line(), source)
}

// Complete gives an event of a conversation that nobody knows yet its contact: the
// live channel does not tell it, nor do messages, and only the contact connects such a
// conversation, which an agent began, to WhatsApp.
func (d *Directory) Complete(ctx context.Context, client *chatwoot.Client, e chatwoot.Event) (chatwoot.Event, error) {
	if e.Conversation.ContactID != 0 {
		return e, nil
	}
	line := d.line()
	if _, err := d.chatBySource(ctx, e.Conversation.SourceID); !errors.Is(err, idmap.ErrUnknown) {
		return e, err
	}
	if _, err := d.IDs.ChatIDByConversation(ctx, line, int64(e.Conversation.ID)); !errors.Is(err, idmap.ErrUnknown) {
		return e, err
	}
	found, err := client.Conversation(ctx, e.Conversation.ID)
	if err != nil {
		return e, err
	}
	whole := found.EventConversation
	whole.ID, whole.Inbox, whole.SourceID = e.Conversation.ID, e.Conversation.Inbox, cmp.Or(e.Conversation.SourceID, whole.SourceID)
	e.Conversation = whole
	return e, nil
}

// agentStarted is the chat of a conversation that an agent began. It is remembered as
// the chat's own, so that the answer comes into it.
func (d *Directory) agentStarted(ctx context.Context, e chatwoot.Event, jid string) (string, error) {
	line := d.line()
	var id string
	err := d.DB.InTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		found, err := d.IDs.Resolve(ctx, tx, line, func(string) string { return e.Conversation.SourceID }, jid)
		id = found.Chat
		return err
	})
	if err != nil {
		// The webhook and the live channel tell of the first message at once.
		if made, other := d.IDs.ChatIDBySource(ctx, line, e.Conversation.SourceID); other == nil {
			return made, nil
		}
		return "", err
	}
	chat, err := d.IDs.ChatByAlias(ctx, line, jid)
	if err != nil || chat.Contact != 0 {
		return id, err
	}
	chat.Contact, chat.Conversation = int64(e.Conversation.ContactID), int64(e.Conversation.ID)
	defer d.strangers.forget(e.Conversation.ContactID)
	return id, d.DB.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return d.IDs.SetContact(ctx, tx, chat) })
}

// conversationLane begins the lane key of a conversation whose contact nothing
// connects to WhatsApp.
const conversationLane = "conversation-"

// IsConversationLane reports whether a lane is of such a conversation, and not of
// a chat.
func IsConversationLane(chat string) bool { return strings.HasPrefix(chat, conversationLane) }

// ConversationOfLane is the conversation of such a lane, or 0.
func ConversationOfLane(chat string) chatwoot.ConversationID {
	number, ok := strings.CutPrefix(chat, conversationLane)
	id, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil {
		return 0
	}
	return chatwoot.ConversationID(id)
}
