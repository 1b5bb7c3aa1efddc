package contacts

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// contactUpdate is the payload of a job of the kind contact.
type contactUpdate struct {
	Name string `json:"name,omitempty"`
	// Lost are JIDs of numbers that the person has no more.
	Lost []string `json:"lost,omitempty"`
	// Follows says that the name is a group's, which WhatsApp has changed; Ask that
	// WhatsApp is to be asked what a group is called.
	Follows bool `json:"follows,omitempty"`
	Ask     bool `json:"ask,omitempty"`
	// Over says that the name takes the place of whichever stands there.
	Over bool `json:"over,omitempty"`
}

// detectUpdate is what a message tells of a contact beyond what the bridge
// gave it: a name where there was a stopgap, a number where there was a LID.
// It is pure.
func detectUpdate(chat idmap.Chat, m content.Message) (contactUpdate, bool) {
	var news contactUpdate
	if name := pushedName(m); name != "" && isPlaceholderName(chat.Name, chat) && !isPlaceholderName(name, chat) {
		news.Name = name
	}
	if m.Group {
		news.Name = groupName(m)
		news.Follows = news.Name != ""
		news.Ask = news.Name == "" && isPlaceholderName(chat.Name, chat)
	}
	identifier, _ := identity(chat)
	return news, news.Name != "" || news.Ask || identifier != chat.Identifier
}

// occasion tells two occasions apart at which the same is to be done: a group may get a
// name that it had, and is asked about again on another day.
func (u contactUpdate) occasion(m content.Message) string {
	switch {
	case u.Ask:
		return "|" + m.At.UTC().Format(time.DateOnly)
	case u.Follows, u.Over:
		return "|" + m.ID
	default:
		return ""
	}
}

// jidOf is the address of a chat that has but one.
func jidOf(chat idmap.Chat) string {
	if len(chat.Aliases) == 0 {
		return ""
	}
	return chat.Aliases[0]
}

// news are what a message tells of its contact, as far as the line wants to know it.
func (d *Directory) news(chat idmap.Chat, m content.Message) (news contactUpdate, any bool) {
	names := d.Inbox.Settings().Names
	news, any = detectUpdate(chat, withWantedName(m, names))
	if name := pushedName(m); names == lines.NamesAlways && name != "" && name != chat.Name && !isPlaceholderName(name, chat) {
		news.Name, news.Over, any = name, true, true
	}
	return news, any
}

// withWantedName is a message without the person's own name, where a line wants none.
func withWantedName(m content.Message, names string) content.Message {
	if names == lines.NamesNever {
		m.PushName = ""
	}
	return m
}

// Tells reports whether a message tells something new of its contact.
func (d *Directory) Tells(chat idmap.Chat, m content.Message) bool {
	_, any := d.news(chat, m)
	return any
}

// QueueUpdate journals what a message tells of its contact.
func (d *Directory) QueueUpdate(ctx context.Context, tx *sql.Tx, chat idmap.Chat, m content.Message) error {
	news, any := d.news(chat, m)
	if !any {
		return nil
	}
	raw, err := json.Marshal(news)
	if err != nil {
		return fmt.Errorf("queue a contact's update: %w", err)
	}
	identifier, _ := identity(chat)
	line := d.line()
	_, err = d.Journal.AppendTx(ctx, tx, journal.Entry{
		Lane: journal.LaneKey{Line: line, Chat: chat.ID, Queue: journal.Maintenance}, Kind: journal.KindContact, Payload: raw, OccurredAt: m.At,
		Dedupe: fmt.Sprintf("%s|contact|%s|%d|%s|%s", line, chat.ID, chat.Contact, identifier, news.Name) + news.occasion(m),
	})
	return err
}

// UpdateContact fills in what became known of a contact. What somebody at the
// desk has written is not overwritten, but for the name where the line has it so.
func (d *Directory) UpdateContact(ctx context.Context, j *work.Job) error {
	var news contactUpdate
	if err := json.Unmarshal(j.Payload, &news); err != nil {
		return &work.BrokenPayloadError{Err: err}
	}
	chat, err := d.IDs.Chat(ctx, d.line(), j.Chat(), j.Epoch)
	if err != nil {
		return err
	}
	news = news.wanted(d.Inbox.Settings().Names)
	client := d.Inbox.At(chatwoot.Background)
	contact, err := client.Contact(ctx, chatwoot.ContactID(chat.Contact))
	if chatwoot.IsNotFound(err) || chat.Contact == 0 {
		return j.Done(ctx, nil) // made anew with the next message
	}
	if err != nil {
		return err
	}
	if news.Ask && d.AskGroupName != nil && contact.Name == chat.Name {
		if news.Name, err = d.AskGroupName(ctx, jidOf(chat)); err != nil {
			d.Log.Info("WhatsApp does not say what a group is called; its contact keeps its name", "error", err)
		}
		news.Follows = true
	}
	update, changed := contactChange(chat, contact, news)
	if changed {
		_, err = client.UpdateContact(ctx, contact.ID, update)
	}
	var taken *chatwoot.InvalidError
	if errors.As(err, &taken) {
		err = d.settleTaken(ctx, client, &chat, contact, update, takenMost)
	}
	if err != nil {
		return err
	}
	if update.Name != nil {
		chat.Name = *update.Name
	} else if news.Over {
		chat.Name = contact.Name // as it is to be
	}
	chat.Identifier, _ = identity(chat)
	defer d.strangers.forget(chatwoot.ContactID(chat.Contact))
	return j.Done(ctx, func(ctx context.Context, tx *sql.Tx) error { return d.IDs.SetIdentity(ctx, tx, chat) })
}

// wanted is an update as a line wants it that may have changed its mind meanwhile.
func (u contactUpdate) wanted(names string) contactUpdate {
	if u.Follows || u.Ask {
		return u // a group's
	}
	if names == lines.NamesNever {
		u.Name = ""
	}
	u.Over = u.Over && names == lines.NamesAlways
	return u
}

// contactChange is what to change of a contact as it is in Chatwoot: only what
// is blank there, or still as the bridge wrote it, or goes over all, and what the person has no more. It
// is pure.
func contactChange(chat idmap.Chat, now chatwoot.Contact, news contactUpdate) (update chatwoot.ContactUpdate, changed bool) {
	ownName := now.Name == chat.Name && (news.Follows || isPlaceholderName(chat.Name, chat))
	if news.Name != "" && news.Name != now.Name && (now.Name == "" || ownName || news.Over) {
		update.Name = &news.Name
	}
	identifier, phone := identity(chat)
	before := slices.DeleteFunc(slices.Concat(chat.Former, news.Lost), func(jid string) bool { return slices.Contains(chat.Aliases, jid) })
	ours := now.Identifier == "" || slices.Contains(chat.Aliases, now.Identifier) || slices.Contains(before, now.Identifier)
	if ours && identifier != now.Identifier {
		update.Identifier = &identifier
	}
	hadIt := slices.ContainsFunc(before, func(jid string) bool { return idmap.IsNumber(jid) && now.Phone == phoneOf(jid) })
	if phone != now.Phone && (hadIt || now.Phone == "") {
		update.Phone = &phone
	}
	changed = update.Name != nil || update.Identifier != nil || update.Phone != nil
	if changed {
		update.Attributes = contactAttributes(chat)
	}
	return update, changed
}

// takenMost is how many contacts may have what is another's.
const takenMost = 3

// settleTaken deals with a number or id that another contact has. If that one is
// somebody else's it gives it up; otherwise it is the same person, and the elder
// survives, with the conversations of both. The number and the id may be two others', so
// that it is tried rounds times.
func (d *Directory) settleTaken(ctx context.Context, client *chatwoot.Client, chat *idmap.Chat, contact chatwoot.Contact, update chatwoot.ContactUpdate, rounds int) error {
	identifier, phone := identity(*chat)
	other, err := d.searchContact(ctx, client, identifier, phone)
	if err != nil {
		return err
	}
	if other.ID == 0 || other.ID == contact.ID {
		if update.Name == nil {
			return nil
		}
		_, err := client.UpdateContact(ctx, contact.ID, chatwoot.ContactUpdate{Name: update.Name})
		return err
	}
	foreign, err := d.releaseForeign(ctx, client, *chat, other)
	if err != nil {
		return err
	}
	if foreign {
		_, err := client.UpdateContact(ctx, contact.ID, update)
		var taken *chatwoot.InvalidError
		if errors.As(err, &taken) && rounds > 1 {
			return d.settleTaken(ctx, client, chat, contact, update, rounds-1)
		}
		return err
	}
	elder, younger := min(contact.ID, other.ID), max(contact.ID, other.ID)
	if err := d.mergeTwo(ctx, client, elder, younger); err != nil {
		return err
	}
	chat.Contact = int64(elder)
	return nil
}
