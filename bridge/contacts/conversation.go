package contacts

import (
	"context"
	"database/sql"
	"slices"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// Conversation gives the chat with its contact and conversation, which are
// found or made under the chat's lane and therefore never twice. A note opens
// no conversation as long as there is one, be it resolved.
func (d *Directory) Conversation(ctx context.Context, j *work.Job, client *chatwoot.Client, m content.Message, note bool) (idmap.Chat, error) {
	chat, err := d.IDs.Chat(ctx, d.line(), j.Chat(), j.Epoch)
	if err != nil {
		return chat, err
	}
	if chat.Conversation != 0 && d.broken(ctx, client, chat.ID, chatwoot.ConversationID(chat.Conversation)) {
		if err := d.Forget(ctx, j, client, chat); err != nil {
			return chat, err
		}
		chat.Contact, chat.Conversation = 0, 0
	}
	if chat.Contact != 0 && chat.Conversation != 0 {
		goesOn, err := d.goesOn(ctx, client, chat)
		if err != nil || goesOn {
			return chat, err
		}
	}
	if err := d.contact(ctx, j, client, &chat, m); err != nil {
		return chat, err
	}
	found, current, err := d.findConversation(ctx, client, chat)
	if _, err = d.tolerable(ctx, client, chat.ID, "conversations", err); err != nil {
		return chat, err
	}
	if found != 0 && !current && note {
		chat.Conversation = int64(found)
		return chat, nil // for this note only: the next message opens a new one
	}
	if !current {
		var attributes []chatwoot.Attribute
		if m.Group {
			attributes = append(attributes, chatwoot.Attribute{Name: isGroup, Value: true})
		}
		made, err := client.CreateConversation(ctx, d.Inbox.Line().Inbox, chatwoot.ContactID(chat.Contact), chat.SourceID, attributes...)
		if err != nil {
			return chat, err
		}
		found = made.ID
	}
	chat.Conversation = int64(found)
	defer d.strangers.forget(chatwoot.ContactID(chat.Contact))
	return chat, j.Record(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := d.IDs.SetContact(ctx, tx, chat); err != nil {
			return err
		}
		return d.IDs.SetResolved(ctx, tx, chat, false) // it may be the one of before, and open
	})
}

// goesOn reports whether a chat's conversation takes the next message: with a locked
// inbox it does so when it was resolved too. Whether the inbox is locked is asked
// when it matters, because that may change at any time.
func (d *Directory) goesOn(ctx context.Context, client *chatwoot.Client, chat idmap.Chat) (bool, error) {
	if !chat.Resolved {
		return true, nil
	}
	settings, err := d.Inbox.Ask(ctx, client)
	if err != nil || settings.LockToSingle {
		return err == nil, err
	}
	now, err := client.Conversation(ctx, chatwoot.ConversationID(chat.Conversation))
	if chatwoot.IsNotFound(err) {
		return false, nil
	}
	lost, err := d.tolerable(ctx, client, chat.ID, "conversation", err)
	return err == nil && !lost && now.Status != resolved, err
}

// findConversation finds the newest conversation that is not resolved, or with
// a locked inbox the only one: that is the current one. If there is none it
// gives the newest of all, 0 if the contact never had any.
func (d *Directory) findConversation(ctx context.Context, client *chatwoot.Client, chat idmap.Chat) (id chatwoot.ConversationID, current bool, err error) {
	existing, err := client.Conversations(ctx, d.Inbox.Line().Inbox, chat.SourceID)
	existing = slices.DeleteFunc(existing, func(c chatwoot.Conversation) bool { return d.broken(ctx, client, chat.ID, c.ID) })
	if err != nil || len(existing) == 0 {
		return 0, false, err
	}
	if existing[0].Status != resolved {
		return existing[0].ID, true, nil
	}
	settings, err := d.Inbox.Ask(ctx, client)
	if err != nil {
		return 0, false, err
	}
	for _, c := range existing {
		if settings.LockToSingle || c.Status != resolved {
			return c.ID, true, nil
		}
	}
	return existing[0].ID, false, nil
}

// Forget drops a contact and conversation that Chatwoot no longer has. If the
// inbox is gone too, the line pauses: nothing can be done here.
func (d *Directory) Forget(ctx context.Context, j *work.Job, client *chatwoot.Client, chat idmap.Chat) error {
	if err := d.Inbox.Exists(ctx, client); err != nil {
		return err
	}
	chat.Contact, chat.Conversation = 0, 0
	err := j.Record(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return d.IDs.SetContact(ctx, tx, chat)
	})
	if err != nil {
		return err
	}
	j.Epoch, err = d.IDs.Epoch(ctx, d.line())
	return err
}
