package chatwoot

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The kinds of events that a bridge acts on. There are more, and more to come.
const (
	EventMessageCreated = "message_created"
	EventMessageUpdated = "message_updated"
	EventTypingOn       = "conversation_typing_on"
	EventTypingOff      = "conversation_typing_off"
	EventStatusChanged  = "conversation_status_changed"
)

// Event is a webhook's content, as far as a bridge needs it.
type Event struct {
	Kind         string
	Account      int64
	Inbox        InboxID
	Message      Message // of message events
	Conversation EventConversation
	Contact      Contact // of events of contacts
	Live         bool    // the live channel told it, not a webhook
	// AgentTyping says, for typing events, that a person of the desk types in
	// the open conversation, not in a note.
	AgentTyping bool
}

// EventConversation is the conversation that an event is about.
type EventConversation struct {
	ID           ConversationID
	Inbox        InboxID
	Status       string
	SourceID     string // the contact's in this inbox
	ContactID    ContactID
	ContactName  string
	ContactPhone string
	Identifier   string
}

type rawConversation struct {
	ID           ConversationID `json:"id"`
	InboxID      InboxID        `json:"inbox_id"`
	Status       string         `json:"status"`
	ContactInbox struct {
		SourceID string `json:"source_id"`
	} `json:"contact_inbox"`
	Meta struct {
		Sender Contact `json:"sender"`
	} `json:"meta"`
	Messages few[lastMessage] `json:"messages"`
	Account  struct {
		ID int64 `json:"id"`
	} `json:"account"`
}

// lastMessage is a message inside its conversation.
type lastMessage struct {
	ID     MessageID `json:"id"`
	Status string    `json:"status"`
}

func (c rawConversation) event() EventConversation {
	return EventConversation{
		ID: c.ID, Inbox: c.InboxID, Status: c.Status, SourceID: c.ContactInbox.SourceID,
		ContactID: c.Meta.Sender.ID, ContactName: c.Meta.Sender.Name,
		ContactPhone: c.Meta.Sender.Phone, Identifier: c.Meta.Sender.Identifier,
	}
}

// ParseEvent reads a webhook's body. It tolerates what it does not know; only
// a body that is no JSON object with an event is an error.
func ParseEvent(raw []byte) (Event, error) {
	var head struct {
		Event        string          `json:"event"`
		Conversation rawConversation `json:"conversation"`
		Account      struct {
			ID int64 `json:"id"`
		} `json:"account"`
		Inbox struct {
			ID InboxID `json:"id"`
		} `json:"inbox"`
		IsPrivate bool `json:"is_private"`
		User      struct {
			Type string `json:"type"`
		} `json:"user"`
	}
	kind, err := eventKind(raw)
	if err != nil {
		return Event{}, err
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		if !actedOn[kind] {
			return Event{Kind: kind}, nil // whatever it holds, it is of no interest
		}
		return Event{}, fmt.Errorf("read webhook: %w", errMalformed)
	}
	e := Event{Kind: head.Event, Account: head.Account.ID, Inbox: head.Inbox.ID}
	conversation := head.Conversation
	switch {
	case strings.HasPrefix(e.Kind, "message_"):
		if err := json.Unmarshal(raw, &e.Message); err != nil {
			return Event{}, fmt.Errorf("read webhook: %w", errMalformed)
		}
	case strings.HasPrefix(e.Kind, "conversation_typing_"):
		e.AgentTyping = head.User.Type == "user" && !head.IsPrivate
	case strings.HasPrefix(e.Kind, "conversation_"):
		if err := json.Unmarshal(raw, &conversation); err != nil {
			return Event{}, fmt.Errorf("read webhook: %w", errMalformed)
		}
	}
	e.Conversation = conversation.event()
	e.Account = cmp.Or(e.Account, conversation.Account.ID)
	e.Inbox = cmp.Or(e.Inbox, conversation.InboxID)
	if e.Message.Conversation == 0 {
		e.Message.Conversation = conversation.ID
	}
	e.Message.evenOut()
	// The nested message is the conversation's last one, not always this one.
	for _, m := range conversation.Messages {
		if m.ID == e.Message.ID && m.ID != 0 {
			e.Message.Status = m.Status
		}
	}
	return e, nil
}

// eventKind reads what a webhook is about, and nothing else.
func eventKind(raw []byte) (string, error) {
	var head struct {
		Event string `json:"event"`
	}
	if err := json.Unmarshal(raw, &head); err != nil || head.Event == "" {
		return "", fmt.Errorf("read webhook: %w", errMalformed)
	}
	return head.Event, nil
}

// actedOn are the kinds whose content matters.
var actedOn = map[string]bool{
	EventMessageCreated: true, EventMessageUpdated: true, EventTypingOn: true, EventTypingOff: true, EventStatusChanged: true,
}

var errMalformed = errors.New("not a Chatwoot event")

// What may be wrong with a signature.
var (
	ErrNoSignature  = errors.New("the webhook has no signature")
	ErrBadSignature = errors.New("the webhook's signature is wrong")
	ErrStale        = errors.New("the webhook's time is too far off")
)

// SignatureTolerance is how far a webhook's time may be from ours.
const SignatureTolerance = 5 * time.Minute

// VerifySignature checks the X-Chatwoot-Signature of a body, byte for byte as
// it came, with the X-Chatwoot-Timestamp beside it.
func VerifySignature(secret, timestamp, signature string, raw []byte, now time.Time) error {
	if timestamp == "" || signature == "" {
		return ErrNoSignature
	}
	if !hmac.Equal([]byte(Sign(secret, timestamp, raw)), []byte(signature)) {
		return ErrBadSignature
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return ErrBadSignature
	}
	if now.Sub(time.Unix(seconds, 0)).Abs() > SignatureTolerance {
		return ErrStale
	}
	return nil
}

// Sign makes the signature that Chatwoot would: the secret is used as it is
// written.
func Sign(secret, timestamp string, raw []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp))
	mac.Write([]byte("."))
	mac.Write(raw)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// WebhookURL is where a line's webhook is posted to, below the bridge's public
// address, whose path and query are kept.
func WebhookURL(public, line, secret string) (string, error) {
	base, err := url.Parse(strings.TrimSpace(public))
	if err != nil || (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" {
		return "", errors.New("the bridge's public address is not of the form https://bridge.example.com")
	}
	return base.JoinPath("webhooks", line, secret).String(), nil
}
