package chatwoottest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// The client API: no token, the inbox identifier and the source id are the
// credential. Routes do not match a source id with a dot.

func (s *Server) publicInboxOf(c *call) (*inbox, error) {
	id := c.r.PathValue("identifier")
	i := first(s.db.inboxes, func(i *inbox) bool { return i.identifier == id })
	if i == nil {
		return nil, pageNotFound()
	}
	return i, nil
}

func (s *Server) publicLink(c *call) (*contactInbox, error) {
	i, err := s.publicInboxOf(c)
	if err != nil {
		return nil, err
	}
	source := c.r.PathValue("source")
	ci := s.db.contactInboxBySource(i.id, source)
	if ci == nil || strings.ContainsAny(source, "./") {
		return nil, pageNotFound()
	}
	return ci, s.orphaned(ci)
}

func (s *Server) publicConversationOf(c *call) (*contactInbox, *conversation, error) {
	ci, err := s.publicLink(c)
	if err != nil {
		return nil, nil, err
	}
	conv := s.db.display(s.db.contact(ci.contact).account, c.path("conversation"))
	if conv == nil || conv.contactInbox != ci.id {
		return nil, nil, pageNotFound()
	}
	return ci, conv, dies(conv.dying)
}

func (s *Server) publicInbox(c *call) (any, error) {
	i, err := s.publicInboxOf(c)
	if err != nil {
		return nil, err
	}
	return obj("identifier", i.identifier, "identity_validation_enabled", i.hmacMandatory, "name", i.name(),
		"timezone", i.settings.get("timezone"), "working_hours", workingHours(),
		"working_hours_enabled", i.settings.get("working_hours_enabled"),
		"csat_survey_enabled", i.settings.get("csat_survey_enabled"),
		"greeting_enabled", i.settings.get("greeting_enabled")), nil
}

func (s *Server) publicContactJSON(ci *contactInbox) object {
	who := s.db.contact(ci.contact)
	return obj("source_id", ci.sourceID, "pubsub_token", ci.pubsub, "id", who.id, "name", who.name,
		"email", who.email, "phone_number", who.phone)
}

func verified(i *inbox, form object) (bool, error) {
	given := str(form.get("identifier_hash"))
	if given == "" && !i.hmacMandatory {
		return false, nil
	}
	mac := hmac.New(sha256.New, []byte(i.hmacToken))
	mac.Write([]byte(str(form.get("identifier"))))
	if !hmac.Equal([]byte(given), []byte(hex.EncodeToString(mac.Sum(nil)))) {
		return false, serverError()
	}
	return true, nil
}

// publicUpsert finds or creates: by source id, else the contact by
// identifier, email or phone - unchanged - with a new row, else all new.
func (s *Server) publicUpsert(c *call) (any, error) {
	i, err := s.publicInboxOf(c)
	if err != nil {
		return nil, err
	}
	form := c.params.object
	hmacVerified, err := verified(i, form)
	if err != nil {
		return nil, err
	}
	source := str(form.get("source_id"))
	if ci := s.db.contactInboxBySource(i.id, source); ci != nil {
		return s.publicContactJSON(ci), nil
	}
	who := s.known(i.account, form)
	if who == nil {
		if who, err = s.newContact(i.account, form, c.params.files["avatar"]); err != nil {
			return nil, err
		}
		s.keepAvatar(c, who)
	}
	ci, err := s.linkContact(who, i, source, hmacVerified)
	if err != nil {
		return nil, err
	}
	return s.publicContactJSON(ci), nil
}

// known finds the contact that a form describes.
func (s *Server) known(account int, form object) *contact {
	for _, key := range []string{"identifier", "email", "phone_number"} {
		want := str(form.get(key))
		if want == "" {
			continue
		}
		who := first(s.db.contacts, func(o *contact) bool {
			have := map[string]*string{"identifier": o.identifier, "email": o.email, "phone_number": o.phone}[key]
			return o.account == account && have != nil && (*have == want || key == "email" && strings.EqualFold(*have, want))
		})
		if who != nil {
			return who
		}
	}
	return nil
}

func (s *Server) publicContact(c *call) (any, error) {
	ci, err := s.publicLink(c)
	if err != nil {
		return nil, err
	}
	return s.publicContactJSON(ci), nil
}

// publicUpdate merges the contact into one that has the email or phone it is
// given, where there is one.
func (s *Server) publicUpdate(c *call) (any, error) {
	ci, err := s.publicLink(c)
	if err != nil {
		return nil, err
	}
	form := c.params.object
	if _, err := verified(s.db.inbox(ci.inbox), form); err != nil {
		return nil, err
	}
	who := s.db.contact(ci.contact)
	before := who.updated
	if other := s.known(who.account, form); other != nil && other != who {
		s.merge(other, who)
		who = other
	}
	if err := s.applyContact(who, form, c.params.files["avatar"]); err != nil {
		return nil, err
	}
	s.keepAvatar(c, who)
	s.emitContact("contact_updated", who, []change{{"updated_at", iso(before), iso(who.updated)}})
	return s.publicContactJSON(ci), nil
}

func (s *Server) publicConversationJSON(conv *conversation) object {
	list := []object{}
	for _, m := range s.db.threads[conv.id] {
		if !m.private && m.kind != kindActivity {
			list = append(list, s.messageJSON(m))
		}
	}
	return obj("id", conv.display, "uuid", conv.uuid, "inbox_id", conv.inbox,
		"contact_last_seen_at", epoch(conv.contactSeen), "status", conv.status,
		"agent_last_seen_at", epoch(conv.agentSeen), "messages", list,
		"contact", s.contactPush(s.db.contact(conv.contact)))
}

func (s *Server) publicConversations(c *call) (any, error) {
	ci, err := s.publicLink(c)
	if err != nil {
		return nil, err
	}
	list := []object{}
	for _, conv := range s.db.conversations {
		if conv.contactInbox == ci.id && !conv.deleted {
			list = append(list, s.publicConversationJSON(conv))
		}
	}
	return list, nil
}

func (s *Server) publicStart(c *call) (any, error) {
	ci, err := s.publicLink(c)
	if err != nil {
		return nil, err
	}
	if s.db.inbox(ci.inbox).locked() {
		if last := first(reversed(s.db.conversations), func(conv *conversation) bool {
			return conv.contactInbox == ci.id && !conv.deleted
		}); last != nil {
			return s.publicConversationJSON(last), nil
		}
	}
	conv := s.newConversation(ci, statusOpen)
	conv.custom = hash(c.params.get("custom_attributes")).stored()
	s.emitConversation("conversation_created", conv, nil)
	return s.publicConversationJSON(conv), nil
}

func (s *Server) publicResolve(c *call) (any, error) {
	_, conv, err := s.publicConversationOf(c)
	if err != nil {
		return nil, err
	}
	s.changeStatus(conv, statusResolved, "Conversation was marked resolved by "+s.db.contact(conv.contact).name)
	return s.publicConversationJSON(conv), nil
}

func (s *Server) publicTyping(c *call) (any, error) {
	ci, conv, err := s.publicConversationOf(c)
	if err != nil {
		return nil, err
	}
	s.emitTyping(str(c.params.get("typing_status")) == "on", conv, sender{senderContact, ci.contact}, false)
	return nil, nil
}

// publicSeen marks every earlier message of ours read, notes included.
func (s *Server) publicSeen(c *call) (any, error) {
	_, conv, err := s.publicConversationOf(c)
	if err != nil {
		return nil, err
	}
	conv.contactSeen = s.now()
	conv.updated = conv.contactSeen
	s.frameConversation("conversation.read", conv)
	s.asJob(func() {
		for _, m := range s.db.threads[conv.id] {
			if m.kind != kindIncoming && (m.status == messageSent || m.status == messageDelivered) {
				s.setStatus(m, messageRead, nil, "status")
			}
		}
	})
	return nil, nil
}

func (s *Server) publicMessages(c *call) (any, error) {
	_, conv, err := s.publicConversationOf(c)
	if err != nil {
		return nil, err
	}
	list := []object{}
	for _, m := range selectMessages(s.db.threads[conv.id], "", c.query("before"), true) {
		list = append(list, s.messageJSON(m))
	}
	return list, nil
}

// publicPost is always incoming, with neither source id nor attributes.
func (s *Server) publicPost(c *call) (any, error) {
	_, conv, err := s.publicConversationOf(c)
	if err != nil {
		return nil, err
	}
	m, err := s.createMessage(conv, messageInput{content: optional(c.params.get("content")), kind: "incoming",
		echoID: c.params.get("echo_id"), files: c.params.files["attachments"], attributes: object{}, additional: object{}})
	if err != nil {
		return nil, err
	}
	for _, a := range m.attachments {
		c.keep(a.blob)
	}
	s.announce(conv, m)
	return s.messageJSON(m), nil
}
