package chatwoot

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// ActiveConversations lists the conversations of an inbox in which something
// changed within a time before now, all of them at once.
func (c *Client) ActiveConversations(ctx context.Context, inbox InboxID, within time.Duration) ([]EventConversation, error) {
	var answer struct {
		Data struct {
			Payload []struct {
				rawConversation
				Last struct {
					Conversation struct {
						ContactInbox struct {
							SourceID string `json:"source_id"`
						} `json:"contact_inbox"`
					} `json:"conversation"`
				} `json:"last_non_activity_message"`
			} `json:"payload"`
		} `json:"data"`
	}
	query := url.Values{
		"inbox_id": {strconv.FormatInt(int64(inbox), 10)}, "status": {"all"},
		"updated_within": {strconv.FormatInt(int64(within/time.Second)+1, 10)},
	}
	err := c.do(ctx, call{what: "list active conversations", method: http.MethodGet, path: "/conversations", query: query, into: &answer})
	active := make([]EventConversation, 0, len(answer.Data.Payload))
	for _, raw := range answer.Data.Payload {
		conversation := raw.event()
		conversation.SourceID = raw.Last.Conversation.ContactInbox.SourceID
		active = append(active, conversation)
	}
	return active, err
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
