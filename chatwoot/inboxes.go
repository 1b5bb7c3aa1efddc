package chatwoot

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// Version reads the version of Chatwoot, which needs no token.
func (c *Client) Version(ctx context.Context) (string, error) {
	var answer struct {
		Version   string `json:"version"`
		Timestamp string `json:"timestamp"`
	}
	began := time.Now()
	err := c.do(ctx, call{what: "read Chatwoot's version", method: http.MethodGet, path: "/api", absolute: true, into: &answer})
	// Chatwoot's own web server sends no Date; one in front of it does.
	if at, malformed := time.Parse(time.DateTime, answer.Timestamp); err == nil && malformed == nil {
		c.gate.noteTime(at, time.Since(began), false)
	}
	return answer.Version, err
}

// Profile reads whose token this is.
func (c *Client) Profile(ctx context.Context) (Profile, error) {
	var p Profile
	err := c.do(ctx, call{what: "read the token's profile", method: http.MethodGet, path: "/api/v1/profile", absolute: true, into: &p})
	return p, err
}

// CreateInbox makes an API-channel inbox; the token must be an administrator's.
func (c *Client) CreateInbox(ctx context.Context, n NewInbox) (Inbox, error) {
	body := map[string]any{
		"name":                        n.Name,
		"lock_to_single_conversation": n.LockToSingle,
		"channel":                     map[string]any{"type": "api", "webhook_url": n.WebhookURL},
	}
	var inbox Inbox
	err := c.do(ctx, call{what: "create an inbox", method: http.MethodPost, path: "/inboxes", body: body, into: &inbox})
	return inbox, err
}

// Inbox reads an inbox, with its webhook secret where the version has one.
func (c *Client) Inbox(ctx context.Context, id InboxID) (Inbox, error) {
	var inbox Inbox
	err := c.do(ctx, call{what: "read the inbox", method: http.MethodGet, path: inboxPath(id), into: &inbox})
	return inbox, err
}

// SetInboxWebhook points an inbox's webhook at url.
func (c *Client) SetInboxWebhook(ctx context.Context, id InboxID, url string) (Inbox, error) {
	body := map[string]any{"channel": map[string]any{"webhook_url": url}}
	var inbox Inbox
	err := c.do(ctx, call{what: "set the inbox's webhook", method: http.MethodPatch, path: inboxPath(id), body: body, into: &inbox})
	return inbox, err
}

func inboxPath(id InboxID) string { return "/inboxes/" + strconv.FormatInt(int64(id), 10) }

// InboxMembers are the users who are members of an inbox.
func (c *Client) InboxMembers(ctx context.Context, id InboxID) ([]int64, error) {
	var answer struct {
		Payload []struct {
			ID int64 `json:"id"`
		} `json:"payload"`
	}
	path := "/inbox_members/" + strconv.FormatInt(int64(id), 10)
	err := c.do(ctx, call{what: "list the inbox's members", method: http.MethodGet, path: path, into: &answer})
	members := make([]int64, len(answer.Payload))
	for i, member := range answer.Payload {
		members[i] = member.ID
	}
	return members, err
}
