package chatwoottest

import (
	"fmt"
	"slices"
	"time"
)

// Delete deletes a message of anybody.
func (s *Server) Delete(message int) error {
	return s.withMessage(message, s.eraseMessage)
}

// Retry is the button on a message that failed.
func (s *Server) Retry(message int) error {
	return s.withMessage(message, s.retryFailed)
}

// Backdate makes a message older than it is.
func (s *Server) Backdate(id int, by time.Duration) error {
	return s.withMessage(id, func(m *message) { m.created = m.created.Add(-by) })
}

// Rewrite gives a message another text, as if it had been posted so.
func (s *Server) Rewrite(id int, text string) error {
	return s.withMessage(id, func(m *message) { m.content, m.written = &text, &text })
}

func (s *Server) withMessage(id int, do func(*message)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.db.messages[id]
	if m == nil {
		return fmt.Errorf("message %d: %w", id, ErrNotFound)
	}
	s.as(s.db.user(s.agent), func() { do(m) })
	return nil
}

// Type starts or stops the agent's typing.
func (s *Server) Type(id int, on bool) error {
	return s.withConversation(id, func(c *conversation, by *user) {
		s.emitTyping(on, c, sender{senderUser, by.id}, false)
	})
}

// Resolve closes a conversation.
func (s *Server) Resolve(id int) error { return s.SetStatus(id, statusResolved) }

// Reopen opens a conversation.
func (s *Server) Reopen(id int) error { return s.SetStatus(id, statusOpen) }

// SetStatus makes a conversation open, resolved, pending or snoozed.
func (s *Server) SetStatus(id int, status string) error {
	if !slices.Contains(conversationStatuses, status) {
		return fmt.Errorf("no status %q", status)
	}
	return s.withConversation(id, func(c *conversation, by *user) { s.setConversationStatus(c, status, by) })
}

// Assign gives a conversation to a user, 0 to nobody.
func (s *Server) Assign(id, assignee int) error {
	return s.withConversation(id, func(c *conversation, _ *user) { s.assignTo(c, assignee) })
}

// DeleteConversation removes a conversation: no webhook tells.
func (s *Server) DeleteConversation(id int) error {
	return s.withConversation(id, func(c *conversation, _ *user) { c.deleted = true })
}

func (s *Server) withConversation(id int, do func(c *conversation, agent *user)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.db.display(s.account, id)
	if c == nil {
		return fmt.Errorf("conversation %d: %w", id, ErrNotFound)
	}
	agent := s.db.user(s.agent)
	s.as(agent, func() { do(c, agent) })
	s.touched()
	return nil
}

// Block blocks a contact or lets it in again.
func (s *Server) Block(id int, blocked bool) error {
	return s.withContact(id, func(c *contact) { s.block(c, blocked) })
}

// OrphanContact deletes a contact by half: its places in inboxes stay, as when the
// deletion in the background has failed. What asks for one of these answers 500.
func (s *Server) OrphanContact(id int) error {
	return s.withContact(id, s.orphanContact)
}

// DeleteContact removes a contact with its conversations.
func (s *Server) DeleteContact(id int) error {
	return s.withContact(id, s.dropContact)
}

// MergeContacts moves everything of the second contact to the first.
func (s *Server) MergeContacts(base, gone int) error {
	return s.withContact(base, func(b *contact) {
		if g := s.db.contact(gone); g != nil {
			s.merge(b, g)
		}
	})
}

func (s *Server) withContact(id int, do func(*contact)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.db.contact(id)
	if c == nil {
		return fmt.Errorf("contact %d: %w", id, ErrNotFound)
	}
	s.as(s.db.user(s.agent), func() { do(c) })
	s.touched()
	return nil
}

// DeleteInbox removes an inbox with its conversations.
func (s *Server) DeleteInbox(id int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.db.inbox(id)
	if i == nil {
		return fmt.Errorf("inbox %d: %w", id, ErrNotFound)
	}
	s.dropInbox(i)
	return nil
}
