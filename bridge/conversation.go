package bridge

import (
	"context"
	"database/sql"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// conversation gives the chat with its contact and conversation, which are
// found or made under the chat's lane and therefore never twice. A note opens
// no conversation as long as there is one, be it resolved.
func (t *task) conversation(desk *chatwoot.Client, m content.Message, note bool) (idmap.Chat, error) {
	chat, err := t.b.ids.Chat(t.ctx, string(t.line.ID), t.Chat(), t.Epoch)
	if err != nil {
		return chat, err
	}
	if chat.Contact != 0 && chat.Conversation != 0 {
		return chat, nil
	}
	if err := t.contact(desk, &chat, m); err != nil {
		return chat, err
	}
	found, current, err := t.findConversation(desk, chat)
	if err != nil {
		return chat, err
	}
	if found != 0 && !current && note {
		chat.Conversation = int64(found)
		return chat, nil // for this note only: the next message opens a new one
	}
	if !current {
		made, err := desk.CreateConversation(t.ctx, t.line.Inbox, chatwoot.ContactID(chat.Contact), chat.SourceID)
		if err != nil {
			return chat, err
		}
		found = made.ID
	}
	chat.Conversation = int64(found)
	return chat, t.Record(t.ctx, func(ctx context.Context, tx *sql.Tx) error {
		return t.b.ids.SetContact(ctx, tx, chat)
	})
}

// findConversation finds the newest conversation that is not resolved, or with
// a locked inbox the only one: that is the current one. If there is none it
// gives the newest of all, 0 if the contact never had any.
func (t *task) findConversation(desk *chatwoot.Client, chat idmap.Chat) (id chatwoot.ConversationID, current bool, err error) {
	inbox, err := t.inboxSettings(desk)
	if err != nil {
		return 0, false, err
	}
	existing, err := desk.Conversations(t.ctx, t.line.Inbox, chat.SourceID)
	if err != nil || len(existing) == 0 {
		return 0, false, err
	}
	for _, c := range existing {
		if inbox.LockToSingle || c.Status != "resolved" {
			return c.ID, true, nil
		}
	}
	return existing[0].ID, false, nil
}

// inboxSettings reads the inbox once for the life of the runtime.
func (t *task) inboxSettings(desk *chatwoot.Client) (chatwoot.Inbox, error) {
	if known := t.inbox.Load(); known != nil {
		return *known, nil
	}
	inbox, err := desk.Inbox(t.ctx, t.line.Inbox)
	if chatwoot.IsNotFound(err) {
		return inbox, inboxGone()
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
		return inboxGone()
	} else if err != nil {
		return err
	}
	chat.Contact, chat.Conversation = 0, 0
	err := t.Record(t.ctx, func(ctx context.Context, tx *sql.Tx) error {
		return t.b.ids.SetContact(ctx, tx, chat)
	})
	if err != nil {
		return err
	}
	t.Epoch, err = t.b.ids.Generation(t.ctx, string(t.line.ID))
	return err
}
