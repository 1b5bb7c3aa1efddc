package presence

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/contacts"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/inbox"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

const (
	// typingEvery is the least time between two typing calls of one chat and
	// direction: composing events come many times a second.
	typingEvery = 5 * time.Second
	// timeout bounds one call.
	timeout = 10 * time.Second
)

// Session is what presence needs of WhatsApp.
type Session interface {
	Typing(ctx context.Context, to string, on bool) error
	// Online shows the line's number as online to those who look at it, or not.
	Online(ctx context.Context, on bool) error
}

// Typing shows each side that the other types.
type Typing struct {
	Inbox   *inbox.Inbox
	IDs     *idmap.Map
	Session Session
	Log     *slog.Logger
	// Background runs what must not delay the caller, until its owner stops.
	Background func(func(ctx context.Context))

	Clock func() time.Time

	mu    sync.Mutex
	shown map[string]shown // by the contact's source id

	online online
}

// Customer shows agents that a customer types.
func (p *Typing) Customer(chat content.Address, on bool) {
	p.Background(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		if !on || !p.IDs.Once(ctx, "typing/in/"+p.Inbox.LineID()+"/"+chat.JID, typingEvery) {
			return
		}
		p.note(p.showCustomer(ctx, chat))
	})
}

func (p *Typing) showCustomer(ctx context.Context, address content.Address) error {
	line := p.Inbox.LineID()
	id, known, err := p.IDs.Known(ctx, line, address.JID, address.Alt)
	if err != nil || !known {
		return err // nobody has written yet: there is no conversation to show it in
	}
	generation, err := p.IDs.Epoch(ctx, line)
	if err != nil {
		return err
	}
	chat, err := p.IDs.Chat(ctx, line, id, generation)
	if err != nil || chat.Conversation == 0 {
		return err
	}
	return p.Inbox.At(chatwoot.Status).ContactTyping(ctx, p.Inbox.Line().InboxIdentifier, chat.SourceID, chatwoot.ConversationID(chat.Conversation), true)
}

// Agent shows the customer that somebody at the desk types, or does not any more.
// Chatwoot tells it by two ways; a state that did not change is not sent.
func (p *Typing) Agent(e chatwoot.Event) {
	on := e.Kind == chatwoot.EventTypingOn
	if !p.changes(e.Conversation.SourceID, on) {
		return
	}
	show := p.online.types(e.Conversation.SourceID, on, p.Clock(), p.goOffline)
	p.Background(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		if show {
			p.note(p.Session.Online(ctx, true))
		}
		chat, err := p.IDs.ChatBySource(ctx, p.Inbox.LineID(), e.Conversation.SourceID)
		if err == nil {
			err = p.Session.Typing(ctx, contacts.Target(chat), on)
		}
		p.note(err)
	})
}

// shown is what a customer sees of an agent's typing.
type shown struct {
	on bool
	at time.Time // when typing was shown last
}

// rememberedShown bounds of how many customers that is remembered.
const rememberedShown = 1000

// changes reports whether a customer is to be shown that an agent types, or
// stopped, and remembers it.
func (p *Typing) changes(source string, on bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, before := p.Clock(), p.shown[source]
	if !on && !before.on || on && now.Sub(before.at) < typingEvery {
		return false
	}
	if p.shown == nil || len(p.shown) >= rememberedShown {
		p.shown = map[string]shown{}
	}
	if on {
		before.at = now
	}
	p.shown[source] = shown{on, before.at}
	return true
}

func (p *Typing) note(err error) {
	if err != nil {
		p.Log.Debug("typing is not shown", "error", err)
	}
}
