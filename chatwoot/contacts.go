package chatwoot

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// ContactBySource finds the contact that has a source id in an inbox.
func (c *Client) ContactBySource(ctx context.Context, inbox InboxID, sourceID string) (Contact, error) {
	body := map[string]any{"inbox_id": inbox, "source_id": sourceID}
	var contact Contact
	err := c.do(ctx, call{what: "look up a contact by source id", method: http.MethodPost, path: "/contact_inboxes/filter", body: body, into: &contact, lookup: true})
	return contact, err
}

// FindContacts finds contacts whose attribute (identifier or phone_number) is
// exactly value.
func (c *Client) FindContacts(ctx context.Context, key, value string) ([]Contact, error) {
	body := map[string]any{"payload": []map[string]any{{
		"attribute_key": key, "filter_operator": "equal_to", "values": []string{value}, "query_operator": nil,
	}}}
	var answer struct {
		Payload []Contact `json:"payload"`
	}
	err := c.do(ctx, call{what: "look up a contact by " + key, method: http.MethodPost, path: "/contacts/filter",
		query: url.Values{"page": {"1"}}, body: body, into: &answer, lookup: true})
	return answer.Payload, err
}

// Contact reads a contact.
func (c *Client) Contact(ctx context.Context, id ContactID) (Contact, error) {
	var answer struct {
		Payload Contact `json:"payload"`
	}
	err := c.do(ctx, call{what: "read a contact", method: http.MethodGet, path: contactPath(id), into: &answer})
	return answer.Payload, err
}

// SearchContacts finds contacts in which text occurs somewhere; Chatwoot
// allows 100 searches a minute. It finds what FindContacts does not on older
// releases.
func (c *Client) SearchContacts(ctx context.Context, text string) ([]Contact, error) {
	var answer struct {
		Payload []Contact `json:"payload"`
	}
	err := c.do(ctx, call{what: "search contacts", method: http.MethodGet, path: "/contacts/search", query: url.Values{"q": {text}}, into: &answer})
	return answer.Payload, err
}

// CreateContact makes a contact and its place in an inbox, both or neither.
func (c *Client) CreateContact(ctx context.Context, n NewContact) (Contact, error) {
	var answer struct {
		Payload struct {
			Contact Contact `json:"contact"`
		} `json:"payload"`
	}
	err := c.do(ctx, call{what: "create a contact", method: http.MethodPost, path: "/contacts", body: n, into: &answer})
	return answer.Payload.Contact, err
}

// UpdateContact changes what is set in update.
func (c *Client) UpdateContact(ctx context.Context, id ContactID, update ContactUpdate) (Contact, error) {
	var answer struct {
		Payload Contact `json:"payload"`
	}
	err := c.do(ctx, call{what: "update a contact", method: http.MethodPut, path: contactPath(id), body: update, into: &answer})
	return answer.Payload, err
}

// SetAvatar gives a contact a picture: JPEG, PNG, GIF or WebP of at most 15 MB.
func (c *Client) SetAvatar(ctx context.Context, id ContactID, picture *Upload) error {
	form, err := newMultipart(nil, "avatar", []*Upload{picture})
	if err != nil {
		return fmt.Errorf("give a contact a picture: %w", err)
	}
	return c.do(ctx, call{what: "give a contact a picture", method: http.MethodPut, path: contactPath(id), stream: form})
}

// RemoveAvatar takes a contact's picture away.
func (c *Client) RemoveAvatar(ctx context.Context, id ContactID) error {
	return c.do(ctx, call{what: "remove a contact's picture", method: http.MethodDelete, path: contactPath(id) + "/avatar"})
}

// AddContactInbox gives a contact a source id in an inbox. A source id that
// the contact has already is no error.
func (c *Client) AddContactInbox(ctx context.Context, id ContactID, inbox InboxID, sourceID string) error {
	body := map[string]any{"inbox_id": inbox, "source_id": sourceID}
	return c.do(ctx, call{what: "add a contact to the inbox", method: http.MethodPost, path: contactPath(id) + "/contact_inboxes", body: body})
}

// MergeContacts makes mergee part of base.
func (c *Client) MergeContacts(ctx context.Context, base, mergee ContactID) error {
	body := map[string]any{"base_contact_id": base, "mergee_contact_id": mergee}
	return c.do(ctx, call{what: "merge contacts", method: http.MethodPost, path: "/actions/contact_merge", body: body})
}

func contactPath(id ContactID) string { return "/contacts/" + strconv.FormatInt(int64(id), 10) }
