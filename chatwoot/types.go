package chatwoot

import (
	"cmp"
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// ConversationID is a conversation's display id, per account; never its
// primary key.
type ConversationID int64

// MessageID is a message's id.
type MessageID int64

// ContactID is a contact's id.
type ContactID int64

// InboxID is an inbox's id.
type InboxID int64

// longestWord is longer than every word and time of Chatwoot's.
const longestWord = 64

// MessageType tells who a message is from.
type MessageType string

// The message types.
const (
	Incoming MessageType = "incoming"
	Outgoing MessageType = "outgoing"
	Activity MessageType = "activity"
	Template MessageType = "template"
)

// UnmarshalJSON reads both forms: API answers have a number, webhooks a word.
func (t *MessageType) UnmarshalJSON(raw []byte) error {
	if len(raw) > longestWord {
		return nil
	}
	switch text := strings.Trim(string(raw), `"`); text {
	case "0":
		*t = Incoming
	case "1":
		*t = Outgoing
	case "2":
		*t = Activity
	case "3":
		*t = Template
	default:
		*t = MessageType(text)
	}
	return nil
}

// Time reads both forms: seconds since 1970 and ISO 8601.
type Time struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler. What is no time stays zero.
func (t *Time) UnmarshalJSON(raw []byte) error {
	if len(raw) > longestWord {
		return nil
	}
	text := strings.Trim(string(raw), `"`)
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		t.Time = time.UnixMilli(int64(seconds * 1000))
		return nil
	}
	t.Time, _ = time.Parse(time.RFC3339Nano, text)
	return nil
}

// Inbox is an API-channel inbox.
type Inbox struct {
	ID           InboxID `json:"id"`
	Name         string  `json:"name"`
	ChannelType  string  `json:"channel_type"`
	Identifier   string  `json:"inbox_identifier"`
	Secret       string  `json:"secret"`
	WebhookURL   string  `json:"webhook_url"`
	LockToSingle bool    `json:"lock_to_single_conversation"`
	Timezone     string  `json:"timezone"`
	AutoAssign   bool    `json:"enable_auto_assignment"`
}

// NewInbox is an inbox to be created.
type NewInbox struct {
	Name         string
	WebhookURL   string
	LockToSingle bool
}

// Profile is the owner of the token.
type Profile struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	// Pubsub is the credential of the owner's live channel; a change of password
	// changes it.
	Pubsub   string    `json:"pubsub_token"`
	Accounts []Account `json:"accounts"`
}

// Account is an account of a token's owner.
type Account struct {
	ID           int64  `json:"id"`
	Role         string `json:"role"`
	Status       string `json:"status"` // active, suspended
	Availability string `json:"availability"`
}

// In gives the owner's account with an id.
func (p Profile) In(account int64) (Account, bool) {
	for _, a := range p.Accounts {
		if a.ID == account {
			return a, true
		}
	}
	return Account{}, false
}

// Role is the owner's role in an account, or "".
func (p Profile) Role(account int64) string {
	in, _ := p.In(account)
	return in.Role
}

// Contact is a customer.
type Contact struct {
	ID             ContactID         `json:"id"`
	Name           string            `json:"name"`
	Phone          string            `json:"phone_number"`
	Identifier     string            `json:"identifier"`
	Thumbnail      string            `json:"thumbnail"` // the address of the picture, or empty
	ContactInboxes few[ContactInbox] `json:"contact_inboxes"`
}

// ContactInbox is a contact's place in an inbox.
type ContactInbox struct {
	SourceID string `json:"source_id"`
	Inbox    struct {
		ID InboxID `json:"id"`
	} `json:"inbox"`
}

// NewContact is a contact to be created together with its place in an inbox.
type NewContact struct {
	Inbox      InboxID        `json:"inbox_id"`
	SourceID   string         `json:"source_id"`
	Name       string         `json:"name"`
	Identifier string         `json:"identifier,omitempty"`
	Phone      string         `json:"phone_number,omitempty"`
	Attributes map[string]any `json:"custom_attributes,omitempty"`
}

// Attribute is something that an account keeps of a conversation, under a name of its own.
type Attribute struct {
	Name  string
	Value any
}

// ContactUpdate is what to change of a contact; nil leaves a field alone, and "" takes
// an identifier or a number away.
type ContactUpdate struct {
	Name       *string
	Identifier *string
	Phone      *string
	Attributes map[string]string
}

// MarshalJSON implements json.Marshaler. What is taken away is null: an empty text
// would be taken by the next contact that has none.
func (u ContactUpdate) MarshalJSON() ([]byte, error) {
	fields := map[string]any{}
	if u.Name != nil {
		fields["name"] = *u.Name
	}
	for name, value := range map[string]*string{"identifier": u.Identifier, "phone_number": u.Phone} {
		switch {
		case value == nil:
		case *value == "":
			fields[name] = nil
		default:
			fields[name] = *value
		}
	}
	if len(u.Attributes) > 0 {
		fields["custom_attributes"] = u.Attributes
	}
	return json.Marshal(fields)
}

// Conversation is a conversation of a contact in an inbox.
type Conversation struct {
	ID      ConversationID `json:"id"`
	InboxID InboxID        `json:"inbox_id"`
	Status  string         `json:"status"`
}

// NewMessage is a message to be created.
type NewMessage struct {
	Content           string
	Type              MessageType
	Private           bool
	SourceID          string
	InReplyTo         MessageID
	InReplyToExternal string
	Echo              bool // typed on the own phone
	Voice             bool // the attachment is a voice note
	Attachment        *Upload
	// Files are attached too, below the attachment. Chatwoot does not keep their order.
	Files []*Upload
	Bot   int64 // the agent bot that signs it, 0 = the token's owner
}

func (n NewMessage) uploads() []*Upload {
	if n.Attachment == nil {
		return n.Files
	}
	return append([]*Upload{n.Attachment}, n.Files...)
}

// Upload is a file to be sent. Open is called once for each attempt.
type Upload struct {
	Name        string // must not be empty
	ContentType string
	Size        int64
	Open        func() (io.ReadCloser, error)
}

// Message is a message as the API and webhooks give it.
type Message struct {
	ID           MessageID      `json:"id"`
	Conversation ConversationID `json:"conversation_id"`
	Content      string         `json:"content"`
	Type         MessageType    `json:"message_type"`
	ContentType  string         `json:"content_type"`
	// Private says that it is a note among agents. One of which that is not told
	// counts as such, and Untold is set.
	Private bool `json:"private"`
	Untold  bool `json:"-"`
	// Inbox and User, the person of the desk who wrote it or whose token did, are
	// told by lists only.
	Inbox       InboxID      `json:"-"`
	User        int64        `json:"-"`
	Status      string       `json:"status"`
	SourceID    string       `json:"source_id"`
	CreatedAt   Time         `json:"created_at"`
	Attributes  Attributes   `json:"content_attributes"`
	Attachments []Attachment `json:"attachments"`
	// Author is the person or the bot that wrote it; nobody for templates.
	Author Author `json:"sender"`
}

// UnmarshalJSON implements json.Unmarshaler; it reads few attachments.
func (m *Message) UnmarshalJSON(raw []byte) error {
	type plain Message
	told := struct {
		*plain
		Private     *bool           `json:"private"`
		Attachments few[Attachment] `json:"attachments"`
	}{plain: (*plain)(m)}
	if err := json.Unmarshal(raw, &told); err != nil {
		return err
	}
	m.Attachments = told.Attachments
	m.Private, m.Untold = told.Private == nil || *told.Private, told.Private == nil
	return nil
}

// listedMessage is a message in a list's answer.
type listedMessage struct{ Message }

// UnmarshalJSON implements json.Unmarshaler.
func (m *listedMessage) UnmarshalJSON(raw []byte) error {
	if err := json.Unmarshal(raw, &m.Message); err != nil {
		return err
	}
	m.Inbox = InboxID(gjson.GetBytes(raw, "inbox_id").Int())
	if sender := gjson.GetBytes(raw, "sender"); sender.Get("type").String() == "user" {
		m.User = sender.Get("id").Int()
	}
	m.evenOut()
	return nil
}

// hardBreak is a line break as Chatwoot's editor writes it.
var hardBreak = regexp.MustCompile(`\\+(\r?\n)`)

// evenOut makes a message the same whichever way it came. The API and the live
// channel give what is stored; webhooks do so too up to 4.13, later they leave out
// the backslash before a line break, and line breaks at the end. Attachments are
// listed in no order; their ids are in the agent's. Only some say who wrote what nobody
// of the desk did.
func (m *Message) evenOut() {
	if m.Type != Outgoing || m.Author.Type != "user" && m.Author.Type != "agent_bot" {
		m.Author = Author{}
	}
	if m.Type == Outgoing || m.Type == Template {
		m.Content = strings.TrimRight(hardBreak.ReplaceAllString(m.Content, "$1"), "\r\n")
	}
	slices.SortFunc(m.Attachments, func(a, b Attachment) int { return cmp.Compare(a.ID, b.ID) })
}

// Attributes are the content attributes that matter here.
type Attributes struct {
	InReplyTo         MessageID `json:"in_reply_to"`
	InReplyToExternal string    `json:"in_reply_to_external_id"`
	Deleted           bool      `json:"deleted"`
	ExternalError     string    `json:"external_error"`
	ExternalEcho      bool      `json:"external_echo"`
	// Items are what a bot's message shows beside its text.
	Items Items `json:"items,omitempty"`
}

// UnmarshalJSON tolerates attributes of an unexpected form: nothing in them is
// worth losing a message for.
func (a *Attributes) UnmarshalJSON(raw []byte) error {
	type plain Attributes
	var p plain
	if json.Unmarshal(raw, &p) == nil {
		*a = Attributes(p)
	}
	return nil
}

// Attachment is a file of a message.
type Attachment struct {
	ID          int64  `json:"id"`
	FileType    string `json:"file_type"`
	DataURL     string `json:"data_url"`
	ContentType string `json:"content_type"`
	Extension   string `json:"extension"`
	Size        int64  `json:"file_size"`
}
