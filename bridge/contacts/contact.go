package contacts

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// contact finds or makes the chat's contact: by our source id, then one that
// somebody else made, an agent or another bridge, by WhatsApp id or phone
// number. An error of a lookup is never taken for "there is none", unless it fails for
// this customer alone and for good.
func (d *Directory) contact(ctx context.Context, j *work.Job, client *chatwoot.Client, chat *idmap.Chat, m content.Message) error {
	found, err := client.ContactBySource(ctx, d.Inbox.Line().Inbox, chat.SourceID)
	unusable, err := d.tolerable(ctx, client, chat.ID, "source", err)
	if err == nil && !unusable {
		chat.Contact = int64(found.ID)
		return nil
	}
	if err != nil && !chatwoot.IsNotFound(err) {
		return err
	}
	if unusable && chat.Contact != 0 {
		return nil // made in an earlier attempt
	}
	other, err := d.findContact(ctx, client, *chat)
	if err != nil {
		return err
	}
	err = d.settle(ctx, client, chat, other, m)
	for range mostSources {
		if err == nil || !unusable || chatwoot.IsDown(err) {
			break
		}
		// Something that nobody can ask for has the source id.
		chat.SourceID = d.sourceID(chat.SourceID)
		err = d.settle(ctx, client, chat, other, m)
	}
	if err != nil || !unusable {
		return err
	}
	made := *chat
	made.Conversation = 0
	return j.Record(ctx, func(ctx context.Context, tx *sql.Tx) error { return d.IDs.SetContact(ctx, tx, made) })
}

// mostSources is how many other source ids are tried at once.
const mostSources = 3

// settle gives the chat the contact that was found, or makes one.
func (d *Directory) settle(ctx context.Context, client *chatwoot.Client, chat *idmap.Chat, found chatwoot.Contact, m content.Message) error {
	if found.ID != 0 {
		return d.adopt(ctx, client, chat, found)
	}
	return d.createContact(ctx, client, chat, m)
}

// findContact looks for a contact that is known by one of the chat's WhatsApp
// ids or phone numbers, the eldest if there are several. It gives the zero
// contact if there is none. One that is somebody else's gives up what it has no more.
func (d *Directory) findContact(ctx context.Context, client *chatwoot.Client, chat idmap.Chat) (chatwoot.Contact, error) {
	for _, key := range lookups(chat.Aliases) {
		found, err := client.FindContacts(ctx, key.attribute, key.value)
		if _, err = d.tolerable(ctx, client, chat.ID, key.value, err); err != nil {
			return chatwoot.Contact{}, err
		}
		if len(found) == 0 && key.attribute == "phone_number" {
			found, err = d.searchNumber(ctx, client, key.value)
			if _, err = d.tolerable(ctx, client, chat.ID, "search "+key.value, err); err != nil {
				return chatwoot.Contact{}, err
			}
		}
		slices.SortFunc(found, func(a, b chatwoot.Contact) int { return int(a.ID - b.ID) })
		for _, other := range found {
			if foreign, err := d.releaseForeign(ctx, client, chat, other); err != nil || !foreign {
				return other, err
			}
		}
	}
	return chatwoot.Contact{}, nil
}

// searchNumber finds the contact with a phone number where the filter does not.
func (d *Directory) searchNumber(ctx context.Context, client *chatwoot.Client, phone string) ([]chatwoot.Contact, error) {
	if filtered, err := d.Inbox.FindsNumbers(ctx, chatwoot.Live); err != nil || filtered {
		return nil, err
	}
	found, err := d.searchContact(ctx, client, "", phone)
	if err != nil || found.ID == 0 {
		return nil, err
	}
	return []chatwoot.Contact{found}, nil
}

// adopt gives a contact that somebody else made its place in the inbox. Its
// name stays theirs; what is blank in it is filled in later.
func (d *Directory) adopt(ctx context.Context, client *chatwoot.Client, chat *idmap.Chat, other chatwoot.Contact) error {
	if other.ID == 0 {
		return nil
	}
	chat.Contact, chat.Name, chat.Identifier = int64(other.ID), "", ""
	return client.AddContactInbox(ctx, other.ID, d.Inbox.Line().Inbox, chat.SourceID)
}

// createContact makes the chat's contact. One that Chatwoot calls taken is
// looked for once more, in the way that older releases know; what Chatwoot
// does not like of a number or id must not keep the message out.
func (d *Directory) createContact(ctx context.Context, client *chatwoot.Client, chat *idmap.Chat, m content.Message) error {
	identifier, phone := identity(*chat)
	contact := chatwoot.NewContact{
		Inbox: d.Inbox.Line().Inbox, SourceID: chat.SourceID, Name: contactName(withWantedName(m, d.Inbox.Settings().Names), phone), Identifier: identifier, Phone: phone,
		Attributes: newAttributes(*chat, m),
	}
	made, err := client.CreateContact(ctx, contact)
	var taken *chatwoot.InvalidError
	if errors.As(err, &taken) && taken.Certain {
		var other chatwoot.Contact
		other, err = d.searchContact(ctx, client, identifier, phone)
		if _, err = d.tolerable(ctx, client, chat.ID, "search", err); err != nil {
			return err
		}
		foreign, err := d.releaseForeign(ctx, client, *chat, other)
		if err != nil {
			return err
		}
		if other.ID != 0 && !foreign {
			return d.adopt(ctx, client, chat, other)
		}
		if !foreign {
			contact.Phone = ""
			if slices.Contains(taken.Attributes, "identifier") {
				contact.Identifier = ""
			}
		}
		made, err = client.CreateContact(ctx, contact)
		if err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	chat.Contact, chat.Name, chat.Identifier = int64(made.ID), contact.Name, contact.Identifier
	return nil
}

// searchContact finds the contact that has exactly this number or WhatsApp id.
func (d *Directory) searchContact(ctx context.Context, client *chatwoot.Client, identifier, phone string) (chatwoot.Contact, error) {
	for _, text := range []string{phone, identifier} {
		if text == "" {
			continue
		}
		found, err := client.SearchContacts(ctx, text)
		if err != nil {
			return chatwoot.Contact{}, err
		}
		for _, c := range found {
			if c.Phone == text || c.Identifier == text {
				return c, nil
			}
		}
	}
	return chatwoot.Contact{}, nil
}

// contactKey is one way to look a contact up.
type contactKey struct{ attribute, value string }

// lookups are the ways in which a person's contact may be known, the surest
// first.
func lookups(aliases []string) []contactKey {
	var ids, phones []contactKey
	for _, jid := range aliases {
		ids = append(ids, contactKey{"identifier", jid})
		if number, ok := strings.CutSuffix(jid, "@s.whatsapp.net"); ok {
			phones = append(phones, contactKey{"phone_number", "+" + number})
		}
	}
	for _, jid := range aliases {
		if number, ok := strings.CutSuffix(jid, "@s.whatsapp.net"); ok {
			for _, other := range content.OtherForms(number) {
				phones = append(phones, contactKey{"phone_number", "+" + other}, contactKey{"identifier", other + "@s.whatsapp.net"})
			}
		}
	}
	return append(ids, phones...)
}

// isGroup is the attribute that tells groups from people, on contact and conversation.
const isGroup = "is_group"

// newAttributes are those of a contact that is made.
func newAttributes(chat idmap.Chat, m content.Message) map[string]any {
	all := map[string]any{}
	for name, value := range contactAttributes(chat) {
		all[name] = value
	}
	if m.Group {
		all[isGroup] = true
	}
	return all
}

// contactAttributes are the WhatsApp ids, kept on the contact for people and
// for other programs.
func contactAttributes(chat idmap.Chat) map[string]string {
	attributes := map[string]string{}
	for _, jid := range slices.Backward(chat.Aliases) { // what was seen last stays
		switch _, server, _ := strings.Cut(jid, "@"); server {
		case "lid":
			attributes["whatsapp_lid"] = jid
		default:
			attributes["whatsapp_jid"] = jid
		}
	}
	if _, known := attributes["whatsapp_jid"]; !known && chat.ByLID {
		attributes["whatsapp_jid"] = ""
	}
	return attributes
}
