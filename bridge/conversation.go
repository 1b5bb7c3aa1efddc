package bridge

import (
	"context"
	"database/sql"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// conversation gives the chat with its contact and conversation, which are
// found or made under the chat's lane and therefore never twice.
func (t *task) conversation(desk *chatwoot.Client, m whatsapp.Message) (idmap.Chat, error) {
	chat, err := t.b.ids.Chat(t.ctx, string(t.line.ID), t.chatID(), t.generation)
	if err != nil {
		return chat, err
	}
	if chat.Contact != 0 && chat.Conversation != 0 {
		return chat, nil
	}
	if err := t.contact(desk, &chat, m); err != nil {
		return chat, err
	}
	conversation, err := t.openConversation(desk, chat, chatwoot.ContactID(chat.Contact))
	if err != nil {
		return chat, err
	}
	chat.Conversation = int64(conversation)
	return chat, t.lease.Record(t.ctx, func(ctx context.Context, tx *sql.Tx) error {
		return t.b.ids.SetContact(ctx, tx, chat)
	})
}

// openConversation finds the newest conversation that is not resolved, or with
// a locked inbox the only one, and otherwise makes one.
func (t *task) openConversation(desk *chatwoot.Client, chat idmap.Chat, contact chatwoot.ContactID) (chatwoot.ConversationID, error) {
	inbox, err := t.inboxSettings(desk)
	if err != nil {
		return 0, err
	}
	existing, err := desk.Conversations(t.ctx, t.line.Inbox, chat.SourceID)
	if err != nil {
		return 0, err
	}
	for _, c := range existing {
		if inbox.LockToSingle || c.Status != "resolved" {
			return c.ID, nil
		}
	}
	made, err := desk.CreateConversation(t.ctx, t.line.Inbox, contact, chat.SourceID)
	return made.ID, err
}

// inboxSettings reads the inbox once for the life of the runtime.
func (t *task) inboxSettings(desk *chatwoot.Client) (chatwoot.Inbox, error) {
	if known := t.inbox.Load(); known != nil {
		return *known, nil
	}
	inbox, err := desk.Inbox(t.ctx, t.line.Inbox)
	if chatwoot.IsNotFound(err) {
		return inbox, &inboxGone{}
	}
	if err == nil {
		t.inbox.Store(&inbox)
	}
	return inbox, err
}

// forget drops a contact and conversation that Chatwoot no longer has. If the
// inbox is gone too, nothing can be done here.
func (t *task) forget(desk *chatwoot.Client, chat idmap.Chat) error {
	if _, err := desk.Inbox(t.ctx, t.line.Inbox); chatwoot.IsNotFound(err) {
		return &inboxGone{}
	} else if err != nil {
		return err
	}
	chat.Contact, chat.Conversation = 0, 0
	err := t.lease.Record(t.ctx, func(ctx context.Context, tx *sql.Tx) error {
		return t.b.ids.SetContact(ctx, tx, chat)
	})
	if err != nil {
		return err
	}
	t.generation, err = t.b.ids.Generation(t.ctx, string(t.line.ID))
	return err
}
