package chatwoottest

import (
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"
)

const (
	maxContent     = 150000
	maxShortSource = 255 // before 4.9.0
	floodLimit     = 200
	floodWindow    = time.Minute
	deletedContent = "This message was deleted"
)

var contentTypes = map[string]bool{
	"text": true, "input_text": true, "input_textarea": true, "input_email": true, "input_select": true,
	"cards": true, "form": true, "article": true, "incoming_email": true, "input_csat": true,
	"integrations": true, "sticker": true, "voice_call": true,
}

// messageInput is a message to be.
type messageInput struct {
	content     *string
	kind        string
	private     bool
	contentType string
	attributes  object
	additional  object
	sourceID    *string
	echoID      any
	files       []*blob
	voice       bool  // its sounds are voice notes
	bot         int   // sends as this agent bot
	actor       *user // nil: nobody, as with automation rules and greetings
	nobody      bool  // no sender even where it would be the contact
}

// messageForm reads the parameters of a message. content_attributes may be a
// string of JSON, as multipart bodies carry it.
func messageForm(form object, files []*blob) (messageInput, error) {
	in := messageInput{
		content: optional(form.get("content")), kind: str(form.get("message_type")),
		private: truthy(form.get("private")), contentType: str(form.get("content_type")),
		sourceID: optional(form.get("source_id")), echoID: form.get("echo_id"), files: files,
		voice: truthy(form.get("is_voice_message")), additional: object{},
	}
	if v, ok := form.lookup("template_params"); ok {
		in.additional = in.additional.set("template_params", v)
	}
	if v, ok := form.lookup("campaign_id"); ok {
		in.additional = in.additional.set("campaign_id", v)
	}
	if str(form.get("sender_type")) == senderBot {
		in.bot = number(form.get("sender_id"))
	}
	switch v := form.get("content_attributes").(type) {
	case object:
		in.attributes = v
	case string:
		parsed, err := parseJSON([]byte(v))
		if err != nil {
			return in, problem(http.StatusUnprocessableEntity, "unexpected token at '"+v+"'")
		}
		in.attributes = hash(parsed)
	default:
		in.attributes = object{}
	}
	if v, ok := form.lookup("external_created_at"); ok {
		in.attributes = in.attributes.set("external_created_at", v)
	}
	return in, nil
}

// createMessage validates and stores a message and what hangs on it; events
// are left to announce, or to the creation of the conversation.
func (s *Server) createMessage(conv *conversation, in messageInput) (*message, error) {
	m, err := s.checkMessage(conv, in)
	if err != nil {
		return nil, err
	}
	for _, b := range in.files {
		b.misses = s.db.blobMisses
		s.db.blobs[b.signed] = b
		m.attachments = append(m.attachments, &attachment{
			id: s.db.ids.attachment.next(), fileType: fileTypeOf(b.declared), voice: in.voice && fileTypeOf(b.declared) == "audio", blob: b})
	}
	s.insert(conv, m)
	conv.lastActivity = m.created
	return m, nil
}

// contactSpoke keeps when a contact was last active, the last thing that follows
// from its message.
func (s *Server) contactSpoke(m *message) {
	if m.sender.kind != senderContact {
		return
	}
	who := s.db.contact(m.sender.id)
	before := who.lastActivity
	who.lastActivity = m.created
	s.emitContact("contact_updated", who, []change{{"last_activity_at", iso(before), iso(who.lastActivity)}})
}

func (s *Server) checkMessage(conv *conversation, in messageInput) (*message, error) {
	refuse := func(text string) error { return problem(http.StatusUnprocessableEntity, text) }
	kind := kindOutgoing
	if in.kind != "" {
		for kind = 0; kind < len(kindNames) && kindNames[kind] != in.kind; {
			kind++
		}
		if kind == len(kindNames) {
			return nil, refuse(fmt.Sprintf("'%s' is not a valid message_type", in.kind))
		}
	}
	if in.contentType == "" {
		in.contentType = "text"
	}
	if !contentTypes[in.contentType] {
		return nil, refuse(fmt.Sprintf("'%s' is not a valid content_type", in.contentType))
	}
	if in.content != nil && hasNull(*in.content) || in.sourceID != nil && hasNull(*in.sourceID) {
		return nil, nullByte()
	}
	if s.flooded(conv) {
		return nil, refuse("Validation failed: Too many messages")
	}
	if in.sourceID != nil && utf8.RuneCountInString(*in.sourceID) > maxShortSource && !s.release.longSourceIDs() {
		return nil, refuse("Validation failed: Source is too long (maximum is 255 characters)")
	}
	if in.content != nil && utf8.RuneCountInString(*in.content) > maxContent {
		return nil, refuse("Validation failed: Content is too long (maximum is 150000 characters)")
	}
	m := &message{content: in.content, written: in.content, kind: kind, contentType: in.contentType, private: in.private,
		attributes: s.resolveReply(conv, in.attributes), additional: in.additional, sourceID: in.sourceID,
		echoID: in.echoID, status: messageSent}
	switch {
	case in.nobody:
	case kind == kindOutgoing && in.bot != 0:
		m.sender = sender{senderBot, in.bot}
	case kind == kindOutgoing && in.actor != nil:
		m.sender = sender{senderUser, in.actor.id}
	case kind != kindOutgoing:
		m.sender = sender{senderContact, conv.contact}
	}
	if m.content != nil && (kind == kindOutgoing || kind == kindTemplate) {
		text := renderLiquid(*m.content, s.liquidVariables(conv, in.actor))
		m.content = &text
	}
	return m, nil
}

// flooded is the guard of 200 messages a minute in one conversation. It runs
// before every validation, updates included.
func (s *Server) flooded(conv *conversation) bool {
	thread, from := s.db.threads[conv.id], s.now().Add(-floodWindow)
	return len(thread) >= floodLimit && !thread[len(thread)-floodLimit].created.Before(from)
}

// resolveReply overwrites both reply keys with what they lead to, or with
// null where they lead nowhere.
func (s *Server) resolveReply(conv *conversation, attributes object) object {
	if !s.release.keepsAttributes() {
		kept := object{}
		for _, key := range []string{"in_reply_to", "items", "automation_rule_id"} {
			if v, ok := attributes.lookup(key); ok {
				kept = kept.set(key, v)
			}
		}
		attributes = kept
	}
	id, byID := attributes.lookup("in_reply_to")
	external, byExternal := attributes.lookup("in_reply_to_external_id")
	byID, byExternal = byID && id != nil, byExternal && external != nil
	if !byID && !byExternal {
		return attributes
	}
	var target *message
	if byID {
		target = s.db.messageIn(conv, number(id))
	} else {
		// The oldest of several with the same source id is found.
		target = first(s.db.threads[conv.id], func(m *message) bool {
			return m.sourceID != nil && *m.sourceID == str(external)
		})
	}
	if target == nil {
		return attributes.set("in_reply_to", nil).set("in_reply_to_external_id", nil)
	}
	return attributes.set("in_reply_to", target.id).set("in_reply_to_external_id", target.sourceID)
}

// insert gives a message its id and its place.
func (s *Server) insert(conv *conversation, m *message) *message {
	m.id = s.db.ids.message.next()
	m.account, m.inbox, m.conversation = conv.account, conv.inbox, conv.id
	m.created = s.now()
	m.updated = m.created
	s.db.messages[m.id] = m
	s.db.threads[conv.id] = append(s.db.threads[conv.id], m)
	return m
}

// announce runs the callbacks of a new message in their order: reopening, the
// event itself, waiting and first reply, greeting.
func (s *Server) announce(conv *conversation, m *message) {
	if m.kind == kindIncoming {
		s.reopen(conv)
	}
	s.messageCreated(m)
	s.transcribe(m)
	s.followUp(conv, m, false)
	if m.kind == kindIncoming {
		s.greet(conv)
	}
	s.contactSpoke(m)
}

// transcribe is what the enterprise edition does with sounds: it stores what
// they are, then what is said in them, and announces the message each time.
func (s *Server) transcribe(m *message) {
	for _, a := range m.attachments {
		if !s.opts.Enterprise || a.fileType != "audio" || !s.release.transcribes() {
			continue
		}
		s.asJob(func() {
			if s.release.analysesAudio() {
				s.messageUpdated(m, nil)
			}
			a.spoken = "Hello"
			s.messageUpdated(m, nil)
		})
	}
}

// reopen wakes a conversation for an incoming message; pending stays, and a
// blocked contact wakes nothing.
func (s *Server) reopen(conv *conversation) {
	if s.db.contact(conv.contact).blocked || conv.status != statusResolved && conv.status != statusSnoozed {
		return
	}
	conv.snoozedUntil = time.Time{}
	s.changeStatus(conv, statusOpen, "System reopened the conversation due to a new incoming message.")
}

// followUp keeps first_reply_created_at and waiting_since, with one event when
// either changes.
func (s *Server) followUp(conv *conversation, m *message, opening bool) {
	var changes []change
	if opening {
		changes = append(changes, change{"display_id", nil, conv.display})
	}
	before := len(changes)
	human := m.kind == kindOutgoing && !m.private && m.attributes.get("automation_rule_id") == nil &&
		m.additional.get("campaign_id") == nil && (m.sender.kind == senderUser || truthy(m.attributes.get("external_echo")))
	if human && conv.firstReply.IsZero() {
		conv.firstReply = m.created
		s.frameMessage("first.reply.created", m, func() object { return s.messagePush(m, forNews) })
		changes = append(changes, change{"first_reply_created_at", nil, iso(m.created)})
	}
	switch {
	case human && !conv.waitingSince.IsZero():
		changes = append(changes, change{"waiting_since", iso(conv.waitingSince), nil})
		conv.waitingSince = time.Time{}
	case m.kind == kindIncoming && conv.waitingSince.IsZero():
		conv.waitingSince = m.created
		changes = append(changes, change{"waiting_since", nil, iso(m.created)})
	}
	if len(changes) == before {
		return
	}
	if opening {
		changes = append(changes, change{"cached_label_list", nil, ""})
		conv.labelled = true
	}
	s.emitConversation("conversation_updated", conv, s.changeConversation(conv, changes...))
}

// greet sends the inbox's greeting on the first message of a conversation.
func (s *Server) greet(conv *conversation) {
	i := s.db.inbox(conv.inbox)
	text := str(i.settings.get("greeting_message"))
	if !i.flag("greeting_enabled") || text == "" {
		return
	}
	if s.db.last(conv, func(m *message) bool { return m.kind == kindOutgoing || m.kind == kindTemplate }) != nil {
		return
	}
	s.template(conv, text, "text", object{})
}

// template sends a message of nobody's: greeting, survey, out of office.
func (s *Server) template(conv *conversation, text, contentType string, attributes object) *message {
	m, err := s.createMessage(conv, messageInput{content: &text, kind: "template", contentType: contentType,
		attributes: attributes, additional: object{}, nobody: true})
	if err != nil {
		return nil // flooded: Chatwoot's job fails and is forgotten as well
	}
	s.announce(conv, m)
	return m
}
