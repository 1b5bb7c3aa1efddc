package chatwoottest

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"
)

// Message is a message as it was when it was asked for.
type Message struct {
	ID           int            `json:"id"`
	Conversation int            `json:"conversation"`
	Inbox        int            `json:"inbox"`
	Kind         string         `json:"kind"` // incoming, outgoing, activity or template
	ContentType  string         `json:"content_type"`
	Text         string         `json:"text,omitempty"`
	Sender       string         `json:"sender,omitempty"`      // name; "" for nobody
	SenderKind   string         `json:"sender_kind,omitempty"` // User, Contact or AgentBot
	Private      bool           `json:"private,omitempty"`
	Deleted      bool           `json:"deleted,omitempty"`
	Echo         bool           `json:"echo,omitempty"` // typed on the own phone
	Status       string         `json:"status"`         // sent, delivered, read or failed
	Reason       string         `json:"reason,omitempty"`
	SourceID     string         `json:"source_id,omitempty"`
	ReplyTo      int            `json:"reply_to,omitempty"` // the message it quotes
	Attributes   map[string]any `json:"attributes,omitempty"`
	Files        []File         `json:"files,omitempty"` // in the order they were sent
	Created      time.Time      `json:"created"`
}

// File is a file of a message.
type File struct {
	ID          int    `json:"id"`
	Name        string `json:"name"`
	Type        string `json:"type"`            // Chatwoot's file_type: image, audio, video or file
	ContentType string `json:"content_type"`    // as Chatwoot finds it
	Declared    string `json:"declared"`        // as the uploader said
	Voice       bool   `json:"voice,omitempty"` // posted with is_voice_message
	Size        int64  `json:"size"`
	SHA256      string `json:"sha256"`
	URL         string `json:"url"`
	path        string
}

// Bytes reads the file, which is gone once its message is deleted.
func (f File) Bytes() ([]byte, error) {
	raw, err := os.ReadFile(f.path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.Name, err)
	}
	return raw, nil
}

// Conversation is a conversation as it was when it was asked for.
type Conversation struct {
	ID         int            `json:"id"` // the number in every URL
	Account    int            `json:"account"`
	Inbox      int            `json:"inbox"`
	Contact    int            `json:"contact"`
	Name       string         `json:"name"` // of the contact
	SourceID   string         `json:"source_id"`
	Status     string         `json:"status"`
	Assignee   int            `json:"assignee,omitempty"`
	Labels     []string       `json:"labels,omitempty"`
	Attributes map[string]any `json:"attributes,omitempty"`
	Messages   int            `json:"messages"`
	Unread     int            `json:"unread"`
}

// Contact is a contact as it was when it was asked for.
type Contact struct {
	ID         int            `json:"id"`
	Name       string         `json:"name"`
	Phone      string         `json:"phone,omitempty"`
	Identifier string         `json:"identifier,omitempty"`
	Email      string         `json:"email,omitempty"`
	Blocked    bool           `json:"blocked,omitempty"`
	Avatar     string         `json:"avatar,omitempty"` // SHA-256 of the picture
	SourceIDs  []string       `json:"source_ids,omitempty"`
	Attributes map[string]any `json:"attributes,omitempty"` // custom attributes
}

// Inbox is an API inbox as it was when it was asked for.
type Inbox struct {
	ID         int    `json:"id"`
	Account    int    `json:"account"`
	Name       string `json:"name"`
	WebhookURL string `json:"webhook_url"`
	Secret     string `json:"secret"`
	Identifier string `json:"identifier"`
}

// Messages lists the messages of a conversation, the oldest first.
func (s *Server) Messages(conversation int) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	conv := s.db.display(s.account, conversation)
	if conv == nil {
		return nil
	}
	list := make([]Message, 0, len(s.db.threads[conv.id]))
	for _, m := range s.db.threads[conv.id] {
		list = append(list, s.message(m))
	}
	return list
}

// Message finds one message.
func (s *Server) Message(id int) (Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.db.messages[id]
	if m == nil {
		return Message{}, false
	}
	return s.message(m), true
}

// Conversations lists what is not deleted, the oldest first.
func (s *Server) Conversations() []Conversation {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Conversation{}
	for _, c := range s.db.conversations {
		if !c.deleted {
			list = append(list, s.conversation(c))
		}
	}
	return list
}

// Contacts lists every contact, the oldest first.
func (s *Server) Contacts() []Contact {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Contact{}
	for _, c := range s.db.contacts {
		list = append(list, s.contact(c))
	}
	return list
}

// Inboxes lists every inbox, the oldest first.
func (s *Server) Inboxes() []Inbox {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Inbox{}
	for _, i := range s.db.inboxes {
		list = append(list, Inbox{ID: i.id, Account: i.account, Name: i.name(), WebhookURL: i.webhookURL,
			Secret: i.secret, Identifier: i.identifier})
	}
	return list
}

// message takes a picture of a row; the caller holds mu, as for those below.
func (s *Server) message(m *message) Message {
	out := Message{
		ID: m.id, Inbox: m.inbox, Kind: kindNames[m.kind], ContentType: m.contentType, Text: deref(m.content),
		SenderKind: m.sender.kind, Private: m.private, Deleted: truthy(m.attributes.get("deleted")),
		Echo: truthy(m.attributes.get("external_echo")), Status: m.status, Reason: str(m.attributes.get("external_error")),
		SourceID: deref(m.sourceID), ReplyTo: number(m.attributes.get("in_reply_to")), Attributes: plain(m.attributes), Created: m.created,
	}
	if conv := s.db.conversation(m.conversation); conv != nil {
		out.Conversation = conv.display
	}
	if who, ok := s.senderWebhook(m.sender).(object); ok {
		out.Sender = str(who.get("name"))
	}
	for _, a := range m.attachments {
		out.Files = append(out.Files, File{ID: a.id, Name: a.blob.name, Type: a.fileType, ContentType: a.blob.contentType, Declared: a.blob.declared, Voice: a.voice,
			Size: a.blob.size, SHA256: a.blob.sum, URL: s.dataURL(a.blob, a.fileType), path: a.blob.path})
	}
	return out
}

func (s *Server) conversation(c *conversation) Conversation {
	out := Conversation{ID: c.display, Account: c.account, Inbox: c.inbox, Contact: c.contact, Status: c.status,
		Assignee: c.assignee, Labels: slices.Clone(c.labels), Attributes: plain(c.custom),
		Messages: len(s.db.threads[c.id]), Unread: s.db.unread(c)}
	if who := s.db.contact(c.contact); who != nil {
		out.Name = who.name
	}
	if ci := s.db.contactInboxByID(c.contactInbox); ci != nil {
		out.SourceID = ci.sourceID
	}
	return out
}

func (s *Server) contact(c *contact) Contact {
	out := Contact{ID: c.id, Name: c.name, Phone: deref(c.phone), Identifier: deref(c.identifier), Email: deref(c.email),
		Blocked: c.blocked, Attributes: plain(c.custom)}
	if c.avatar != nil {
		out.Avatar = c.avatar.sum
	}
	for _, ci := range s.db.contactInbox {
		if ci.contact == c.id {
			out.SourceIDs = append(out.SourceIDs, ci.sourceID)
		}
	}
	return out
}

// plain is an object as encoding/json would have read it, nil when empty.
func plain(o object) map[string]any {
	var out map[string]any
	raw, err := json.Marshal(o)
	if err != nil || len(o) == 0 || json.Unmarshal(raw, &out) != nil {
		return nil
	}
	return out
}
