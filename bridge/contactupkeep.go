package bridge

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// The kinds of jobs of upkeep lanes that keep contacts.
const (
	jobContact = "contact" // a name or number became known
	jobMerge   = "merge"   // two contacts turned out to be one person
	jobJoin    = "join"    // two chats turned out to be one person, but were busy
)

// contactNews is the payload of a jobContact.
type contactNews struct {
	Name string `json:"name,omitempty"`
}

// newsOfContact is what a message tells of a contact beyond what the bridge
// gave it: a name where there was a stopgap, a number where there was a LID.
// It is pure.
func newsOfContact(chat idmap.Chat, m content.Message) (contactNews, bool) {
	var news contactNews
	if name := pushedName(m); name != "" && isStopgap(chat.Name, chat.Aliases) && !isStopgap(name, chat.Aliases) {
		news.Name = name
	}
	identifier, _ := identity(chat.Aliases)
	return news, news.Name != "" || identifier != chat.Identifier
}

// recordNews journals what a message tells of its contact.
func (t *task) recordNews(ctx context.Context, tx *sql.Tx, chat idmap.Chat, m content.Message) error {
	news, any := newsOfContact(chat, m)
	if !any {
		return nil
	}
	raw, err := json.Marshal(news)
	if err != nil {
		return fmt.Errorf("record a contact's news: %w", err)
	}
	identifier, _ := identity(chat.Aliases)
	line := string(t.line.ID)
	_, err = t.b.journal.AppendTx(ctx, tx, journal.Entry{
		Lane: journal.LaneKey{Line: line, Chat: chat.ID, Dir: journal.Upkeep}, Kind: jobContact, Payload: raw, At: m.At,
		Dedupe: fmt.Sprintf("%s|contact|%s|%d|%s|%s", line, chat.ID, chat.Contact, identifier, news.Name),
	})
	return err
}

// updateContact fills in what became known of a contact. What somebody at the
// desk has written is never overwritten.
func (t *task) updateContact() error {
	var news contactNews
	if err := json.Unmarshal(t.Payload, &news); err != nil {
		return &work.BrokenPayloadError{Err: err}
	}
	chat, err := t.b.ids.Chat(t.ctx, string(t.line.ID), t.Chat(), t.Epoch)
	if err != nil {
		return err
	}
	desk := t.desk.WithPriority(chatwoot.Upkeep)
	contact, err := desk.Contact(t.ctx, chatwoot.ContactID(chat.Contact))
	if chatwoot.IsNotFound(err) || chat.Contact == 0 {
		return t.Done(t.ctx, nil) // made anew with the next message
	}
	if err != nil {
		return err
	}
	update, changed := contactChange(chat, contact, news)
	if changed {
		_, err = desk.UpdateContact(t.ctx, contact.ID, update)
	}
	var taken *chatwoot.InvalidError
	if errors.As(err, &taken) {
		err = t.joinTaken(desk, &chat, contact, update)
	}
	if err != nil {
		return err
	}
	if update.Name != nil {
		chat.Name = *update.Name
	}
	chat.Identifier, _ = identity(chat.Aliases)
	return t.Done(t.ctx, func(ctx context.Context, tx *sql.Tx) error { return t.b.ids.SetIdentity(ctx, tx, chat) })
}

// contactChange is what to change of a contact as it is in Chatwoot: only what
// is blank there, or still as the bridge wrote it. It is pure.
func contactChange(chat idmap.Chat, now chatwoot.Contact, news contactNews) (update chatwoot.ContactUpdate, changed bool) {
	if news.Name != "" && (now.Name == "" || now.Name == chat.Name && isStopgap(chat.Name, chat.Aliases)) {
		update.Name = &news.Name
	}
	identifier, phone := identity(chat.Aliases)
	ours := now.Identifier == "" || slices.Contains(chat.Aliases, now.Identifier)
	if ours && identifier != now.Identifier {
		update.Identifier = &identifier
	}
	if phone != "" && now.Phone == "" {
		update.Phone = &phone
	}
	changed = update.Name != nil || update.Identifier != nil || update.Phone != nil
	if changed {
		update.Attributes = contactAttributes(chat.Aliases)
	}
	return update, changed
}

// joinTaken deals with a number or id that another contact has: that contact
// is the same person. The elder survives, with the conversations of both.
func (t *task) joinTaken(desk *chatwoot.Client, chat *idmap.Chat, contact chatwoot.Contact, update chatwoot.ContactUpdate) error {
	identifier, phone := identity(chat.Aliases)
	other, err := t.searchContact(desk, identifier, phone)
	if err != nil {
		return err
	}
	if other.ID == 0 || other.ID == contact.ID {
		if update.Name == nil {
			return nil
		}
		_, err := desk.UpdateContact(t.ctx, contact.ID, chatwoot.ContactUpdate{Name: update.Name})
		return err
	}
	elder, younger := min(contact.ID, other.ID), max(contact.ID, other.ID)
	if err := t.joinContacts(desk, elder, younger); err != nil {
		return err
	}
	chat.Contact = int64(elder)
	return nil
}
