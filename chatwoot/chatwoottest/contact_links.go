package chatwoottest

import (
	"cmp"
	"slices"
)

func (s *Server) createContactInbox(c *call) (any, error) {
	who, err := s.contactOf(c)
	if err != nil {
		return nil, err
	}
	i := s.db.inbox(number(c.params.get("inbox_id")))
	if i == nil || i.account != c.account.id {
		return nil, notFound()
	}
	if !c.user.sees(i) {
		return nil, unauthorized()
	}
	ci, err := s.linkContact(who, i, str(c.params.get("source_id")), truthy(c.params.get("hmac_verified")))
	if err != nil {
		return nil, err
	}
	return obj("source_id", ci.sourceID, "inbox", inboxSlim(i)), nil
}

// contactableInboxes offers the latest source id of a contact in each inbox,
// or a fresh UUID where it has none.
func (s *Server) contactableInboxes(c *call) (any, error) {
	who, err := s.contactOf(c)
	if err != nil {
		return nil, err
	}
	list := []object{}
	for _, i := range s.db.inboxes {
		if i.account != c.account.id || !c.user.sees(i) {
			continue
		}
		source := newUUID()
		for _, ci := range s.db.contactInbox {
			if ci.inbox == i.id && ci.contact == who.id {
				source = ci.sourceID
			}
		}
		list = append(list, obj("inbox", inboxSlim(i), "source_id", source))
	}
	return obj("payload", list), nil
}

func (s *Server) filterContactInboxes(c *call) (any, error) {
	i := s.db.inbox(number(c.params.get("inbox_id")))
	if i == nil || i.account != c.account.id {
		return nil, notFound()
	}
	ci := s.db.contactInboxBySource(i.id, str(c.params.get("source_id")))
	if ci == nil {
		return nil, emptyNotFound()
	}
	if err := s.orphaned(ci); err != nil {
		return nil, err
	}
	return s.contactWithInboxes(s.db.contact(ci.contact)), nil
}

// orphaned is the failure of a request about a contact's place in an inbox where the
// contact is gone or going; see OrphanContact and BeginDeletion.
func (s *Server) orphaned(ci *contactInbox) error {
	who := s.db.contact(ci.contact)
	if who == nil {
		return serverError()
	}
	return dies(who.dying)
}

func (s *Server) contactConversations(c *call) (any, error) {
	who, err := s.contactOf(c)
	if err != nil {
		return nil, err
	}
	list := []object{}
	rows, err := listable(s.byActivity(func(conv *conversation) bool { return conv.contact == who.id }, c.user))
	if err != nil {
		return nil, err
	}
	for _, conv := range rows {
		list = append(list, s.conversationJSON(conv))
	}
	return obj("payload", page(list, 1, 20)), nil
}

// mergeContacts moves everything of one contact to another and destroys it.
// Attributes of the base win.
func (s *Server) mergeContacts(c *call) (any, error) {
	base := s.db.contact(number(c.params.get("base_contact_id")))
	gone := s.db.contact(number(c.params.get("mergee_contact_id")))
	if base == nil || gone == nil || base.account != c.account.id || gone.account != c.account.id {
		return nil, notFound()
	}
	if err := cmp.Or(dies(base.dying), dies(gone.dying)); err != nil {
		return nil, err
	}
	s.merge(base, gone)
	return s.contactJSON(base), nil
}

func (s *Server) merge(base, gone *contact) {
	if base == gone {
		return
	}
	s.frameContact("contact.merged", base)
	var kept, moved []*contactInbox // Postgres lists changed rows last
	for _, ci := range s.db.contactInbox {
		if ci.contact == gone.id {
			ci.contact = base.id
			moved = append(moved, ci)
		} else {
			kept = append(kept, ci)
		}
	}
	s.db.contactInbox = append(kept, moved...)
	var theirs []*conversation
	for _, conv := range s.db.conversations {
		if conv.contact == gone.id {
			conv.contact = base.id
			theirs = append(theirs, conv)
			s.frameConversation("conversation.contact_changed", conv)
		}
	}
	if base.email == nil {
		base.email = gone.email
	}
	if base.phone == nil {
		base.phone = gone.phone
	}
	if base.identifier == nil {
		base.identifier = gone.identifier
	}
	if base.name == "" {
		base.name = gone.name
	}
	base.custom = gone.custom.merge(base.custom).stored()
	base.additional = gone.additional.merge(base.additional).stored()
	before := base.updated
	base.updated = s.now()
	for _, conv := range theirs {
		s.takeOver(conv, base, gone)
	}
	s.db.contacts = slices.DeleteFunc(s.db.contacts, func(o *contact) bool { return o == gone })
	s.frameContact("contact.deleted", gone)
	s.emitContact("contact_updated", base, []change{{"updated_at", iso(before), iso(base.updated)}})
	s.touched()
}

// takeOver makes a merged contact's messages those of the other one, each of which
// is announced.
func (s *Server) takeOver(conv *conversation, base, gone *contact) {
	for _, m := range s.db.threads[conv.id] {
		if m.sender != (sender{senderContact, gone.id}) {
			continue
		}
		before := s.messageRow(m, forFrame)
		m.sender.id, m.updated = base.id, s.now()
		s.messageUpdated(m, before, "sender_id", "sender_type")
	}
}

func (s *Server) deleteContact(c *call) (any, error) {
	who, err := s.contactOf(c)
	if err != nil {
		return nil, err
	}
	s.dropContact(who)
	return nil, nil
}

func (s *Server) dropContact(who *contact) {
	s.db.contactInbox = slices.DeleteFunc(s.db.contactInbox, func(ci *contactInbox) bool { return ci.contact == who.id })
	s.orphanContact(who)
}

func (s *Server) orphanContact(who *contact) {
	for _, conv := range s.db.conversations {
		if conv.contact == who.id {
			conv.deleted = true
		}
	}
	s.db.contacts = slices.DeleteFunc(s.db.contacts, func(o *contact) bool { return o == who })
	s.frameContact("contact.deleted", who)
	s.touched()
}
