package chatwoottest

// conversationJSON is the conversation of the application API.
func (s *Server) conversationJSON(c *conversation) object {
	who := s.db.contact(c.contact)
	meta := obj("sender", s.contactJSON(who), "channel", "Channel::Api")
	if u := s.db.user(c.assignee); u != nil {
		meta = meta.with("assignee", agentJSON(u))
		if s.release.typesAssignees() {
			meta = meta.with("assignee_type", "User")
		}
	}
	meta = meta.with("hmac_verified", s.db.contactInboxByID(c.contactInbox).hmacVerified)
	messages, lastMessage := []object{}, any(nil)
	if m := s.db.lastVisible(c); m != nil {
		push := s.messagePush(m, forAnswer)
		messages, lastMessage = append(messages, push), push
	}
	return obj("meta", meta, "id", c.display, "messages", messages, "account_id", c.account, "uuid", c.uuid,
		"additional_attributes", c.additional, "agent_last_seen_at", epoch(c.agentSeen),
		"assignee_last_seen_at", epoch(c.assigneeSeen), "can_reply", true,
		"contact_last_seen_at", epoch(c.contactSeen), "custom_attributes", c.custom, "inbox_id", c.inbox,
		"labels", labelList(c.labels), "muted", who.blocked, "snoozed_until", iso(c.snoozedUntil), "status", c.status,
		"created_at", epoch(c.created), "updated_at", precise(c.updated), "timestamp", epoch(c.lastActivity),
		"first_reply_created_at", epoch(c.firstReply), "unread_count", s.db.unread(c),
		"last_non_activity_message", lastMessage, "last_activity_at", epoch(c.lastActivity), "priority", c.priority,
		"waiting_since", epoch(c.waitingSince), "sla_policy_id", nil)
}

// conversationWebhook is the conversation inside and as a webhook.
func (s *Server) conversationWebhook(c *conversation) object {
	o := s.conversationPush(c, forWebhook)
	if s.release.namesAccount() {
		o = o.with("account", s.accountRef(c.account))
	}
	return o
}

// conversationPush is the conversation in events.
func (s *Server) conversationPush(c *conversation, to audience) object {
	messages := []object{}
	if m := s.db.lastVisible(c); m != nil {
		messages = append(messages, s.messagePush(m, to))
	}
	ci := s.db.contactInboxByID(c.contactInbox)
	var assignee, assigneeType any
	if u := s.db.user(c.assignee); u != nil {
		assignee, assigneeType = s.userPush(u, to), "User"
	}
	meta := obj("sender", s.contactPush(s.db.contact(c.contact)), "assignee", assignee)
	if s.release.typesAssignees() {
		meta = meta.with("assignee_type", assigneeType)
	}
	return obj("additional_attributes", c.additional, "can_reply", true, "channel", "Channel::Api",
		"contact_inbox", obj("id", ci.id, "contact_id", ci.contact, "inbox_id", ci.inbox, "source_id", ci.sourceID,
			"created_at", iso(ci.created), "updated_at", iso(ci.created), "hmac_verified", ci.hmacVerified,
			"pubsub_token", ci.pubsub),
		"id", c.display, "inbox_id", c.inbox, "messages", messages, "labels", labelList(c.labels),
		"meta", meta.with("team", nil, "hmac_verified", ci.hmacVerified),
		"status", c.status, "custom_attributes", c.custom, "snoozed_until", iso(c.snoozedUntil),
		"unread_count", s.db.unread(c), "first_reply_created_at", iso(c.firstReply), "priority", c.priority,
		"waiting_since", epoch(c.waitingSince), "agent_last_seen_at", epoch(c.agentSeen),
		"contact_last_seen_at", epoch(c.contactSeen), "last_activity_at", epoch(c.lastActivity),
		"timestamp", epoch(c.lastActivity), "created_at", epoch(c.created), "updated_at", precise(c.updated))
}

// messageWebhook is the top level of message_created and message_updated.
func (s *Server) messageWebhook(m *message) object {
	i := s.db.inbox(m.inbox)
	o := obj("account", s.accountRef(m.account), "additional_attributes", m.additional,
		"content_attributes", m.attributes, "content_type", m.contentType, "content", s.webhookContent(m),
		"conversation", s.conversationWebhook(s.db.conversation(m.conversation)),
		"created_at", iso(m.created), "id", m.id, "inbox", obj("id", i.id, "name", i.name()),
		"message_type", kindNames[m.kind], "private", m.private, "sender", s.senderWebhook(m.sender),
		"source_id", m.sourceID)
	if len(m.attachments) > 0 {
		o = o.with("attachments", s.attachmentsJSON(m))
	}
	return o
}

func labelList(labels []string) []string {
	if labels == nil {
		return []string{}
	}
	return labels
}
