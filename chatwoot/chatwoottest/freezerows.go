package chatwoottest

import (
	"maps"
	"time"
)

// The larger rows, frozen; see freeze.go.

type frozenInbox struct {
	ID            int       `json:"id"`
	ChannelID     int       `json:"channel_id"`
	Account       int       `json:"account"`
	Settings      object    `json:"settings"`
	WebhookURL    string    `json:"webhook_url"`
	HMACMandatory bool      `json:"hmac_mandatory,omitempty"`
	HMACToken     string    `json:"hmac_token"`
	Secret        string    `json:"secret"`
	Identifier    string    `json:"identifier"`
	Additional    object    `json:"additional"`
	Members       []int     `json:"members,omitempty"`
	Created       time.Time `json:"created"`
	Updated       time.Time `json:"updated"`
}

func freezeInbox(i *inbox) frozenInbox {
	return frozenInbox{i.id, i.channelID, i.account, i.settings, i.webhookURL, i.hmacMandatory, i.hmacToken, i.secret, i.identifier, i.additional,
		i.members, i.created, i.updated}
}

func (f frozenInbox) thaw() *inbox {
	return &inbox{id: f.ID, channelID: f.ChannelID, account: f.Account, settings: f.Settings, webhookURL: f.WebhookURL, hmacMandatory: f.HMACMandatory,
		hmacToken: f.HMACToken, secret: f.Secret, identifier: f.Identifier, additional: f.Additional, members: f.Members, created: f.Created, updated: f.Updated}
}

type frozenContact struct {
	ID           int       `json:"id"`
	Account      int       `json:"account"`
	Name         string    `json:"name"`
	Email        *string   `json:"email,omitempty"`
	Phone        *string   `json:"phone,omitempty"`
	Identifier   *string   `json:"identifier,omitempty"`
	Blocked      bool      `json:"blocked,omitempty"`
	Avatar       string    `json:"avatar,omitempty"`
	Additional   object    `json:"additional"`
	Custom       object    `json:"custom"`
	Labels       []string  `json:"labels,omitempty"`
	LastActivity time.Time `json:"last_activity"`
	Created      time.Time `json:"created"`
	Updated      time.Time `json:"updated"`
}

func freezeContact(c *contact) frozenContact {
	avatar := ""
	if c.avatar != nil {
		avatar = c.avatar.signed
	}
	return frozenContact{c.id, c.account, c.name, c.email, c.phone, c.identifier, c.blocked, avatar, c.additional, c.custom, c.labels,
		c.lastActivity, c.created, c.updated}
}

func (f frozenContact) thaw(blobs map[string]*blob) *contact {
	return &contact{id: f.ID, account: f.Account, name: f.Name, email: f.Email, phone: f.Phone, identifier: f.Identifier, blocked: f.Blocked,
		avatar: blobs[f.Avatar], additional: f.Additional, custom: f.Custom, labels: f.Labels, lastActivity: f.LastActivity, created: f.Created, updated: f.Updated}
}

type frozenConversation struct {
	ID           int                  `json:"id"`
	Display      int                  `json:"display"`
	Account      int                  `json:"account"`
	Inbox        int                  `json:"inbox"`
	Contact      int                  `json:"contact"`
	ContactInbox int                  `json:"contact_inbox"`
	UUID         string               `json:"uuid"`
	Status       string               `json:"status"`
	Assignee     int                  `json:"assignee,omitempty"`
	Priority     *string              `json:"priority,omitempty"`
	Additional   object               `json:"additional"`
	Custom       object               `json:"custom"`
	Labels       []string             `json:"labels,omitempty"`
	Labelled     bool                 `json:"labelled,omitempty"`
	Deleted      bool                 `json:"deleted,omitempty"`
	CSATSent     bool                 `json:"csat_sent,omitempty"`
	Times        map[string]time.Time `json:"times"` // those that are set
}

// times are a conversation's, by the names they have in a document.
func (c *conversation) times() map[string]*time.Time {
	return map[string]*time.Time{
		"snoozed_until": &c.snoozedUntil, "first_reply": &c.firstReply, "waiting_since": &c.waitingSince, "agent_seen": &c.agentSeen,
		"assignee_seen": &c.assigneeSeen, "contact_seen": &c.contactSeen, "status_changed": &c.statusChanged, "last_activity": &c.lastActivity,
		"created": &c.created, "updated": &c.updated,
	}
}

func freezeConversation(c *conversation) frozenConversation {
	times := map[string]time.Time{}
	for name, at := range c.times() {
		times[name] = *at
	}
	maps.DeleteFunc(times, func(_ string, at time.Time) bool { return at.IsZero() })
	return frozenConversation{c.id, c.display, c.account, c.inbox, c.contact, c.contactInbox, c.uuid, c.status, c.assignee, c.priority, c.additional,
		c.custom, c.labels, c.labelled, c.deleted, c.csatSent, times}
}

func (f frozenConversation) thaw() *conversation {
	c := &conversation{id: f.ID, display: f.Display, account: f.Account, inbox: f.Inbox, contact: f.Contact, contactInbox: f.ContactInbox, uuid: f.UUID,
		status: f.Status, assignee: f.Assignee, priority: f.Priority, additional: f.Additional, custom: f.Custom, labels: f.Labels, labelled: f.Labelled,
		deleted: f.Deleted, csatSent: f.CSATSent}
	for name, at := range c.times() {
		*at = f.Times[name]
	}
	return c
}

type frozenMessage struct {
	ID           int                `json:"id"`
	Account      int                `json:"account"`
	Inbox        int                `json:"inbox"`
	Conversation int                `json:"conversation"`
	Content      *string            `json:"content,omitempty"`
	Written      *string            `json:"written,omitempty"`
	Kind         int                `json:"kind"`
	ContentType  string             `json:"content_type"`
	Attributes   object             `json:"attributes"`
	Additional   object             `json:"additional"`
	Status       string             `json:"status"`
	Private      bool               `json:"private,omitempty"`
	SourceID     *string            `json:"source_id,omitempty"`
	EchoID       any                `json:"echo_id,omitempty"`
	SenderKind   string             `json:"sender_kind,omitempty"`
	SenderID     int                `json:"sender_id,omitempty"`
	Attachments  []frozenAttachment `json:"attachments,omitempty"`
	Created      time.Time          `json:"created"`
	Updated      time.Time          `json:"updated"`
}

type frozenAttachment struct {
	ID       int    `json:"id"`
	FileType string `json:"file_type"`
	Voice    bool   `json:"voice,omitempty"`
	Spoken   string `json:"spoken,omitempty"`
	File     string `json:"file,omitempty"`
}

func freezeMessage(m *message) frozenMessage {
	var attachments []frozenAttachment
	for _, a := range m.attachments {
		attachments = append(attachments, frozenAttachment{a.id, a.fileType, a.voice, a.spoken, a.blob.signed})
	}
	return frozenMessage{m.id, m.account, m.inbox, m.conversation, m.content, m.written, m.kind, m.contentType, m.attributes, m.additional, m.status,
		m.private, m.sourceID, m.echoID, m.sender.kind, m.sender.id, attachments, m.created, m.updated}
}

func (f frozenMessage) thaw(blobs map[string]*blob) *message {
	m := &message{id: f.ID, account: f.Account, inbox: f.Inbox, conversation: f.Conversation, content: f.Content, written: f.Written, kind: f.Kind,
		contentType: f.ContentType, attributes: f.Attributes, additional: f.Additional, status: f.Status, private: f.Private, sourceID: f.SourceID,
		echoID: f.EchoID, sender: sender{f.SenderKind, f.SenderID}, created: f.Created, updated: f.Updated}
	for _, a := range f.Attachments {
		m.attachments = append(m.attachments, &attachment{id: a.ID, fileType: a.FileType, voice: a.Voice, spoken: a.Spoken, blob: blobs[a.File]})
	}
	return m
}
