package chatwoottest

import (
	"net/url"
	"regexp"
	"strings"
)

// How rows look in answers, webhooks and frames. All callers hold Server.mu.

// audience is whom a row is rendered for.
type audience int

const (
	forAnswer  audience = iota
	forWebhook          // texts are normalised
	forFrame            // of the live channel: the row as it is stored
	forNews             // the frame that announces a message, which alone repeats its echo_id
)

func (s *Server) avatarURL(c *contact) string {
	if c.avatar == nil {
		return ""
	}
	return s.representationURL(c.avatar)
}

func (s *Server) representationURL(b *blob) string {
	return s.frontendURL() + "/rails/active_storage/representations/redirect/" + b.signed + "/variation/" + pathSegment(b.name)
}

// pathSegment escapes as Rails does, which leaves these characters alone.
func pathSegment(name string) string {
	return strings.NewReplacer("%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*").Replace(url.PathEscape(name))
}

func (s *Server) dataURL(b *blob, fileType string) string {
	u := s.frontendURL() + "/rails/active_storage/blobs/redirect/" + b.signed + "/" + pathSegment(b.name)
	if fileType == "audio" && s.release.inlinesAudio() {
		u += "?disposition=inline"
	}
	return u
}

// contactJSON is the contact of the application API.
func (s *Server) contactJSON(c *contact) object {
	o := obj("additional_attributes", c.additional, "availability_status", "offline", "email", c.email, "id", c.id,
		"name", c.name, "phone_number", c.phone, "blocked", c.blocked, "identifier", c.identifier,
		"thumbnail", s.avatarURL(c), "custom_attributes", c.custom)
	if !c.lastActivity.IsZero() {
		o = o.with("last_activity_at", epoch(c.lastActivity))
	}
	return o.with("created_at", epoch(c.created))
}

// contactWithInboxes is contactJSON and the source ids it is known by.
func (s *Server) contactWithInboxes(c *contact) object {
	list := []object{}
	for _, ci := range s.db.contactInbox {
		if ci.contact == c.id {
			list = append(list, obj("source_id", ci.sourceID, "inbox", inboxSlim(s.db.inbox(ci.inbox))))
		}
	}
	return s.contactJSON(c).with("contact_inboxes", list)
}

// contactPush is the contact inside messages.
func (s *Server) contactPush(c *contact) object {
	return obj("additional_attributes", c.additional, "custom_attributes", c.custom, "email", c.email, "id", c.id,
		"identifier", c.identifier, "name", c.name, "phone_number", c.phone, "thumbnail", s.avatarURL(c),
		"blocked", c.blocked, "type", "contact")
}

// contactWebhook is the contact as the sender of a webhook.
func (s *Server) contactWebhook(c *contact) object {
	return obj("account", s.accountRef(c.account), "additional_attributes", c.additional, "avatar", s.avatarURL(c),
		"custom_attributes", c.custom, "email", c.email, "id", c.id, "identifier", c.identifier, "name", c.name,
		"phone_number", c.phone, "thumbnail", s.avatarURL(c), "blocked", c.blocked)
}

func (s *Server) accountRef(id int) object {
	a := s.db.account(id)
	return obj("id", a.id, "name", a.name)
}

func (s *Server) userPush(u *user, to audience) object {
	var availability any = "offline"
	if to >= forFrame {
		availability = s.availability(u)
	}
	return obj("id", u.id, "name", u.name, "available_name", u.name, "avatar_url", "", "type", "user",
		"availability_status", availability, "thumbnail", "")
}

// availability is known to requests with a user, and null to background jobs.
func (s *Server) availability(u *user) any {
	switch {
	case s.live.acting == nil:
		return nil
	case s.online(u):
		return "online"
	}
	return "offline"
}

func userWebhook(u *user) object {
	return obj("id", u.id, "name", u.name, "email", u.email, "type", "user")
}

// senderPush is nil where a message has no sender: the key is left out then.
func (s *Server) senderPush(from sender, to audience) any {
	switch from.kind {
	case senderUser:
		if u := s.db.user(from.id); u != nil {
			return s.userPush(u, to)
		}
	case senderContact:
		if c := s.db.contact(from.id); c != nil {
			return s.contactPush(c)
		}
	case senderBot:
		return obj("id", from.id, "name", s.botName(from.id), "avatar_url", "", "type", "agent_bot")
	}
	return nil
}

func (s *Server) senderWebhook(from sender) any {
	switch from.kind {
	case senderUser:
		if u := s.db.user(from.id); u != nil {
			return userWebhook(u)
		}
	case senderContact:
		if c := s.db.contact(from.id); c != nil {
			return s.contactWebhook(c)
		}
	case senderBot:
		return obj("id", from.id, "name", s.botName(from.id), "type", "agent_bot")
	}
	return nil
}

// attachmentsJSON lists the files of a message. Chatwoot gives no order, and
// several files an agent chose together do arrive out of it; here the last
// one always comes first, so that a client that does not sort is found out.
func (s *Server) attachmentsJSON(m *message) []object {
	list := make([]object, 0, len(m.attachments))
	for _, a := range m.attachments {
		list = append(list, s.attachmentJSON(m, a))
	}
	if m.kind == kindOutgoing && len(list) > 1 {
		n := len(list) - 1
		list = append(list[n:n+1:n+1], list[:n]...)
	}
	return list
}

func (s *Server) attachmentJSON(m *message, a *attachment) object {
	thumb := ""
	if a.fileType == "image" {
		thumb = s.representationURL(a.blob)
	}
	var extension any
	if e := extensionOf(a.blob.name); e != "" && s.release.describesFiles() {
		extension = e
	}
	o := obj("id", a.id, "message_id", m.id, "file_type", a.fileType, "account_id", m.account, "extension", extension)
	if s.release.describesFiles() {
		o = o.with("content_type", a.blob.contentType)
	}
	o = o.with("data_url", s.dataURL(a.blob, a.fileType), "thumb_url", thumb,
		"file_size", a.blob.size, "width", nil, "height", nil)
	if a.fileType == "audio" && s.release.transcribes() {
		o = o.with("transcribed_text", a.spoken)
	}
	return o
}

// messageJSON is the message of the application API.
func (s *Server) messageJSON(m *message) object {
	o := obj("id", m.id, "content", m.content, "inbox_id", m.inbox)
	if m.echoID != nil {
		o = o.with("echo_id", m.echoID)
	}
	o = o.with("conversation_id", s.db.conversation(m.conversation).display, "message_type", m.kind,
		"content_type", m.contentType, "status", m.status, "content_attributes", m.attributes,
		"created_at", epoch(m.created), "private", m.private, "source_id", m.sourceID)
	if from := s.senderPush(m.sender, forAnswer); from != nil {
		o = o.with("sender", from)
	}
	if len(m.attachments) > 0 {
		o = o.with("attachments", s.attachmentsJSON(m))
	}
	return o
}

// messageRow is a message's columns.
func (s *Server) messageRow(m *message, to audience) object {
	content, written := m.content, m.written
	if to == forWebhook {
		content, written = s.webhookContent(m), s.normalised(written)
	}
	var senderKind, senderID any
	if m.sender.kind != "" {
		senderKind, senderID = m.sender.kind, m.sender.id
	}
	return obj("id", m.id, "content", content, "account_id", m.account, "inbox_id", m.inbox,
		"conversation_id", s.db.conversation(m.conversation).display, "message_type", m.kind, "created_at", epoch(m.created),
		"updated_at", iso(m.updated), "private", m.private, "status", m.status, "source_id", m.sourceID,
		"content_type", m.contentType, "content_attributes", m.attributes, "sender_type", senderKind,
		"sender_id", senderID, "external_source_ids", obj(), "additional_attributes", m.additional,
		"processed_message_content", written, "sentiment", obj())
}

// messagePush is the message inside conversations and in frames.
func (s *Server) messagePush(m *message, to audience) object {
	conv := s.db.conversation(m.conversation)
	var assignee any
	if conv.assignee != 0 {
		assignee = conv.assignee
	}
	o := s.messageRow(m, to).with("conversation", obj("assignee_id", assignee, "unread_count", s.db.unread(conv),
		"last_activity_at", epoch(conv.lastActivity),
		"contact_inbox", obj("source_id", s.db.contactInboxByID(conv.contactInbox).sourceID)))
	if m.echoID != nil && to != forFrame {
		o = o.with("echo_id", m.echoID)
	}
	if len(m.attachments) > 0 {
		o = o.with("attachments", s.attachmentsJSON(m))
	}
	if from := s.senderPush(m.sender, to); from != nil {
		o = o.with("sender", from)
	}
	return o
}

var hardBreak = regexp.MustCompile(`\\(\r?\n)`)

// webhookContent is what a webhook says instead of the stored text.
func (s *Server) webhookContent(m *message) *string {
	if m.isSurvey() {
		text := s.surveyText(m)
		return &text
	}
	return s.normalised(m.content)
}

// normalised is a text with hard breaks without their backslash and no newlines
// at the end.
func (s *Server) normalised(content *string) *string {
	if content == nil || !s.release.stripsBreaks() {
		return content
	}
	text := hardBreak.ReplaceAllString(*content, "$1")
	if s.release.namesAccount() {
		text = strings.TrimRight(text, "\r\n")
	}
	return &text
}
