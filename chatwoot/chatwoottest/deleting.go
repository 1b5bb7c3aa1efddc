package chatwoottest

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
)

// Deletion is one that Chatwoot does in the background, and has not ended: the rows
// are half there until EndDeletions, and what asks for them fails.
type Deletion struct {
	// Contact or Conversation is what is deleted, a contact with its conversations.
	Contact      int `json:"contact,omitempty"`
	Conversation int `json:"conversation,omitempty"`
	// Answer is the status of requests about it; 500 when zero.
	Answer int `json:"answer,omitempty"`
	// Lists say what lists and searches do that would show it; ListsHide when empty.
	Lists string `json:"lists,omitempty"`
}

// What lists do about rows that are being deleted.
const (
	ListsHide = "hide"
	ListsShow = "show"
	ListsFail = "fail" // the whole list, as the row cannot be rendered
)

func (d Deletion) failure() error {
	if cmp.Or(d.Answer, http.StatusInternalServerError) == http.StatusNotFound {
		return notFound()
	}
	return serverError()
}

// BeginDeletion begins one, as an agent does who presses the button.
func (s *Server) BeginDeletion(d Deletion) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	who, conv := s.db.contact(d.Contact), s.db.display(s.account, d.Conversation)
	switch {
	case who != nil:
		who.dying = &d
		for _, c := range s.db.conversations {
			if c.contact == who.id {
				c.dying = &d
			}
		}
		s.as(s.db.user(s.agent), func() { s.frameContact("contact.deleted", who) })
	case conv != nil:
		conv.dying = &d
	default:
		return fmt.Errorf("delete contact %d or conversation %d: %w", d.Contact, d.Conversation, ErrNotFound)
	}
	s.touched()
	return nil
}

// EndDeletions lets the jobs in the background come to their end.
func (s *Server) EndDeletions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.db.conversations {
		c.deleted = c.deleted || c.dying != nil
		c.dying = nil
	}
	gone := map[int]bool{}
	s.db.contacts = slices.DeleteFunc(s.db.contacts, func(c *contact) bool {
		gone[c.id] = c.dying != nil
		return c.dying != nil
	})
	s.db.contactInbox = slices.DeleteFunc(s.db.contactInbox, func(ci *contactInbox) bool { return gone[ci.contact] })
	s.touched()
}

// dies is the failure of a request about a row that is being deleted; nil for others.
func dies(d *Deletion) error {
	if d == nil {
		return nil
	}
	return d.failure()
}

// listed reports whether a list shows a row, and fails where it cannot.
func listed(d *Deletion) (bool, error) {
	switch {
	case d == nil || d.Lists == ListsShow:
		return true, nil
	case d.Lists == ListsFail:
		return false, serverError()
	}
	return false, nil
}

// listable checks the conversations that a list would show.
func listable(rows []*conversation) ([]*conversation, error) {
	var shown []*conversation
	for _, conv := range rows {
		show, err := listed(conv.dying)
		if err != nil {
			return nil, err
		}
		if show {
			shown = append(shown, conv)
		}
	}
	return shown, nil
}

func (s *Server) controlBeginDeletion(r *http.Request) (any, error) {
	var d Deletion
	if err := decodeControl(r.Body, &d); err != nil {
		return nil, err
	}
	return nil, s.BeginDeletion(d)
}

func (s *Server) controlEndDeletions(*http.Request) (any, error) {
	s.EndDeletions()
	return nil, nil
}

// BeginDeletion begins a deletion in the background; see Server.BeginDeletion.
func (c Control) BeginDeletion(ctx context.Context, d Deletion) error {
	return c.call(ctx, http.MethodPost, "/deletions", d, nil)
}

// EndDeletions ends them; see Server.EndDeletions.
func (c Control) EndDeletions(ctx context.Context) error {
	return c.call(ctx, http.MethodDelete, "/deletions", nil, nil)
}
