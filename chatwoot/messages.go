package chatwoot

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Conversations lists a source id's conversations in an inbox, whatever their
// status, the most recently active first.
func (c *Client) Conversations(ctx context.Context, inbox InboxID, sourceID string) ([]Conversation, error) {
	var answer struct {
		Data struct {
			Payload []Conversation `json:"payload"`
		} `json:"data"`
	}
	query := url.Values{"inbox_id": {strconv.FormatInt(int64(inbox), 10)}, "source_id": {sourceID}, "status": {"all"}}
	err := c.do(ctx, call{what: "list conversations", method: http.MethodGet, path: "/conversations", query: query, into: &answer})
	return answer.Data.Payload, err
}

// CreateConversation makes a conversation. An inbox that is locked to a single
// conversation answers with the one there is.
func (c *Client) CreateConversation(ctx context.Context, inbox InboxID, contact ContactID, sourceID string, attributes ...Attribute) (Conversation, error) {
	body := map[string]any{"inbox_id": inbox, "contact_id": contact, "source_id": sourceID}
	if len(attributes) > 0 {
		custom := map[string]any{}
		for _, a := range attributes {
			custom[a.Name] = a.Value
		}
		body["custom_attributes"] = custom
	}
	var conversation Conversation
	err := c.do(ctx, call{what: "create a conversation", method: http.MethodPost, path: "/conversations", body: body, into: &conversation})
	return conversation, err
}

// CreateMessage posts a message. Chatwoot has no idempotency: after an
// AmbiguousError look for the SourceID before posting again.
func (c *Client) CreateMessage(ctx context.Context, conversation ConversationID, n NewMessage) (Message, error) {
	attributes := map[string]any{}
	if n.InReplyTo != 0 {
		attributes["in_reply_to"] = n.InReplyTo
	}
	if n.InReplyToExternal != "" {
		attributes["in_reply_to_external_id"] = n.InReplyToExternal
	}
	if n.Echo {
		attributes["external_echo"] = true
	}
	req := call{what: "post a message", method: http.MethodPost, path: conversationPath(conversation) + "/messages"}
	if uploads := n.uploads(); len(uploads) == 0 {
		body := map[string]any{
			"content": n.Content, "message_type": n.Type, "private": n.Private,
			"source_id": n.SourceID, "content_attributes": attributes,
		}
		if n.Bot != 0 {
			body["sender_type"], body["sender_id"] = "AgentBot", n.Bot
		}
		req.body = body
	} else {
		encoded, err := json.Marshal(attributes)
		if err != nil {
			return Message{}, fmt.Errorf("post a message: encode attributes: %w", err)
		}
		fields := []field{
			{"content", n.Content}, {"message_type", string(n.Type)}, {"private", strconv.FormatBool(n.Private)},
			{"source_id", n.SourceID}, {"content_attributes", string(encoded)},
		}
		if n.Bot != 0 {
			fields = append(fields, field{"sender_type", "AgentBot"}, field{"sender_id", strconv.FormatInt(n.Bot, 10)})
		}
		if n.Voice {
			fields = append(fields, field{"is_voice_message", "true"})
		}
		if req.stream, err = newMultipart(fields, "attachments[]", uploads); err != nil {
			return Message{}, fmt.Errorf("post a message: %w", err)
		}
	}
	var message Message
	req.into = &message
	err := c.do(ctx, req)
	return message, err
}

// LastMessages is how many messages Chatwoot lists when it is not told where to
// begin; fewer are all there are.
const LastMessages = 20

// MostMessages is how many messages Chatwoot lists between two bounds.
const MostMessages = 1000

// Messages lists messages in ascending order: both bounds give after <= id <
// before, the first MostMessages; after alone id > after, up to 100; before alone or none
// the last LastMessages.
func (c *Client) Messages(ctx context.Context, conversation ConversationID, after, before MessageID) ([]Message, error) {
	query := url.Values{}
	if after != 0 {
		query.Set("after", strconv.FormatInt(int64(after), 10))
	}
	if before != 0 {
		query.Set("before", strconv.FormatInt(int64(before), 10))
	}
	var answer struct {
		Payload []listedMessage `json:"payload"`
	}
	err := c.do(ctx, call{what: "list messages", method: http.MethodGet, path: conversationPath(conversation) + "/messages", query: query, into: &answer})
	messages := make([]Message, len(answer.Payload))
	for i, listed := range answer.Payload {
		messages[i] = listed.Message
	}
	return messages, err
}

// Message reads one message, for which Chatwoot has no route of its own; one
// that is not there is a NotFoundError.
func (c *Client) Message(ctx context.Context, conversation ConversationID, id MessageID) (Message, error) {
	found, err := c.Messages(ctx, conversation, id, id+1)
	if err != nil {
		return Message{}, err
	}
	for _, m := range found {
		if m.ID == id {
			return m, nil
		}
	}
	return Message{}, fmt.Errorf("read a message: %w", &NotFoundError{})
}

// findPages bounds how far FindMessage looks back: 2,000 messages.
const findPages = 100

// FindMessage looks for a message by its source id, from the newest back to
// those that Chatwoot stored before notBefore.
func (c *Client) FindMessage(ctx context.Context, conversation ConversationID, sourceID string, notBefore time.Time) (Message, bool, error) {
	var before MessageID
	for range findPages {
		page, err := c.Messages(ctx, conversation, 0, before)
		if err != nil {
			return Message{}, false, err
		}
		if len(page) == 0 {
			return Message{}, false, nil
		}
		for _, m := range page {
			if m.SourceID == sourceID {
				return m, true, nil
			}
		}
		if page[0].CreatedAt.Before(notBefore) {
			return Message{}, false, nil
		}
		before = page[0].ID
	}
	return Message{}, false, nil
}

// SetStatus puts a status (sent, delivered, read, failed) on an outgoing
// message's bubble; reason is shown with failed. Chatwoot applies steps back
// too: callers keep receipts in order.
func (c *Client) SetStatus(ctx context.Context, conversation ConversationID, message MessageID, status, reason string) error {
	body := map[string]any{"status": status}
	if reason != "" {
		body["external_error"] = reason
	}
	return c.do(ctx, call{what: "set a message's status", method: http.MethodPatch, path: messagePath(conversation, message), body: body})
}

// DeleteMessage erases a message's content.
func (c *Client) DeleteMessage(ctx context.Context, conversation ConversationID, message MessageID) error {
	return c.do(ctx, call{what: "delete a message", method: http.MethodDelete, path: messagePath(conversation, message)})
}

// ContactTyping shows agents that the contact is typing. It is a call of the
// public API and needs no token, but the source id is a path segment of it.
func (c *Client) ContactTyping(ctx context.Context, inboxIdentifier, sourceID string, conversation ConversationID, on bool) error {
	status := "off"
	if on {
		status = "on"
	}
	path := "/public/api/v1/inboxes/" + url.PathEscape(inboxIdentifier) + "/contacts/" + url.PathEscape(sourceID) + conversationPath(conversation) + "/toggle_typing"
	return c.do(ctx, call{what: "show the contact typing", method: http.MethodPost, path: path, absolute: true, body: map[string]any{"typing_status": status}})
}

func conversationPath(id ConversationID) string {
	return "/conversations/" + strconv.FormatInt(int64(id), 10)
}

func messagePath(conversation ConversationID, message MessageID) string {
	return conversationPath(conversation) + "/messages/" + strconv.FormatInt(int64(message), 10)
}
