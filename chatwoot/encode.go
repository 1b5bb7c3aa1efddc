package chatwoot

import (
	"encoding/json"
	"fmt"
)

// EncodeCreated makes the body of the webhook that Chatwoot posts, or should
// have, when message m was created; around is an event of the same
// conversation. ParseEvent reads it.
func EncodeCreated(m Message, around Event) ([]byte, error) {
	type identified struct {
		ID int64 `json:"id"`
	}
	c := around.Conversation
	body := struct {
		Message
		Event        string     `json:"event"`
		Account      identified `json:"account"`
		Inbox        identified `json:"inbox"`
		Conversation any        `json:"conversation"`
	}{Message: m, Event: EventMessageCreated, Account: identified{around.Account}, Inbox: identified{int64(around.Inbox)}}
	body.Conversation = map[string]any{
		"id": c.ID, "inbox_id": c.Inbox, "status": c.Status,
		"contact_inbox": map[string]any{"source_id": c.SourceID},
		"meta": map[string]any{"sender": map[string]any{
			"id": c.ContactID, "name": c.ContactName, "phone_number": c.ContactPhone, "identifier": c.Identifier,
		}},
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode a message as a webhook: %w", err)
	}
	return raw, nil
}
