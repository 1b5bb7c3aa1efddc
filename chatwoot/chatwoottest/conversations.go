package chatwoottest

import (
	"encoding/json"
	"net/http"
	"slices"
	"sort"
	"time"
	"unicode/utf8"
)

const conversationsPerPage = 25

var conversationStatuses = []string{statusOpen, statusResolved, statusPending, statusSnoozed}

func (s *Server) conversationOf(c *call) (*conversation, error) {
	conv := s.db.display(c.account.id, c.path("conversation"))
	if conv == nil {
		return nil, notFound()
	}
	if !c.user.sees(s.db.inbox(conv.inbox)) {
		return nil, unauthorized()
	}
	return conv, dies(conv.dying)
}

func (s *Server) createConversation(c *call) (any, error) {
	ci, err := s.contactInboxFor(c)
	if err != nil {
		return nil, err
	}
	i := s.db.inbox(ci.inbox)
	if i.locked() {
		last := first(reversed(s.db.conversations), func(conv *conversation) bool {
			return conv.contactInbox == ci.id && !conv.deleted
		})
		if last != nil {
			if shown, err := listed(last.dying); err != nil || !shown {
				return nil, dies(last.dying)
			}
			return s.conversationJSON(last), nil
		}
	}
	status := str(c.params.get("status"))
	if status == "" {
		status = statusOpen
	}
	if !slices.Contains(conversationStatuses, status) {
		return nil, serverError()
	}
	custom := hash(c.params.get("custom_attributes"))
	if err := attributesFit(custom); err != nil {
		return nil, err
	}
	conv := s.newConversation(ci, status)
	conv.custom = custom.stored()
	conv.additional = hash(c.params.get("additional_attributes")).stored()
	if id := number(c.params.get("assignee_id")); id != 0 {
		conv.assignee = id
	}
	if form, ok := c.params.lookup("message"); ok {
		in, err := messageForm(hash(form), nil)
		if err != nil {
			return nil, err
		}
		in.actor = c.user
		m, err := s.createMessage(conv, in)
		if err != nil {
			s.db.conversations = s.db.conversations[:len(s.db.conversations)-1]
			return nil, err
		}
		s.messageCreated(m)
		s.emitConversation("conversation_created", conv, nil)
		s.followUp(conv, m, true)
		s.contactSpoke(m)
		return s.conversationJSON(conv), nil
	}
	s.emitConversation("conversation_created", conv, nil)
	return s.conversationJSON(conv), nil
}

// contactInboxFor finds or makes the row a conversation belongs to.
func (s *Server) contactInboxFor(c *call) (*contactInbox, error) {
	source := str(c.params.get("source_id"))
	inboxID, contactID := number(c.params.get("inbox_id")), number(c.params.get("contact_id"))
	if contactID == 0 || inboxID == 0 {
		// Only a source id: looked up across every inbox there is.
		ci := first(s.db.contactInbox, func(ci *contactInbox) bool { return ci.sourceID == source && source != "" })
		if ci == nil {
			return nil, notFound()
		}
		if err := s.orphaned(ci); err != nil {
			return nil, err
		}
		return ci, nil
	}
	i, who := s.db.inbox(inboxID), s.db.contact(contactID)
	if i == nil || i.account != c.account.id || who == nil || who.account != c.account.id {
		return nil, notFound()
	}
	if err := dies(who.dying); err != nil {
		return nil, err
	}
	if !c.user.sees(i) {
		return nil, unauthorized()
	}
	ci, err := s.linkContact(who, i, source, false)
	if err != nil {
		return nil, problem(http.StatusUnprocessableEntity, "source_id should be unique")
	}
	return ci, nil
}

func (s *Server) newConversation(ci *contactInbox, status string) *conversation {
	who := s.db.contact(ci.contact)
	a := s.db.account(who.account)
	a.lastDisplay++
	if who.blocked {
		status = statusResolved
	}
	now := s.now()
	conv := &conversation{
		id: s.db.ids.conversation.next(), display: a.lastDisplay, account: a.id, inbox: ci.inbox, contact: ci.contact,
		contactInbox: ci.id, uuid: newUUID(), status: status, additional: object{}, custom: object{},
		waitingSince: now, statusChanged: now, lastActivity: now, created: now, updated: now,
	}
	s.db.conversations = append(s.db.conversations, conv)
	s.touched()
	return conv
}

// attributesFit is the length rule of a conversation's own attributes; phone
// numbers have to be strings.
func attributesFit(attributes object) error {
	for _, m := range attributes {
		switch v := m.value.(type) {
		case string:
			if utf8.RuneCountInString(v) > 1500 {
				return invalid("Custom attributes "+m.key+" length should be < 1500", "custom_attributes")
			}
		case json.Number:
			if f, err := v.Float64(); err == nil && f > 9999999999 {
				return invalid("Custom attributes "+m.key+" value should be < 9999999999", "custom_attributes")
			}
		}
	}
	return nil
}

func (s *Server) showConversation(c *call) (any, error) {
	conv, err := s.conversationOf(c)
	if err != nil {
		return nil, err
	}
	return s.conversationJSON(conv), nil
}

// byActivity lists the conversations a user sees, the liveliest first.
func (s *Server) byActivity(match func(*conversation) bool, reader *user) []*conversation {
	var rows []*conversation
	for _, conv := range s.db.conversations {
		if conv.deleted || conv.account != reader.account || !reader.sees(s.db.inbox(conv.inbox)) || !match(conv) {
			continue
		}
		rows = append(rows, conv)
	}
	sort.SliceStable(rows, func(i, j int) bool { return rows[i].lastActivity.After(rows[j].lastActivity) })
	return rows
}

func (s *Server) listConversations(c *call) (any, error) {
	status := c.query("status")
	if status == "" {
		status = statusOpen
	}
	var changedAfter time.Time
	within := c.query("updated_within")
	if within != "" {
		changedAfter = since(s.now(), within)
	}
	rows := s.byActivity(func(conv *conversation) bool {
		return (c.query("inbox_id") == "" || number(c.query("inbox_id")) == conv.inbox) &&
			(c.query("source_id") == "" || c.query("source_id") == s.db.contactInboxByID(conv.contactInbox).sourceID) &&
			(status == "all" || status == conv.status) && !conv.updated.Before(changedAfter)
	}, c.user)
	rows, err := listable(rows)
	if err != nil {
		return nil, err
	}
	mine, assigned := 0, 0
	for _, conv := range rows {
		if conv.assignee == c.user.id {
			mine++
		}
		if conv.assignee != 0 {
			assigned++
		}
	}
	shown := rows
	if within == "" {
		shown = page(rows, number(c.query("page")), conversationsPerPage)
	}
	list := []object{}
	for _, conv := range shown {
		list = append(list, s.conversationJSON(conv))
	}
	return obj("data", obj("meta", obj("mine_count", mine, "assigned_count", assigned,
		"unassigned_count", len(rows)-assigned, "all_count", len(rows)), "payload", list)), nil
}

func (s *Server) deleteConversation(c *call) (any, error) {
	conv, err := s.conversationOf(c)
	if err != nil {
		return nil, err
	}
	conv.deleted = true
	s.touched()
	return nil, nil
}

// reversed is a copy, last row first.
func reversed[T any](rows []T) []T {
	out := slices.Clone(rows)
	slices.Reverse(out)
	return out
}
