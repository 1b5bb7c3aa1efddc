package chatwoottest

import (
	"fmt"
	"iter"
	"slices"
	"time"
)

// WaitMessage waits until a message of the first account fits and returns it
// as it is then. The error of a wait in vain shows what was there instead.
func (s *Server) WaitMessage(timeout time.Duration, fits func(Message) bool) (Message, error) {
	return waitFor(s, timeout, "message", func(yield func(Message) bool) {
		for _, c := range s.db.conversations {
			if c.account != s.account {
				continue
			}
			for _, m := range s.db.threads[c.id] {
				if !yield(s.message(m)) {
					return
				}
			}
		}
	}, fits)
}

// WaitConversation waits until a conversation fits.
func (s *Server) WaitConversation(timeout time.Duration, fits func(Conversation) bool) (Conversation, error) {
	return waitFor(s, timeout, "conversation", func(yield func(Conversation) bool) {
		for _, c := range s.db.conversations {
			if !c.deleted && !yield(s.conversation(c)) {
				return
			}
		}
	}, fits)
}

// WaitContact waits until a contact fits.
func (s *Server) WaitContact(timeout time.Duration, fits func(Contact) bool) (Contact, error) {
	return waitFor(s, timeout, "contact", func(yield func(Contact) bool) {
		for _, c := range s.db.contacts {
			if !yield(s.contact(c)) {
				return
			}
		}
	}, fits)
}

// WaitWebhook waits until a delivery that was answered, or dropped, fits.
func (s *Server) WaitWebhook(timeout time.Duration, fits func(Delivery) bool) (Delivery, error) {
	return waitFor(s, timeout, "webhook", func(yield func(Delivery) bool) {
		for _, d := range s.hooks {
			if !yield(d) {
				return
			}
		}
	}, fits)
}

// waitFor looks at every row after every change. Rows are collected under mu;
// fits is asked without it, so that it may ask the server.
func waitFor[T any](s *Server, timeout time.Duration, what string, rows iter.Seq[T], fits func(T) bool) (T, error) {
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	for {
		s.mu.Lock()
		list, changed := slices.Collect(rows), s.changed
		s.mu.Unlock()
		if i := slices.IndexFunc(list, fits); i >= 0 {
			return list[i], nil
		}
		select {
		case <-changed:
		case <-deadline.C:
			var none T
			return none, fmt.Errorf("no such %s within %v; Chatwoot shows\n%s", what, timeout, s.View())
		}
	}
}
