package chatwoottest

import "strconv"

func (s *Server) postMessage(c *call) (any, error) {
	conv, err := s.conversationOf(c)
	if err != nil {
		return nil, err
	}
	in, err := messageForm(c.params.object, c.params.files["attachments"])
	if err == nil {
		in.actor = c.user
		var m *message
		if m, err = s.createMessage(conv, in); err == nil {
			for _, a := range m.attachments {
				c.keep(a.blob)
			}
			s.announce(conv, m)
			return s.messageJSON(m), nil
		}
	}
	return nil, asMessageError(err)
}

func (s *Server) listMessages(c *call) (any, error) {
	conv, err := s.conversationOf(c)
	if err != nil {
		return nil, err
	}
	rows := selectMessages(s.db.threads[conv.id], c.query("after"), c.query("before"),
		c.query("filter_internal_messages") != "")
	list := []object{}
	for _, m := range rows {
		list = append(list, s.messageJSON(m))
	}
	meta := obj("labels", labelList(conv.labels), "additional_attributes", conv.additional,
		"contact", s.contactPush(s.db.contact(conv.contact)))
	if u := s.db.user(conv.assignee); u != nil {
		meta = meta.with("assignee", s.userPush(u, forAnswer))
	}
	meta = meta.with("agent_last_seen_at", iso(conv.agentSeen), "assignee_last_seen_at", iso(conv.assigneeSeen))
	return obj("meta", meta, "payload", list), nil
}

// selectMessages is the message finder: after alone excludes its id and gives
// 100, before alone gives the 20 below it, both together include after and
// give 1000.
func selectMessages(thread []*message, after, before string, public bool) []*message {
	var rows []*message
	from, err := strconv.Atoi(after)
	hasAfter := err == nil
	to, err := strconv.Atoi(before)
	hasBefore := err == nil
	for _, m := range thread {
		if public && (m.private || m.kind == kindActivity) ||
			hasBefore && m.id >= to || hasAfter && (m.id < from || !hasBefore && m.id == from) {
			continue
		}
		rows = append(rows, m)
	}
	switch {
	case hasAfter && hasBefore:
		return rows[:min(len(rows), 1000)]
	case hasAfter:
		return rows[:min(len(rows), 100)]
	default:
		return rows[max(0, len(rows)-20):]
	}
}

func (s *Server) messageOf(c *call) (*message, *conversation, error) {
	conv, err := s.conversationOf(c)
	if err != nil {
		return nil, nil, err
	}
	m := s.db.messageIn(conv, c.path("message"))
	if m == nil {
		return nil, conv, notFound()
	}
	return m, conv, nil
}

func (s *Server) patchMessage(c *call) (any, error) {
	m, conv, err := s.messageOf(c)
	if err != nil {
		return nil, err
	}
	status := str(c.params.get("status"))
	switch status {
	case messageSent, messageDelivered, messageRead, messageFailed:
	default:
		return s.messageJSON(m), nil // unknown states are ignored with 200
	}
	if m.status == messageRead && status == messageDelivered {
		return s.messageJSON(m), nil
	}
	if s.flooded(conv) {
		return nil, invalid("Too many messages", "base")
	}
	var reason *string
	if status == messageFailed {
		reason = optional(c.params.get("external_error"))
	}
	s.setStatus(m, status, reason, "conversation_id", "status")
	return s.messageJSON(m), nil
}

// setStatus stores a status and its error and announces it when anything
// changed; a second identical failure changes nothing. An earlier error stays as
// null. The caller holds mu and tells which columns its code reads.
func (s *Server) setStatus(m *message, status string, reason *string, read ...string) {
	attributes := m.attributes
	switch {
	case reason != nil:
		attributes = attributes.set("external_error", *reason)
	case attributes.has("external_error"):
		attributes = attributes.set("external_error", nil)
	}
	same := m.status == status && m.attributes.get("external_error") == attributes.get("external_error")
	if same {
		return
	}
	before := s.messageRow(m, forFrame)
	m.status, m.attributes, m.updated = status, attributes, s.now()
	s.messageUpdated(m, before, read...)
}

func (s *Server) deleteMessageRoute(c *call) (any, error) {
	m, conv, err := s.messageOf(c)
	if err != nil {
		return nil, err
	}
	if s.flooded(conv) {
		return nil, invalid("Too many messages", "base")
	}
	s.eraseMessage(m)
	return s.messageJSON(m), nil
}

// eraseMessage leaves the row and its source id and takes the rest.
func (s *Server) eraseMessage(m *message) {
	text, before := deletedContent, s.messageRow(m, forFrame)
	m.content, m.written, m.contentType, m.attributes = &text, &text, "text", obj("deleted", true)
	for _, a := range m.attachments {
		s.purge(a.blob)
	}
	m.attachments = nil
	m.updated = s.now()
	s.messageUpdated(m, before, "conversation_id", "content", "content_type", "content_attributes")
}

func (s *Server) retryMessage(c *call) (any, error) {
	conv, err := s.conversationOf(c)
	if err != nil {
		return nil, err
	}
	m := s.db.messageIn(conv, c.path("message"))
	if m == nil {
		return nil, problem(422, "Couldn't find Message with 'id'="+c.r.PathValue("message")+
			" [WHERE \"messages\".\"conversation_id\" = $1]")
	}
	s.retryFailed(m)
	return s.messageJSON(m), nil
}

// retryFailed is all that Retry does on an API inbox: the message is sent
// again by nobody, its reply reference is lost, one event tells. Releases do it
// in two steps, each with its event, whatever state the message is in.
func (s *Server) retryFailed(m *message) {
	if m.status != messageFailed && s.release.retriesFailedOnly() {
		return
	}
	before := s.messageRow(m, forFrame)
	if !s.release.retriesFailedOnly() {
		m.status, m.updated = messageSent, s.now()
		if _, failed := m.attributes.lookup("external_error"); failed {
			m.attributes = m.attributes.set("external_error", nil)
		}
		attributes := m.attributes
		s.emit(job{event: "message_updated", inbox: s.db.inbox(m.inbox), message: m, conv: s.db.conversation(m.conversation),
			build: func() object {
				return s.messageWebhook(m).set("content_attributes", attributes).with("event", "message_updated")
			}}, m.account)
		s.frameUpdate(m, before, []string{"conversation_id", "status"})
		before = s.messageRow(m, forFrame)
	}
	m.status, m.attributes, m.updated = messageSent, object{}, s.now()
	s.messageUpdated(m, before, "conversation_id", "status")
}
