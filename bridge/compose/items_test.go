package compose

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
)

// message reads an agent's message as a webhook tells of it.
func message(t *testing.T, attributes, kind, text string) chatwoot.Message {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"event": "message_created", "id": 7, "message_type": "outgoing", "private": false, "content": text, "content_type": kind,
		"content_attributes": json.RawMessage(attributes), "sender": nil,
	})
	require.NoError(t, err)
	e, err := chatwoot.ParseEvent(body)
	require.NoError(t, err)
	return e.Message
}

func TestABotsChoicesAreNumberedText(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ kind, text, attributes, want string }{
		"select":              {"input_select", "**Pick**", `{"items":[{"title":"Red","value":"r"},{"title":"Blue","value":"b"}]}`, "*Pick*\n\n1. Red\n2. Blue"},
		"select by value":     {"input_select", "Pick", `{"items":[{"value":"r"},{"title":" ","value":"b"}]}`, "Pick\n\n1. r\n2. b"},
		"numbers as titles":   {"input_select", "Pick", `{"items":[{"title":1},{"title":2.5}]}`, "Pick\n\n1. 1\n2. 2.5"},
		"only choices":        {"input_select", "", `{"items":[{"title":"Red"}]}`, "1. Red"},
		"no null in content":  {"input_select", "", `{"items":[{"title":"a\u0000b"}]}`, "1. ab"},
		"title of many lines": {"input_select", "Pick", `{"items":[{"title":"Red\n2. Fake"},{"title":"Blue"}]}`, "Pick\n\n1. Red 2. Fake\n2. Blue"},
		"nothing in an item":  {"input_select", "Pick", `{"items":[{},null,7,"x",{"title":"Red"},[]]}`, "Pick\n\n1. Red"},
		"no list":             {"input_select", "Pick", `{"items":{"title":"Red"}}`, "Pick"},
		"null":                {"input_select", "Pick", `{"items":null}`, "Pick"},
		"cards": {"cards", "Our rooms", `{"items":[{"title":"Single","description":"One bed","media_url":"https://x.example/a.png","actions":[{"type":"link","text":"Book","uri":"https://x.example/1"},{"type":"postback","text":"More","payload":"p"}]},{"title":"Double","actions":[{"uri":"https://x.example/2"}]}]}`,
			"Our rooms\n\n1. Single\nOne bed\nBook: https://x.example/1\nMore\n\n2. Double\nhttps://x.example/2"},
		"form": {"form", "Who are you?", `{"items":[{"name":"email","placeholder":"you@example.com","type":"email","label":"E-mail"},{"name":"size","label":"Size","type":"select","options":[{"label":"Small","value":"s"},{"value":"l"}]},{"name":"x","label":"Name","placeholder":"name"}]}`,
			"Who are you?\n\n1. E-mail (you@example.com)\n2. Size\n   - Small\n   - l\n3. Name"},
		"article": {"article", "Read", `{"items":[{"title":"Returns","description":"In 30 days","link":"https://help.example/r"},{"title":"Sizes","link":"https://help.example/s"}]}`,
			"Read\n\n1. Returns\nIn 30 days\nhttps://help.example/r\n\n2. Sizes\nhttps://help.example/s"},
		"another kind has no items": {"text", "Hi", `{"items":[{"title":"Red"}]}`, "Hi"},
	} {
		m := message(t, tc.attributes, tc.kind, tc.text)
		require.True(t, Sendable(m), name)
		parts := Parts(m, true)
		require.Len(t, parts, 1, name)
		require.Equal(t, tc.want, parts[0].Text, name)
		around := chatwoot.Event{Account: 1, Inbox: 2, Conversation: chatwoot.EventConversation{ID: 3}}
		raw, err := chatwoot.EncodeCreated(m, around)
		require.NoError(t, err)
		again, err := chatwoot.ParseEvent(raw)
		require.NoError(t, err)
		require.Equal(t, parts, Parts(again.Message, true), "%s: what the comparison or the live channel journals is the same", name)
	}
}

func TestABotsThousandChoicesHaveAnEnd(t *testing.T) {
	t.Parallel()
	attributes := `{"items":[` + strings.Repeat(`{"title":"`+strings.Repeat("é", 300)+`"},`, 9999) + `{"title":"x"}]}`
	parts := Parts(message(t, attributes, "input_select", "Pick"), true)
	require.Len(t, parts, 1)
	require.Less(t, len(parts[0].Text), 40_000)
	require.True(t, utf8.ValidString(parts[0].Text))
}

// The messages that nobody types are as Chatwoot posts them: see the contract.
func TestWhatNobodyTypedGoesOut(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"greeting":       `{"message_type":"template","content_type":"text","sender":null,"content":"Welcome","content_attributes":{}}`,
		"out of office":  `{"message_type":"template","content_type":"text","sender":null,"content":"We are closed","content_attributes":{}}`,
		"template of 3":  `{"message_type":3,"content_type":"text","content":"We are closed"}`,
		"automation":     `{"message_type":"outgoing","content_type":"text","sender":null,"content":"Ticket 7","content_attributes":{"automation_rule_id":4}}`,
		"macro":          `{"message_type":"outgoing","content_type":"text","sender":{"id":2,"name":"Ana","type":"user"},"content":"Thanks"}`,
		"bot":            `{"message_type":"outgoing","content_type":"text","sender":{"id":1,"name":"Bot","type":"agent_bot"},"content":"I am a bot"}`,
		"captain":        `{"message_type":"outgoing","content_type":"text","sender":{"id":1,"name":"Captain","type":"captain_assistant"},"content":"Let me see"}`,
		"e-mail asked":   `{"message_type":"template","content_type":"input_email","sender":null,"content":"Get notified by email","content_attributes":{}}`,
		"video call":     `{"message_type":"outgoing","content_type":"integrations","sender":{"id":2,"name":"Ana","type":"user"},"content":"Ana has started a meeting","content_attributes":{"type":"dyte","data":{"meeting_id":"m"}}}`,
		"strange sender": `{"message_type":"outgoing","content_type":"text","sender":["x"],"content":"Hi"}`,
	} {
		e, err := chatwoot.ParseEvent([]byte(`{"event":"message_created","id":7,"private":false,` + body[1:]))
		require.NoError(t, err, name)
		require.True(t, Sendable(e.Message), name)
		parts := Parts(e.Message, true)
		require.Len(t, parts, 1, name)
		require.Equal(t, e.Message.Content, parts[0].Text, name)
	}
}

func TestRecordedChoicesGoOut(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("testdata", "input_select.json"))
	require.NoError(t, err)
	e, err := chatwoot.ParseEvent(raw)
	require.NoError(t, err)
	require.True(t, Sendable(e.Message))
	require.Equal(t, []Part{{Text: "Pick\n\n1. A\n2. B"}}, Parts(e.Message, true))
	require.Equal(t, chatwoot.Author{ID: 2, Name: "Bruno Agent", Type: "user"}, e.Message.Author)
}
