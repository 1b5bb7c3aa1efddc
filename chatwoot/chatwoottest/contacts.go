package chatwoottest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

var (
	e164        = regexp.MustCompile(`^\+[1-9]\d{1,14}$`)
	emailFormat = regexp.MustCompile(`^[^@\s]+@[^@\s]+$`)
	avatarTypes = []string{"image/jpeg", "image/png", "image/gif", "image/webp"}
)

const maxString = 255

// applyContact validates a form against a contact and stores it; nothing is
// stored when it is invalid. Attributes are merged, not replaced.
func (s *Server) applyContact(target *contact, form object, avatars []*blob) error {
	c := *target
	for _, m := range form {
		switch m.key {
		case "name":
			c.name = str(m.value)
		case "email":
			c.email = nil
			if e := strings.ToLower(str(m.value)); e != "" {
				c.email = &e
			}
		case "phone_number":
			c.phone = nil
			if p := str(m.value); p != "" {
				c.phone = &p
			}
		case "identifier":
			c.identifier = optional(m.value)
		case "blocked":
			c.blocked = truthy(m.value)
		case "custom_attributes":
			c.custom = c.custom.merge(hash(m.value)).stored()
		case "additional_attributes":
			c.additional = c.additional.merge(hash(m.value)).stored()
		}
	}
	if err := s.validateContact(target, &c); err != nil {
		return err
	}
	if len(avatars) > 0 {
		if !slices.Contains(avatarTypes, avatars[0].contentType) {
			return invalid("Avatar filetype not supported", "avatar")
		}
		c.avatar = avatars[0]
		s.db.blobs[c.avatar.signed] = c.avatar
	}
	c.updated = s.now()
	*target = c
	return nil
}

func (s *Server) validateContact(self, c *contact) error {
	for _, text := range []*string{&c.name, c.email, c.phone, c.identifier} {
		if text != nil && hasNull(*text) {
			return serverError()
		}
	}
	var texts, attributes []string
	refuse := func(attribute, label, why string) {
		texts = append(texts, label+" "+why)
		attributes = append(attributes, attribute)
	}
	taken := func(match func(*contact) bool) bool {
		return slices.ContainsFunc(s.db.contacts, func(o *contact) bool {
			return o != self && o.account == c.account && (o.dying == nil || o.dying.Lists == ListsShow) && match(o)
		})
	}
	if c.email != nil {
		if !emailFormat.MatchString(*c.email) {
			refuse("email", "Email", "Invalid email")
		} else if taken(func(o *contact) bool { return o.email != nil && *o.email == *c.email }) {
			refuse("email", "Email", "has already been taken")
		}
	}
	if c.identifier != nil && taken(func(o *contact) bool { return o.identifier != nil && *o.identifier == *c.identifier }) {
		refuse("identifier", "Identifier", "has already been taken")
	}
	if c.phone != nil {
		if !e164.MatchString(*c.phone) {
			refuse("phone_number", "Phone number", "should be in e164 format")
		} else if taken(func(o *contact) bool { return o.phone != nil && *o.phone == *c.phone }) {
			refuse("phone_number", "Phone number", "has already been taken")
		}
	}
	if utf8.RuneCountInString(c.name) > maxString {
		refuse("name", "Name", "is too long (maximum is 255 characters)")
	}
	if c.identifier != nil && utf8.RuneCountInString(*c.identifier) > maxString {
		refuse("identifier", "Identifier", "is too long (maximum is 255 characters)")
	}
	if texts == nil {
		return nil
	}
	return invalid(strings.Join(texts, " and "), attributes...)
}

func (s *Server) newContact(account int, form object, avatars []*blob) (*contact, error) {
	c := &contact{account: account, additional: object{}, custom: object{}, created: s.now()}
	if err := s.applyContact(c, form, avatars); err != nil {
		return nil, err
	}
	c.id = s.db.ids.contact.next()
	s.db.contacts = append(s.db.contacts, c)
	s.emitContact("contact_created", c, nil)
	return c, nil
}

func (s *Server) createContact(c *call) (any, error) {
	var target *inbox
	if id := number(c.params.get("inbox_id")); id != 0 {
		if target = s.db.inbox(id); target == nil || target.account != c.account.id {
			return nil, notFound()
		}
		if !c.user.sees(target) {
			return nil, unauthorized()
		}
	}
	source := str(c.params.get("source_id"))
	if target != nil && source != "" && s.db.contactInboxBySource(target.id, source) != nil {
		// One transaction: the contact is not kept either. A model error is
		// found before the unique index is hit.
		probe := &contact{account: c.account.id, additional: object{}, custom: object{}}
		if err := s.applyContact(probe, c.params.object, c.params.files["avatar"]); err != nil {
			return nil, err
		}
		s.db.ids.contact.next()
		s.db.ids.contactInbox.next()
		return nil, serverError()
	}
	who, err := s.newContact(c.account.id, c.params.object, c.params.files["avatar"])
	if err != nil {
		return nil, err
	}
	s.keepAvatar(c, who)
	link := obj("inbox", nil, "source_id", nil)
	if target != nil {
		ci, err := s.linkContact(who, target, source, false)
		if err != nil {
			return nil, err
		}
		link = obj("inbox", inboxRow(target), "source_id", ci.sourceID)
	}
	return obj("payload", obj("contact", s.contactWithInboxes(who), "contact_inbox", link)), nil
}

func (s *Server) keepAvatar(c *call, who *contact) {
	if who.avatar != nil {
		c.keep(who.avatar)
	}
}

// linkContact finds or creates the row that ties a contact to an inbox. On an
// API inbox the unique index of (inbox, source_id) answers 500.
func (s *Server) linkContact(who *contact, i *inbox, source string, verified bool) (*contactInbox, error) {
	if source == "" {
		source = newUUID()
	}
	if ci := s.db.contactInboxBySource(i.id, source); ci != nil {
		if ci.contact != who.id {
			s.db.ids.contactInbox.next() // a refused insert has taken its id
			return nil, serverError()
		}
		return ci, nil
	}
	ci := &contactInbox{id: s.db.ids.contactInbox.next(), contact: who.id, inbox: i.id, sourceID: source,
		hmacVerified: verified, pubsub: newToken(), created: s.now()}
	s.db.contactInbox = append(s.db.contactInbox, ci)
	return ci, nil
}

// block blocks a contact or lets it in again.
func (s *Server) block(c *contact, blocked bool) {
	if c.blocked == blocked {
		return
	}
	before := c.updated
	c.blocked, c.updated = blocked, s.now()
	s.emitContact("contact_updated", c, []change{{"updated_at", iso(before), iso(c.updated)}, {"blocked", !blocked, blocked}})
}

func (s *Server) contactOf(c *call) (*contact, error) {
	who := s.db.contact(c.path("id"))
	if who == nil || who.account != c.account.id {
		return nil, notFound()
	}
	return who, dies(who.dying)
}

func (s *Server) showContact(c *call) (any, error) {
	who, err := s.contactOf(c)
	if err != nil {
		return nil, err
	}
	return obj("payload", s.contactWithInboxes(who)), nil
}

func (s *Server) updateContact(c *call) (any, error) {
	who, err := s.contactOf(c)
	if err != nil {
		return nil, err
	}
	old := who.avatar
	before := who.updated
	if err := s.applyContact(who, c.params.object, c.params.files["avatar"]); err != nil {
		return nil, err
	}
	s.keepAvatar(c, who)
	if old != nil && old != who.avatar {
		s.purge(old)
	}
	s.emitContact("contact_updated", who, []change{{"updated_at", iso(before), iso(who.updated)}})
	return obj("payload", s.contactWithInboxes(who)), nil
}

func (s *Server) deleteAvatar(c *call) (any, error) {
	who, err := s.contactOf(c)
	if err != nil {
		return nil, err
	}
	if who.avatar != nil {
		s.purge(who.avatar)
		who.avatar = nil
	}
	return obj("payload", s.contactWithInboxes(who)), nil
}

func (s *Server) destroyContactAttributes(c *call) (any, error) {
	who, err := s.contactOf(c)
	if err != nil {
		return nil, err
	}
	keys, _ := c.params.get("custom_attributes").([]any)
	for _, k := range keys {
		who.custom = who.custom.without(str(k))
	}
	before := who.updated
	who.updated = s.now()
	s.emitContact("contact_updated", who, []change{{"updated_at", iso(before), iso(who.updated)}})
	return obj("payload", s.contactWithInboxes(who)), nil
}

func (s *Server) contactLabels(c *call) (any, error) {
	who, err := s.contactOf(c)
	if err != nil {
		return nil, err
	}
	if c.r.Method == "POST" {
		who.labels = stringList(c.params.get("labels"))
	}
	return obj("payload", labelList(who.labels)), nil
}

func stringList(v any) []string {
	items, _ := v.([]any)
	list := make([]string, 0, len(items))
	for _, item := range items {
		list = append(list, fmt.Sprint(str(item)))
	}
	return list
}
