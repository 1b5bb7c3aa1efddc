package chatwoottest

import (
	"encoding/json"
	"strconv"
)

// What the live channel says of each event. A change of a conversation's state is
// read again by the job that sends it, which knows nobody who caused it; all other
// events are sent as they were.

// inboxStreams are those of everybody who may see an inbox; the caller holds mu,
// as for all below.
func (s *Server) inboxStreams(i *inbox) []string {
	streams := []string{}
	for _, u := range s.db.users {
		if u.belongs(i.account) && u.sees(i) {
			streams = append(streams, u.pubsub)
		}
	}
	return streams
}

func (s *Server) userStreams(account int) []string {
	streams := []string{}
	for _, u := range s.db.users {
		if u.belongs(account) {
			streams = append(streams, u.pubsub)
		}
	}
	return streams
}

// frameMessage publishes an event of a message, with its row as it is now.
func (s *Server) frameMessage(event string, m *message, build func() object) {
	conv, i := s.db.conversation(m.conversation), s.db.inbox(m.inbox)
	if conv == nil || i == nil || !s.standing(conv) {
		return
	}
	s.publish(&frame{Frame: Frame{Event: event, Account: m.account, Inbox: m.inbox, Conversation: conv.display, Message: m.id},
		streams: s.inboxStreams(i), conv: conv, build: build}, false)
}

// messageCreated announces a message by both ways. Of activity only the live
// channel tells, from a background job.
func (s *Server) messageCreated(m *message) {
	s.emitMessage("message_created", m)
	announce := func() {
		s.frameMessage("message.created", m, func() object { return s.messagePush(m, forNews) })
	}
	if m.kind == kindActivity {
		s.asJob(announce)
		return
	}
	announce()
}

// messageUpdated announces what has become of a message since its row was before.
// Columns that the changing code has read come first in the frame.
func (s *Server) messageUpdated(m *message, before object, read ...string) {
	s.emitMessage("message_updated", m)
	s.frameUpdate(m, before, read)
}

func (s *Server) frameUpdate(m *message, before object, read []string) {
	if len(s.live.connections) == 0 {
		return // comparing costs more than all else about a status
	}
	previous := object{}
	after := s.messageRow(m, forFrame)
	for _, column := range after {
		was := before.get(column.key)
		if column.key == "updated_at" || !sameJSON(was, column.value) {
			previous = previous.with(column.key, []any{was, column.value})
		}
	}
	if before == nil {
		previous = object{} // saved again without a change
	}
	if s.release.readsContentType() {
		read = append(read[:len(read):len(read)], "content_type")
	}
	read = append(read[:len(read):len(read)], "processed_message_content")
	s.frameMessage("message.updated", m, func() object {
		return s.messagePush(m, forFrame).leading(read...).with("previous_changes", previous)
	})
}

func sameJSON(a, b any) bool {
	one, err := json.Marshal(a)
	other, err2 := json.Marshal(b)
	return err == nil && err2 == nil && string(one) == string(other)
}

// conversationEvents are the events that are sent from the row as it is then.
var conversationEvents = map[string]bool{
	"conversation.read": true, "conversation.updated": true, "conversation.status_changed": true, "assignee.changed": true,
}

func (s *Server) frameConversation(event string, c *conversation) {
	i := s.db.inbox(c.inbox)
	if i == nil || !s.standing(c) {
		return
	}
	s.publish(&frame{Frame: Frame{Event: event, Account: c.account, Inbox: c.inbox, Conversation: c.display},
		streams: s.inboxStreams(i), conv: c, build: func() object { return s.conversationPush(c, forFrame) }}, conversationEvents[event])
}

// frameTyping tells everybody but who types.
func (s *Server) frameTyping(event string, c *conversation, by sender, private bool) {
	i := s.db.inbox(c.inbox)
	if i == nil || !s.standing(c) {
		return
	}
	streams := s.inboxStreams(i)
	if u := s.db.user(by.id); by.kind == senderUser && u != nil {
		streams = without(streams, u.pubsub)
	}
	s.publish(&frame{Frame: Frame{Event: event, Account: c.account, Inbox: c.inbox, Conversation: c.display}, streams: streams, conv: c,
		build: func() object {
			return obj("conversation", s.conversationPush(c, forFrame), "user", s.senderPush(by, forFrame), "is_private", private)
		}}, false)
}

func without(list []string, gone string) []string {
	kept := []string{}
	for _, one := range list {
		if one != gone {
			kept = append(kept, one)
		}
	}
	return kept
}

// frameContact tells the whole account.
func (s *Server) frameContact(event string, c *contact) {
	s.publish(&frame{Frame: Frame{Event: event, Account: c.account}, streams: []string{accountStream(c.account)},
		build: func() object { return s.contactPush(c) }}, false)
}

// inboxesChanged tells clients to read an account's inboxes again.
func (s *Server) inboxesChanged(account int) {
	const never = "0000000000"
	keys := obj("label", never, "inbox", strconv.FormatInt(s.now().Unix(), 10), "team", never)
	s.publish(&frame{Frame: Frame{Event: "account.cache_invalidated", Account: account}, streams: s.userStreams(account),
		build: func() object { return obj("cache_keys", keys) }}, false)
}
