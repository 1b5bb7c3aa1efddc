package contacts

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// NoteChange journals that somebody has renamed, merged or deleted a contact in
// Chatwoot, if it is one of the line's and not as the bridge knows it. What the
// event says is not believed: two Chatwoots on one Redis hear each other's.
func (d *Directory) NoteChange(ctx context.Context, e chatwoot.Event) error {
	d.merging.RLock()
	defer d.merging.RUnlock()
	if e.Kind == chatwoot.EventContactChanged {
		return d.noteMoved(ctx, e)
	}
	contact := e.Contact.ID
	if contact == 0 || d.strangers.has(contact) {
		return nil
	}
	d.strangers.note(contact) // before the look: who makes it the line's forgets that after
	chats, err := d.IDs.ChatsOfContact(ctx, d.line(), int64(contact))
	if err != nil || len(chats) > 0 {
		d.strangers.forget(contact)
	}
	if err != nil {
		return err
	}
	for _, chat := range chats {
		renamed := chat.Name != "" && e.Contact.Name != chat.Name
		if e.Kind == chatwoot.EventContactUpdated && !renamed {
			continue // it is told with each of the customer's messages
		}
		if err := d.queueRecheck(ctx, e, chat.ID, int64(contact)); err != nil {
			return err
		}
	}
	return nil
}

// noteMoved looks at a conversation that has got another contact.
func (d *Directory) noteMoved(ctx context.Context, e chatwoot.Event) error {
	chat, err := d.IDs.ChatByConversation(ctx, d.line(), int64(e.Conversation.ID))
	if err != nil {
		return idmap.IgnoreUnknown(err)
	}
	if chat.Contact == int64(e.Conversation.ContactID) {
		return nil
	}
	return d.queueRecheck(ctx, e, chat.ID, chat.Contact)
}

// queueRecheck is called while no merge can move the chat away.
func (d *Directory) queueRecheck(ctx context.Context, e chatwoot.Event, chat string, contact int64) error {
	now := d.Clock()
	_, err := d.Journal.Append(ctx, journal.Entry{
		Lane: journal.LaneKey{Line: d.line(), Chat: chat, Queue: journal.Maintenance}, Kind: journal.KindRecheck, Payload: []byte("{}"), OccurredAt: now,
		Dedupe: fmt.Sprintf("%s|recheck|%s|%d|%s|%d", d.line(), chat, contact, e.Kind, now.Unix()),
	})
	return err
}

// RecheckContact asks Chatwoot what became of a chat's contact. One that is gone
// was merged into another, which has the conversation now, or deleted: then the
// next message makes a new one at once. One that somebody at the desk has renamed
// keeps that name.
func (d *Directory) RecheckContact(ctx context.Context, j *work.Job) error {
	chat, err := d.IDs.Chat(ctx, d.line(), j.Chat(), j.Epoch)
	if err != nil {
		return err
	}
	client, asked := d.Inbox.At(chatwoot.Background), chat
	if chat.Contact == 0 {
		return j.Done(ctx, nil)
	}
	contact, err := client.Contact(ctx, chatwoot.ContactID(chat.Contact))
	switch {
	case chatwoot.IsNotFound(err):
		if chat.Contact, err = d.survivor(ctx, client, chat); err != nil {
			return err
		}
		if chat.Contact == 0 {
			if err := d.Inbox.Exists(ctx, client); err != nil {
				return err
			}
			chat.Conversation = 0
		}
	case err != nil:
		return err
	case contact.Name != chat.Name:
		chat.Name = ""
	}
	defer d.strangers.forget(chatwoot.ContactID(chat.Contact))
	return j.Done(ctx, func(ctx context.Context, tx *sql.Tx) error { return d.IDs.SwapContact(ctx, tx, asked, chat) })
}

// survivor is the contact that has a chat's conversation now, or 0.
func (d *Directory) survivor(ctx context.Context, client *chatwoot.Client, chat idmap.Chat) (int64, error) {
	if chat.Conversation == 0 {
		return 0, nil
	}
	conversation, err := client.Conversation(ctx, chatwoot.ConversationID(chat.Conversation))
	if chatwoot.IsNotFound(err) {
		return 0, nil
	}
	return int64(conversation.ContactID), err
}

// rememberedStrangers bounds what strangers remembers.
const rememberedStrangers = 4096

// strangers are contacts that lately were none of the line's: an account tells of
// every one of its contacts.
type strangers struct {
	mu    sync.Mutex
	known map[chatwoot.ContactID]bool
}

func (s *strangers) has(id chatwoot.ContactID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known[id]
}

func (s *strangers) note(id chatwoot.ContactID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || len(s.known) >= rememberedStrangers {
		s.known = map[chatwoot.ContactID]bool{}
	}
	s.known[id] = true
}

// forget is called when the line gets a contact.
func (s *strangers) forget(id chatwoot.ContactID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, id)
}
