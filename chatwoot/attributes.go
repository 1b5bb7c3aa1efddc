package chatwoot

import (
	"context"
	"encoding/json"
	"net/http"
)

// CustomAttributes are what an account keeps of a contact or a conversation under names of its
// own. Values that others have written may be of any type.
type CustomAttributes map[string]json.RawMessage

// ContactAttributes reads a contact's attributes.
func (c *Client) ContactAttributes(ctx context.Context, id ContactID) (CustomAttributes, error) {
	var answer struct {
		Payload struct {
			Attributes CustomAttributes `json:"custom_attributes"`
		} `json:"payload"`
	}
	err := c.do(ctx, call{what: "read a contact's attributes", method: http.MethodGet, path: contactPath(id), into: &answer})
	return answer.Payload.Attributes, err
}

// AddContactAttributes writes some of a contact's attributes; the others stay.
func (c *Client) AddContactAttributes(ctx context.Context, id ContactID, some CustomAttributes) error {
	body := map[string]any{"custom_attributes": some}
	return c.do(ctx, call{what: "write a contact's attributes", method: http.MethodPut, path: contactPath(id), body: body})
}

// ConversationAttributes reads a conversation's attributes.
func (c *Client) ConversationAttributes(ctx context.Context, id ConversationID) (CustomAttributes, error) {
	var answer struct {
		Attributes CustomAttributes `json:"custom_attributes"`
	}
	err := c.do(ctx, call{what: "read a conversation's attributes", method: http.MethodGet, path: conversationPath(id), into: &answer})
	return answer.Attributes, err
}

// SetConversationAttributes writes all of a conversation's attributes: what is not
// among them is gone.
func (c *Client) SetConversationAttributes(ctx context.Context, id ConversationID, all CustomAttributes) error {
	body := map[string]any{"custom_attributes": all}
	return c.do(ctx, call{what: "write a conversation's attributes", method: http.MethodPost, path: conversationPath(id) + "/custom_attributes", body: body})
}
