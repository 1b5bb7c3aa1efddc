package chatwoottest

import (
	"slices"
	"strings"
	"time"
)

// changeStatus moves a conversation: two events, one activity message.
func (s *Server) changeStatus(c *conversation, status, activity string) {
	if c.status == status {
		return
	}
	before, since := c.status, c.statusChanged
	c.status, c.statusChanged = status, s.now()
	if status == statusResolved {
		c.waitingSince = time.Time{}
	}
	changed := []change{{"status", before, status}}
	if s.release.datesStatus() {
		changed = append(changed, change{"status_changed_at", iso(since), iso(c.statusChanged)})
	}
	changes := s.changeConversation(c, changed...)
	s.emitConversation("conversation_status_changed", c, nil)
	s.activity(c, activity, obj("activity", obj("type", "conversation_status_changed", "status", status)))
	s.emitConversation("conversation_updated", c, changes)
}

// activity writes a line that only the live channel tells of.
func (s *Server) activity(c *conversation, text string, attributes object) {
	if !s.release.explainsActivity() {
		attributes = object{}
	}
	m := s.insert(c, &message{content: &text, written: &text, kind: kindActivity, contentType: "text", attributes: attributes,
		additional: object{}, status: messageSent})
	c.lastActivity = m.created
	s.messageCreated(m)
}

func (s *Server) toggleStatus(c *call) (any, error) {
	conv, err := s.conversationOf(c)
	if err != nil {
		return nil, err
	}
	status := str(c.params.get("status"))
	if status == "" {
		status = statusOpen
		if conv.status == statusOpen {
			status = statusResolved
		}
	}
	if !slices.Contains(conversationStatuses, status) {
		return nil, serverError()
	}
	s.setConversationStatus(conv, status, c.user)
	return obj("payload", obj("success", true, "conversation_id", conv.display, "current_status", conv.status,
		"snoozed_until", iso(conv.snoozedUntil))), nil
}

func (s *Server) setConversationStatus(conv *conversation, status string, by *user) {
	verb := map[string]string{statusOpen: "reopened", statusResolved: "marked resolved",
		statusPending: "marked as pending", statusSnoozed: "snoozed"}[status]
	was := conv.status
	s.changeStatus(conv, status, "Conversation was "+verb+" by "+by.name)
	if status == statusOpen && !by.administrator() && conv.assignee == 0 {
		// Chatwoot gives a conversation to the agent who reopens it.
		s.assignTo(conv, by.id)
	}
	if was != statusResolved && status == statusResolved {
		s.survey(conv)
	}
}

func (s *Server) assignTo(conv *conversation, userID int) {
	if conv.assignee == userID {
		return
	}
	var before, after any
	if conv.assignee != 0 {
		before = conv.assignee
	}
	if userID != 0 {
		after = userID
	}
	conv.assignee = userID
	changes := s.changeConversation(conv, change{"assignee_id", before, after})
	text := "Conversation unassigned"
	if u := s.db.user(userID); u != nil {
		text = "Assigned to " + u.name
	}
	s.frameConversation("assignee.changed", conv)
	s.activity(conv, text, object{})
	s.emitConversation("conversation_updated", conv, changes)
}

func (s *Server) assign(c *call) (any, error) {
	conv, err := s.conversationOf(c)
	if err != nil {
		return nil, err
	}
	id := number(c.params.get("assignee_id"))
	u := s.db.user(id)
	if id != 0 && (u == nil || u.account != conv.account) {
		return nil, notFound()
	}
	s.assignTo(conv, id)
	if u == nil {
		return htmlPage("null"), nil
	}
	return agentJSON(u), nil
}

func (s *Server) setPriority(conv *conversation, v any) {
	before := conv.priority
	conv.priority = optional(v)
	s.emitConversation("conversation_updated", conv, s.changeConversation(conv, change{"priority", before, conv.priority}))
}

func (s *Server) togglePriority(c *call) (any, error) {
	conv, err := s.conversationOf(c)
	if err != nil {
		return nil, err
	}
	s.setPriority(conv, c.params.get("priority"))
	return nil, nil
}

func (s *Server) updateConversation(c *call) (any, error) {
	conv, err := s.conversationOf(c)
	if err != nil {
		return nil, err
	}
	if v, ok := c.params.lookup("priority"); ok {
		s.setPriority(conv, v)
	}
	return s.conversationJSON(conv), nil
}

func (s *Server) toggleTyping(c *call) (any, error) {
	conv, err := s.conversationOf(c)
	if err != nil {
		return nil, err
	}
	switch str(c.params.get("typing_status")) {
	case "on":
		s.emitTyping(true, conv, sender{senderUser, c.user.id}, truthy(c.params.get("is_private")))
	case "off":
		s.emitTyping(false, conv, sender{senderUser, c.user.id}, truthy(c.params.get("is_private")))
	}
	return nil, nil
}

// agentSeen writes columns directly: no webhook tells that an agent has read.
func (s *Server) agentSeen(c *call) (any, error) {
	conv, err := s.conversationOf(c)
	if err != nil {
		return nil, err
	}
	conv.agentSeen = s.now()
	if conv.assignee == c.user.id {
		conv.assigneeSeen = conv.agentSeen
	}
	return s.conversationJSON(conv), nil
}

func (s *Server) mute(c *call) (any, error) {
	conv, err := s.conversationOf(c)
	if err != nil {
		return nil, err
	}
	s.block(s.db.contact(conv.contact), true)
	s.changeStatus(conv, statusResolved, c.user.name+" has muted the conversation")
	return nil, nil
}

func (s *Server) unmute(c *call) (any, error) {
	conv, err := s.conversationOf(c)
	if err != nil {
		return nil, err
	}
	s.block(s.db.contact(conv.contact), false)
	return nil, nil
}

func (s *Server) conversationLabels(c *call) (any, error) {
	conv, err := s.conversationOf(c)
	if err != nil {
		return nil, err
	}
	if c.r.Method == "POST" {
		before := labelList(conv.labels)
		var cached any
		if conv.labelled {
			cached = strings.Join(before, ", ")
		}
		conv.labels, conv.labelled = stringList(c.params.get("labels")), true
		changes := s.changeConversation(conv,
			change{"cached_label_list", cached, strings.Join(conv.labels, ", ")},
			change{"label_list", before, conv.labels})
		s.emitConversation("conversation_updated", conv, changes)
		s.activity(conv, c.user.name+" added "+strings.Join(conv.labels, ", "), object{})
	}
	return obj("payload", labelList(conv.labels)), nil
}

func (s *Server) setConversationAttributes(c *call) (any, error) {
	conv, err := s.conversationOf(c)
	if err != nil {
		return nil, err
	}
	next := hash(c.params.get("custom_attributes"))
	if truthy(c.params.get("merge")) {
		next = conv.custom.merge(next)
	}
	return s.storeAttributes(conv, next)
}

func (s *Server) destroyConversationAttributes(c *call) (any, error) {
	conv, err := s.conversationOf(c)
	if err != nil {
		return nil, err
	}
	next := conv.custom
	for _, k := range stringList(c.params.get("custom_attributes")) {
		next = next.without(k)
	}
	return s.storeAttributes(conv, next)
}

func (s *Server) storeAttributes(conv *conversation, next object) (any, error) {
	if err := attributesFit(next); err != nil {
		return nil, err
	}
	before := conv.custom
	conv.custom = next.stored()
	s.emitConversation("conversation_updated", conv,
		s.changeConversation(conv, change{"custom_attributes", before, conv.custom}))
	return obj("custom_attributes", conv.custom), nil
}
