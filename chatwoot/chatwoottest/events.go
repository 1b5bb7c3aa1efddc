package chatwoottest

import (
	"slices"
	"strings"
)

// job is one delivery waiting its turn. Its payload is built when a worker
// takes it, from the rows as they are then: a late message_created may show
// later statuses.
type job struct {
	seq      int
	event    string
	inbox    *inbox          // the inbox webhook, or
	account  *accountWebhook // an account's
	message  *message        // of message events
	conv     *conversation   // of message, conversation and typing events
	build    func() object
	delivery string
	// target and secret are what they were when the job was queued: a change of
	// the webhook's address is too late for it.
	target, secret string
	fault          WebhookFault // what is wrong with it, once it was asked
	asked          bool
}

// accountWebhook is a row of the account's own webhooks.
type accountWebhook struct {
	id, account   int
	url, name     string
	secret        string
	subscriptions []string
}

// change is one entry of changed_attributes.
type change struct {
	name          string
	before, after any
}

func changedAttributes(changes []change) any {
	if changes == nil {
		return nil
	}
	list := make([]object, 0, len(changes))
	for _, c := range changes {
		list = append(list, obj(c.name, obj("previous_value", c.before, "current_value", c.after)))
	}
	return list
}

// emitMessage announces a message to webhooks; they are told of no activity.
func (s *Server) emitMessage(event string, m *message) {
	s.touched()
	if m.kind == kindActivity {
		return
	}
	s.emit(job{event: event, inbox: s.db.inbox(m.inbox), message: m, conv: s.db.conversation(m.conversation),
		build: func() object { return s.messageWebhook(m).with("event", event) }}, m.account)
}

// emitConversation announces a conversation. Created and status_changed carry
// changed_attributes: null.
func (s *Server) emitConversation(event string, c *conversation, changes []change) {
	s.touched()
	s.frameConversation(strings.Replace(event, "_", ".", 1), c)
	s.emit(job{event: event, inbox: s.db.inbox(c.inbox), conv: c, build: func() object {
		o := s.conversationWebhook(c).with("event", event)
		if event != "conversation_created" {
			o = o.with("changed_attributes", changedAttributes(changes))
		}
		return o
	}}, c.account)
}

// emitTyping announces that an agent or, through the public API, the contact
// types.
func (s *Server) emitTyping(on bool, c *conversation, by sender, private bool) {
	event := "conversation_typing_off"
	if on {
		event = "conversation_typing_on"
	}
	s.frameTyping(strings.Replace(event, "_", ".", 1), c, by, private)
	s.emit(job{event: event, inbox: s.db.inbox(c.inbox), conv: c, build: func() object {
		return obj("event", event, "user", s.senderWebhook(by), "conversation", s.conversationWebhook(c),
			"is_private", private)
	}}, c.account)
}

// emitContact announces a contact, to account webhooks and the live channel only.
func (s *Server) emitContact(event string, c *contact, changes []change) {
	s.frameContact(strings.Replace(event, "_", ".", 1), c)
	s.emit(job{event: event, build: func() object {
		o := s.contactWebhook(c).with("event", event)
		if event == "contact_updated" {
			o = o.with("changed_attributes", changedAttributes(changes))
		}
		return o
	}}, c.account)
}

// emit queues one job per receiver; the caller holds mu.
func (s *Server) emit(j job, account int) {
	inbox := j.inbox
	if inbox != nil && inbox.webhookURL != "" {
		j.target, j.secret = inbox.webhookURL, inbox.secret
		s.enqueue(j)
	}
	for _, w := range s.db.webhooks {
		if w.account == account && slices.Contains(w.subscriptions, j.event) {
			copied := j
			copied.inbox, copied.account, copied.target, copied.secret = nil, w, w.url, w.secret
			s.enqueue(copied)
		}
	}
}

// conversationChange is the updated_at entry that every change starts with
// and the rest of it, in the order of the columns.
func (s *Server) changeConversation(c *conversation, changes ...change) []change {
	before := c.updated
	c.updated = s.now()
	at := change{"updated_at", iso(before), iso(c.updated)}
	if len(changes) > 0 && (changes[0].name == "status" || changes[0].name == "assignee_id") {
		return append([]change{changes[0], at}, changes[1:]...)
	}
	return append([]change{at}, changes...)
}
