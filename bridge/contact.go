package bridge

import (
	"context"
	"database/sql"
	"errors"
	"strings"

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
	contact, err := t.contact(desk, chat, m)
	if err != nil {
		return chat, err
	}
	conversation, err := t.openConversation(desk, chat, contact)
	if err != nil {
		return chat, err
	}
	chat.Contact, chat.Conversation = int64(contact), int64(conversation)
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

// contact finds or makes the chat's contact: by our source id, then one that
// somebody else made, by WhatsApp id or phone number.
func (t *task) contact(desk *chatwoot.Client, chat idmap.Chat, m whatsapp.Message) (chatwoot.ContactID, error) {
	found, err := desk.ContactBySource(t.ctx, t.line.Inbox, chat.SourceID)
	if err == nil {
		return found.ID, nil
	}
	if !chatwoot.IsNotFound(err) {
		return 0, err
	}
	identifier, phone := identity(chat.Aliases)
	for _, key := range []struct{ name, value string }{{"identifier", identifier}, {"phone_number", phone}} {
		if key.value == "" {
			continue
		}
		others, err := desk.FindContacts(t.ctx, key.name, key.value)
		if err != nil {
			return 0, err
		}
		if len(others) > 0 {
			return others[0].ID, desk.AddContactInbox(t.ctx, others[0].ID, t.line.Inbox, chat.SourceID)
		}
	}
	made, err := desk.CreateContact(t.ctx, chatwoot.NewContact{
		Inbox: t.line.Inbox, SourceID: chat.SourceID, Name: contactName(m, phone), Identifier: identifier, Phone: phone,
	})
	var taken *chatwoot.InvalidError
	if errors.As(err, &taken) && phone != "" {
		// A number that Chatwoot does not like must not keep the message out.
		made, err = desk.CreateContact(t.ctx, chatwoot.NewContact{
			Inbox: t.line.Inbox, SourceID: chat.SourceID, Name: contactName(m, phone), Identifier: identifier,
		})
	}
	return made.ID, err
}

// identity gives what a contact is known by: the JID by phone number if there
// is one, and that number in E.164.
func identity(aliases []string) (identifier, phone string) {
	for _, jid := range aliases {
		if strings.HasSuffix(jid, "@s.whatsapp.net") {
			return jid, "+" + jidUser(jid)
		}
	}
	if len(aliases) > 0 {
		identifier = aliases[0]
	}
	return identifier, ""
}

const maxContactName = 255

// contactName is a first name for the contact; agents may change it.
func contactName(m whatsapp.Message, phone string) string {
	name := phone
	switch {
	case m.Group:
		name = "WhatsApp group " + jidUser(m.Chat.JID)
	case !m.FromMe && m.PushName != "":
		name = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(m.PushName, "\x00", ""), ""))
	}
	if name == "" {
		name = "WhatsApp"
	}
	if runes := []rune(name); len(runes) > maxContactName {
		name = string(runes[:maxContactName])
	}
	return name
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
