package chatwoottest

import (
	"net/http"
	"slices"
)

// inboxSettings are the permitted top-level settings and their defaults.
var inboxSettings = obj(
	"name", nil, "greeting_enabled", false, "greeting_message", nil, "working_hours_enabled", false,
	"enable_email_collect", true, "csat_survey_enabled", false, "csat_config", obj(),
	"enable_auto_assignment", true, "auto_assignment_config", obj(), "out_of_office_message", nil,
	"timezone", "UTC", "allow_messages_after_resolved", true, "lock_to_single_conversation", false,
	"sender_name_type", "friendly", "business_name", nil,
)

const maxURL = 2048

func (s *Server) createInbox(c *call) (any, error) {
	channel := hash(c.params.get("channel"))
	if str(channel.get("type")) != "api" {
		return nil, missingParam("channel")
	}
	i := &inbox{
		id: s.db.ids.inbox.next(), account: c.account.id, settings: inboxSettings, additional: object{},
		hmacToken: newToken(), secret: newToken(), identifier: newToken(), created: s.now(), updated: s.now(),
	}
	i.channelID = i.id
	if err := i.apply(c.params.object); err != nil {
		return nil, err
	}
	s.db.inboxes = append(s.db.inboxes, i)
	s.inboxesChanged(i.account)
	return s.inboxJSON(i, c.user), nil
}

// apply takes over what an inbox form may set. Attributes of the channel are
// replaced whole.
func (i *inbox) apply(form object) error {
	channel := hash(form.get("channel"))
	if url, ok := channel.lookup("webhook_url"); ok {
		if len(str(url)) > maxURL {
			return invalid("Webhook url is too long (maximum is 2048 characters)", "webhook_url")
		}
		i.webhookURL = str(url)
	}
	if v, ok := channel.lookup("hmac_mandatory"); ok {
		i.hmacMandatory = truthy(v)
	}
	if v, ok := channel.lookup("additional_attributes"); ok {
		i.additional = hash(v)
	}
	for _, m := range form {
		if _, known := i.settings.lookup(m.key); !known || m.key == "auto_assignment_config" {
			continue
		}
		value := m.value
		if value == "null" {
			value = nil
		}
		i.settings = i.settings.set(m.key, value)
	}
	return nil
}

func (s *Server) inboxOf(c *call) (*inbox, error) {
	i := s.db.inbox(c.path("id"))
	if i == nil || i.account != c.account.id {
		return nil, notFound()
	}
	if !c.user.sees(i) {
		return nil, unauthorized()
	}
	return i, nil
}

func (s *Server) showInbox(c *call) (any, error) {
	i, err := s.inboxOf(c)
	if err != nil {
		return nil, err
	}
	return s.inboxJSON(i, c.user), nil
}

func (s *Server) listInboxes(c *call) (any, error) {
	list := []object{}
	for _, i := range s.db.inboxes {
		if i.account == c.account.id && c.user.sees(i) {
			list = append(list, s.inboxJSON(i, c.user))
		}
	}
	return obj("payload", list), nil
}

func (s *Server) updateInbox(c *call) (any, error) {
	i, err := s.inboxOf(c)
	if err != nil {
		return nil, err
	}
	if err := i.apply(c.params.object); err != nil {
		return nil, err
	}
	i.updated = s.now()
	s.inboxesChanged(i.account)
	return s.inboxJSON(i, c.user), nil
}

func (s *Server) deleteInbox(c *call) (any, error) {
	i, err := s.inboxOf(c)
	if err != nil {
		return nil, err
	}
	s.dropInbox(i)
	return obj("message", "Your inbox deletion request will be processed in some time."), nil
}

func (s *Server) dropInbox(i *inbox) {
	s.db.inboxes = slices.DeleteFunc(s.db.inboxes, func(o *inbox) bool { return o == i })
	for _, conv := range s.db.conversations {
		if conv.inbox == i.id {
			conv.deleted = true
		}
	}
	s.db.contactInbox = slices.DeleteFunc(s.db.contactInbox, func(ci *contactInbox) bool { return ci.inbox == i.id })
	s.asJob(func() { s.inboxesChanged(i.account) })
	s.touched()
}

func (s *Server) resetSecret(c *call) (any, error) {
	i, err := s.inboxOf(c)
	if err != nil {
		return nil, err
	}
	i.secret = newToken()
	return s.inboxJSON(i, c.user), nil
}

func (s *Server) addMembers(c *call) (any, error) {
	i := s.db.inbox(number(c.params.get("inbox_id")))
	if i == nil || i.account != c.account.id {
		return nil, notFound()
	}
	ids, _ := c.params.get("user_ids").([]any)
	for _, id := range ids {
		u := s.db.user(number(id))
		if u == nil || u.account != i.account {
			return nil, &apiError{status: http.StatusNotFound, body: obj("error", "Resource could not be found")}
		}
		if !i.member(u.id) {
			i.members = append(i.members, u.id)
		}
	}
	return s.membersJSON(i), nil
}

func (s *Server) listMembers(c *call) (any, error) {
	i := s.db.inbox(c.path("id"))
	if i == nil || i.account != c.account.id {
		return nil, notFound()
	}
	return s.membersJSON(i), nil
}

func (s *Server) membersJSON(i *inbox) object {
	list := []object{}
	for _, id := range i.members {
		list = append(list, agentJSON(s.db.user(id)))
	}
	return obj("payload", list)
}

// workingHours is the calendar a new inbox starts with.
func workingHours() []object {
	week := make([]object, 0, 7)
	for day := range 7 {
		if day == 0 || day == 6 {
			week = append(week, obj("day_of_week", day, "closed_all_day", true, "open_hour", nil, "open_minutes", nil,
				"close_hour", nil, "close_minutes", nil, "open_all_day", false))
			continue
		}
		week = append(week, obj("day_of_week", day, "closed_all_day", false, "open_hour", 9, "open_minutes", 0,
			"close_hour", 17, "close_minutes", 0, "open_all_day", false))
	}
	return week
}

// inboxJSON is the inbox as the application API shows it; the keys of its
// secrets are there for administrators only.
func (s *Server) inboxJSON(i *inbox, reader *user) object {
	o := obj("id", i.id, "avatar_url", "", "channel_id", i.channelID, "name", i.name(), "channel_type", "Channel::Api")
	copySettings := func(keys ...string) {
		for _, k := range keys {
			o = o.with(k, i.settings.get(k))
		}
	}
	copySettings("greeting_enabled", "greeting_message", "working_hours_enabled", "enable_email_collect",
		"csat_survey_enabled", "csat_config", "enable_auto_assignment", "auto_assignment_config", "out_of_office_message")
	o = o.with("working_hours", workingHours())
	copySettings("timezone")
	o = o.with("callback_webhook_url", nil)
	copySettings("allow_messages_after_resolved", "lock_to_single_conversation", "sender_name_type", "business_name")
	o = o.with("allowed_domains", nil, "widget_color", nil, "website_url", nil, "hmac_mandatory", i.hmacMandatory,
		"welcome_title", nil, "welcome_tagline", nil, "web_widget_script", nil, "website_token", nil,
		"selected_feature_flags", nil, "reply_time", nil, "messaging_service_sid", nil, "phone_number", nil)
	if reader.administrator() {
		o = o.with("hmac_token", i.hmacToken)
		if s.release.signs() {
			o = o.with("secret", i.secret)
		}
	}
	return o.with("webhook_url", i.webhookURL, "inbox_identifier", i.identifier,
		"additional_attributes", i.additional, "provider", nil)
}

// inboxSlim is the inbox inside a contact.
func inboxSlim(i *inbox) object {
	return obj("id", i.id, "avatar_url", "", "channel_id", i.channelID, "name", i.name(),
		"channel_type", "Channel::Api", "provider", nil)
}

// inboxRow is the inbox as the row it is, inside the answer to a new contact.
func inboxRow(i *inbox) object {
	o := obj("id", i.id, "channel_id", i.channelID, "account_id", i.account, "name", i.name(),
		"created_at", iso(i.created), "updated_at", iso(i.updated), "channel_type", "Channel::Api")
	for _, k := range []string{"enable_auto_assignment", "greeting_enabled", "greeting_message", "email_address",
		"working_hours_enabled", "out_of_office_message", "timezone", "enable_email_collect", "csat_survey_enabled",
		"allow_messages_after_resolved", "auto_assignment_config", "lock_to_single_conversation", "portal_id",
		"sender_name_type", "business_name", "csat_config"} {
		o = o.with(k, i.settings.get(k))
	}
	return o
}
