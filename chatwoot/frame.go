package chatwoot

import (
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/tidwall/gjson"
)

// FrameKind says what a frame of the live channel is.
type FrameKind int

// The kinds of frames.
const (
	FrameUnknown FrameKind = iota // what nobody needs, or no frame at all
	FrameWelcome
	FramePing
	FrameConfirmed
	FrameEvent
	FrameTooLarge // an event that was not read
)

// The events that an inbox's webhook never tells, by the names that account
// webhooks give them, or would.
const (
	EventContactUpdated   = "contact_updated"
	EventContactMerged    = "contact_merged"
	EventContactDeleted   = "contact_deleted"
	EventContactChanged   = "conversation_contact_changed"
	EventCacheInvalidated = "account_cache_invalidated"
)

// Frame is what the live channel says, looked at as little as is needed to know
// whom it concerns: most frames are of other inboxes.
type Frame struct {
	Kind    FrameKind
	Event   string // as webhooks name it, "" for one that nobody acts on
	Account int64
	Inbox   InboxID // 0 for events of contacts and accounts
	data    string  // the event's own JSON
}

// liveEvents are the events that matter, by the names of the live channel.
// "first.reply.created" doubles its message.
var liveEvents = map[string]string{
	"message.created":              EventMessageCreated,
	"message.updated":              EventMessageUpdated,
	"conversation.typing_on":       EventTypingOn,
	"conversation.typing_off":      EventTypingOff,
	"conversation.status_changed":  EventStatusChanged,
	"conversation.contact_changed": EventContactChanged,
	"contact.updated":              EventContactUpdated,
	"contact.merged":               EventContactMerged,
	"contact.deleted":              EventContactDeleted,
	"account.cache_invalidated":    EventCacheInvalidated,
}

// ParseFrame looks at a frame. What is no frame is FrameUnknown: garbage on the
// channel must not end the connection.
func ParseFrame(raw []byte) Frame {
	if !json.Valid(raw) {
		return Frame{}
	}
	head := gjson.GetManyBytes(raw, "type", "message.event", "message.data")
	switch head[0].String() {
	case "welcome":
		return Frame{Kind: FrameWelcome}
	case "ping":
		return Frame{Kind: FramePing}
	case "confirm_subscription":
		return Frame{Kind: FrameConfirmed}
	}
	if !head[2].IsObject() {
		return Frame{}
	}
	f := Frame{Kind: FrameEvent, Event: liveEvents[head[1].String()], data: head[2].Raw}
	ids := gjson.GetMany(f.data, "account_id", "inbox_id", "conversation.inbox_id")
	f.Account, f.Inbox = ids[0].Int(), InboxID(cmp.Or(ids[1].Int(), ids[2].Int()))
	if f.Event == EventMessageUpdated && !changesFate(f.data) {
		f.Event = ""
	}
	return f
}

// changesFate reports whether an update is about a message's status or deletion.
// Translations, transcriptions and merges come by the hundred; an update that
// does not say what changed may be either.
func changesFate(data string) bool {
	got := gjson.GetMany(data, "content_attributes.deleted", "previous_changes")
	deleted, changes := got[0].Bool(), got[1]
	if deleted || !changes.IsObject() || !has(changes, "") {
		return true
	}
	return changes.Get("status").Exists() || has(changes.Get("content_attributes"), "external_error")
}

// has reports whether something stands in an object or a list, or in one of its
// entries under a name. It stops at the first and keeps none.
func has(value gjson.Result, name string) (found bool) {
	if !value.IsObject() && !value.IsArray() {
		return false
	}
	value.ForEach(func(_, entry gjson.Result) bool {
		found = name == "" || entry.Get(name).Exists()
		return !found
	})
	return found
}

// Decode reads the frame's event whole. A frame carries what Chatwoot has stored,
// where a webhook carries what Chatwoot makes of it for others; both decode to the
// same, except for the link of a survey, which a frame lacks: see NeedsSurveyLink.
func (f Frame) Decode() (Event, error) {
	raw := []byte(f.data)
	e := Event{Kind: f.Event, Account: f.Account, Inbox: f.Inbox, Live: true}
	var head struct {
		Conversation rawConversation `json:"conversation"`
		IsPrivate    bool            `json:"is_private"`
		User         struct {
			Type string `json:"type"`
		} `json:"user"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return Event{}, fmt.Errorf("read a frame: %w", errMalformed)
	}
	conversation := head.Conversation
	switch f.Event {
	case EventMessageCreated, EventMessageUpdated:
		if err := json.Unmarshal(raw, &e.Message); err != nil {
			return Event{}, fmt.Errorf("read a frame: %w", errMalformed)
		}
		e.Message.evenOut()
		conversation.ID, conversation.InboxID = e.Message.Conversation, f.Inbox
	case EventTypingOn, EventTypingOff:
		e.AgentTyping = head.User.Type == "user" && !head.IsPrivate
	case EventContactUpdated, EventContactMerged, EventContactDeleted:
		if err := json.Unmarshal(raw, &e.Contact); err != nil {
			return Event{}, fmt.Errorf("read a frame: %w", errMalformed)
		}
	case EventStatusChanged, EventContactChanged:
		if err := json.Unmarshal(raw, &conversation); err != nil {
			return Event{}, fmt.Errorf("read a frame: %w", errMalformed)
		}
	}
	e.Conversation = conversation.event()
	return e, nil
}

// InboxesVersion changes whenever an inbox of the account does; an
// account.cache_invalidated carries it, also where labels or teams have changed.
func (f Frame) InboxesVersion() string { return gjson.Get(f.data, "cache_keys.inbox").String() }
