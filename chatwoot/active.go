package chatwoot

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ActiveConversation is a conversation as lists have it, with what tells whether
// something has happened in it.
type ActiveConversation struct {
	EventConversation
	// Activity is when its last message was written. Lists are in its order, the
	// newest first.
	Activity time.Time
	// Changed is when it was changed last, by a message or otherwise. From 4.12 on
	// what becomes of a message that is there already, be it a status, a deletion
	// or a retry, is no change of its conversation.
	Changed time.Time
	// Look is the same in two answers as long as no message came between them. In
	// the conversation's last message other changes are seen, too.
	Look string
	// AgentSeen is when an agent had it open last; zero where nobody had.
	AgentSeen time.Time
}

// listedConversation is a conversation in a list's answer.
type listedConversation struct {
	rawConversation
	Updated  json.RawMessage `json:"updated_at"`
	Activity json.RawMessage `json:"last_activity_at"`
	Seen     json.RawMessage `json:"agent_last_seen_at"`
	Last     struct {
		ID           MessageID       `json:"id"`
		Status       string          `json:"status"`
		Updated      json.RawMessage `json:"updated_at"`
		Conversation struct {
			ContactInbox struct {
				SourceID string `json:"source_id"`
			} `json:"contact_inbox"`
		} `json:"conversation"`
	} `json:"last_non_activity_message"`
}

func (raw listedConversation) active() ActiveConversation {
	var updated, activity, seen Time
	_ = updated.UnmarshalJSON(raw.Updated) // what is no time stays zero
	_ = activity.UnmarshalJSON(raw.Activity)
	a := ActiveConversation{EventConversation: raw.event(), Activity: activity.Time, Changed: updated.Time}
	if _ = seen.UnmarshalJSON(raw.Seen); seen.Unix() > 0 {
		a.AgentSeen = seen.Time
	}
	a.SourceID = raw.Last.Conversation.ContactInbox.SourceID
	if a.Activity.After(a.Changed) {
		a.Changed = a.Activity
	}
	// Chatwoot's own digits: a microsecond tells two messages apart.
	a.Look = strings.Join([]string{
		string(raw.Updated), string(raw.Activity), strconv.FormatInt(int64(raw.Last.ID), 10), raw.Last.Status, string(raw.Last.Updated),
	}, "|")
	return a
}

// ActiveConversations lists the conversations of an inbox, or of all inboxes when
// inbox is 0, in which something changed within a time before now, all of them at
// once.
func (c *Client) ActiveConversations(ctx context.Context, inbox InboxID, within time.Duration) ([]ActiveConversation, error) {
	query := url.Values{"status": {"all"}, "updated_within": {strconv.FormatInt(int64(within/time.Second)+1, 10)}}
	active, _, err := c.listConversations(ctx, "list active conversations", inbox, query)
	return active, err
}

// ConversationsPerPage is how many conversations Chatwoot lists on a page; fewer
// are the last ones.
const ConversationsPerPage = 25

// ConversationPage lists a page of an inbox's conversations, the most recently
// active first, and says how many there are on all pages. The first page is 1.
func (c *Client) ConversationPage(ctx context.Context, inbox InboxID, page int) (listed []ActiveConversation, all int, err error) {
	query := url.Values{"status": {"all"}, "page": {strconv.Itoa(page)}}
	return c.listConversations(ctx, "list a page of conversations", inbox, query)
}

func (c *Client) listConversations(ctx context.Context, what string, inbox InboxID, query url.Values) ([]ActiveConversation, int, error) {
	var answer struct {
		Data struct {
			Meta struct {
				All int `json:"all_count"`
			} `json:"meta"`
			Payload []listedConversation `json:"payload"`
		} `json:"data"`
	}
	if inbox != 0 {
		query.Set("inbox_id", strconv.FormatInt(int64(inbox), 10))
	}
	err := c.do(ctx, call{what: what, method: http.MethodGet, path: "/conversations", query: query, into: &answer})
	active := make([]ActiveConversation, 0, len(answer.Data.Payload))
	for _, raw := range answer.Data.Payload {
		active = append(active, raw.active())
	}
	return active, answer.Data.Meta.All, err
}

// Conversation reads a conversation.
func (c *Client) Conversation(ctx context.Context, id ConversationID) (ActiveConversation, error) {
	var raw listedConversation
	err := c.do(ctx, call{what: "read a conversation", method: http.MethodGet, path: conversationPath(id), into: &raw})
	return raw.active(), err
}

// NewestMessage is the newest message that people see in an inbox, or 0.
func (c *Client) NewestMessage(ctx context.Context, inbox InboxID) (MessageID, error) {
	var answer struct {
		Data struct {
			Payload []struct {
				Last struct {
					ID MessageID `json:"id"`
				} `json:"last_non_activity_message"`
			} `json:"payload"`
		} `json:"data"`
	}
	query := url.Values{"inbox_id": {strconv.FormatInt(int64(inbox), 10)}, "status": {"all"}}
	err := c.do(ctx, call{what: "look for the newest message", method: http.MethodGet, path: "/conversations", query: query, into: &answer})
	var newest MessageID
	for _, conversation := range answer.Data.Payload {
		newest = max(newest, conversation.Last.ID)
	}
	return newest, err
}
