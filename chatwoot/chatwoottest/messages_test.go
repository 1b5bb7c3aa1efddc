package chatwoottest_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

func TestMessageValidation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	tests := []struct {
		name, body string
		status     int
		want       string
	}{
		{"150000 characters", `{"content":"` + strings.Repeat("é", 150000) + `"}`, 200, ""},
		{"150001 characters", `{"content":"` + strings.Repeat("é", 150001) + `"}`, 422, `{"error":"Validation failed: Content is too long (maximum is 150000 characters)"}`},
		{"NUL", `{"content":"a\u0000b","message_type":"incoming"}`, 422, `{"error":"string contains null byte"}`},
		{"NUL in the source id", `{"content":"a","source_id":"\u0000"}`, 422, `{"error":"string contains null byte"}`},
		{"bad type", `{"content":"x","message_type":"nonsense"}`, 422, `{"error":"'nonsense' is not a valid message_type"}`},
		{"bad content type", `{"content":"x","content_type":"nonsense"}`, 422, `{"error":"'nonsense' is not a valid content_type"}`},
		{"nothing at all", `{"message_type":"incoming"}`, 200, ""},
		{"an old date changes nothing", `{"content":"x","created_at":"2020-01-01T00:00:00Z"}`, 200, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := len(w.Messages(conv))
			got := w.post(w.AdminToken(), w.conversation(conv, "/messages"), test.body)
			require.Equal(t, test.status, got.status, clip(got.text))
			if test.status == http.StatusOK {
				require.Len(t, w.Messages(conv), before+1)
				require.InDelta(t, time.Now().Unix(), got.int("created_at"), 60)
				return
			}
			require.JSONEq(t, test.want, got.text)
			require.Len(t, w.Messages(conv), before)
		})
	}
	require.Equal(t, http.StatusNotFound, w.post(w.AdminToken(), w.conversation(99, "/messages"), `{}`).status)
}

func clip(s string) string { return s[:min(len(s), 300)] }

func TestTheFloodGuard(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	w := newWorld(t, chatwoottest.Options{Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})
	conv, other := w.newConversation("Maria"), w.newConversation("João")
	for i := range 200 {
		w.incoming(conv, fmt.Sprint(i))
	}
	path := w.conversation(conv, "/messages")
	full := w.post(w.AdminToken(), path, `{"content":"one too many","message_type":"incoming"}`)
	require.Equal(t, http.StatusUnprocessableEntity, full.status)
	require.JSONEq(t, `{"error":"Validation failed: Too many messages"}`, full.text)
	last := w.Messages(conv)[199]
	require.Equal(t, http.StatusUnprocessableEntity, w.patch(w.AdminToken(), w.messagePath(last), `{"status":"read"}`).status)
	require.Equal(t, http.StatusUnprocessableEntity, w.send(http.MethodDelete, w.AdminToken(), w.messagePath(last), "").status)
	_, err := w.Reply(conv, "nor an agent")
	require.ErrorContains(t, err, "Too many messages")
	w.incoming(other, "another conversation is free")
	ahead.Store(int64(61 * time.Second))
	w.incoming(conv, "a minute later")
}

func TestStatusTransitions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		from, body, status, reason string
		told                       bool // a message_updated goes out
	}{
		{"sent", `{"status":"delivered"}`, "delivered", "", true},
		{"sent", `{"status":"read"}`, "read", "", true},
		{"delivered", `{"status":"read"}`, "read", "", true},
		{"delivered", `{"status":"sent"}`, "sent", "", true},
		{"read", `{"status":"delivered"}`, "read", "", false},
		{"read", `{"status":"sent"}`, "sent", "", true},
		{"read", `{"status":"failed","external_error":"x"}`, "failed", "x", true},
		{"sent", `{"status":"nonsense"}`, "sent", "", false},
		{"sent", `{}`, "sent", "", false},
		{"sent", `{"status":"sent"}`, "sent", "", false},
		{"sent", `{"status":"delivered","external_error":"x"}`, "delivered", "", true},
		{"failed", `{"status":"failed","external_error":"why"}`, "failed", "why", false},
		{"failed", `{"status":"failed","external_error":"other"}`, "failed", "other", true},
		{"failed", `{"status":"sent"}`, "sent", "", true},
	}
	for _, test := range tests {
		t.Run(test.from+" "+test.body, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, chatwoottest.Options{})
			m, err := w.Reply(w.newConversation("Maria"), "x")
			require.NoError(t, err)
			w.patch(w.AdminToken(), w.messagePath(m), `{"status":"`+test.from+`","external_error":"why"}`)
			before := len(w.idle())
			got := w.patch(w.AdminToken(), w.messagePath(m), test.body)
			require.Equal(t, http.StatusOK, got.status)
			require.Equal(t, test.status, got.at("status"))
			m, _ = w.Message(m.ID)
			require.Equal(t, test.status, m.Status)
			require.Equal(t, test.reason, m.Reason)
			events := w.idle()[before:]
			if !test.told {
				require.Empty(t, events)
				return
			}
			require.Equal(t, []string{"message_updated"}, events)
		})
	}
}

func TestReplies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv, other := w.newConversation("Maria"), w.newConversation("João")
	w.post(w.AdminToken(), w.conversation(conv, "/messages"), `{"content":"a","message_type":"incoming","source_id":"WAID:1"}`)
	w.post(w.AdminToken(), w.conversation(conv, "/messages"), `{"content":"b","message_type":"incoming","source_id":"WAID:1"}`)
	foreign := w.incoming(other, "c")
	first := w.Messages(conv)[0].ID
	none := w.incoming(conv, "no source id")
	tests := []struct{ name, attributes, want string }{
		{"by id", fmt.Sprintf(`{"in_reply_to":%d}`, first), fmt.Sprintf(`{"in_reply_to":%d,"in_reply_to_external_id":"WAID:1"}`, first)},
		{"by id as text", fmt.Sprintf(`{"in_reply_to":"%d"}`, first), fmt.Sprintf(`{"in_reply_to":%d,"in_reply_to_external_id":"WAID:1"}`, first)},
		{"by external id, the oldest", `{"in_reply_to_external_id":"WAID:1"}`, fmt.Sprintf(`{"in_reply_to":%d,"in_reply_to_external_id":"WAID:1"}`, first)},
		{"the id wins", fmt.Sprintf(`{"in_reply_to":%d,"in_reply_to_external_id":"WAID:1"}`, none), fmt.Sprintf(`{"in_reply_to":%d,"in_reply_to_external_id":null}`, none)},
		{"unknown external id", `{"in_reply_to_external_id":"WAID:9"}`, `{"in_reply_to":null,"in_reply_to_external_id":null}`},
		{"of another conversation", fmt.Sprintf(`{"in_reply_to":%d}`, foreign), `{"in_reply_to":null,"in_reply_to_external_id":null}`},
		{"other attributes stay", `{"external_echo":true,"in_reply_to":null}`, `{"external_echo":true,"in_reply_to":null}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := w.post(w.AdminToken(), w.conversation(conv, "/messages"), `{"content":"x","content_attributes":`+test.attributes+`}`)
			require.Equal(t, http.StatusOK, got.status, got.text)
			require.Contains(t, got.text, `"content_attributes":`)
			require.JSONEq(t, test.want, mustJSON(t, got.at("content_attributes")))
		})
	}
}

func TestADeletedMessageKeepsItsRow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	asked := w.incoming(conv, "hi")
	m, err := w.Reply(conv, "secret", chatwoottest.Quoting(asked), chatwoottest.WithFile("a.png", "image/png", []byte("\x89PNG")))
	require.NoError(t, err)
	before := len(w.idle())
	got := w.send(http.MethodDelete, w.AdminToken(), w.messagePath(m), "")
	require.Equal(t, http.StatusOK, got.status)
	require.Equal(t, "This message was deleted", got.at("content"))
	require.JSONEq(t, `{"deleted":true}`, mustJSON(t, got.at("content_attributes")))
	require.NotContains(t, got.text, "attachments")
	require.Equal(t, []string{"message_updated"}, w.idle()[before:])
	require.Equal(t, http.StatusNotFound, w.get("", m.Files[0].URL).status, "the file is purged")
	_, err = m.Files[0].Bytes()
	require.Error(t, err)
}

func TestRetryOnlySetsTheStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	asked := w.incoming(conv, "hi")
	m, err := w.Reply(conv, "x", chatwoottest.Quoting(asked))
	require.NoError(t, err)
	retry := func() answer { return w.post(w.AdminToken(), w.messagePath(m)+"/retry", `{}`) }
	before := len(w.idle())
	require.Equal(t, http.StatusOK, retry().status)
	require.Empty(t, w.idle()[before:], "a message that did not fail is left alone")

	w.patch(w.AdminToken(), w.messagePath(m), `{"status":"failed","external_error":"x"}`)
	before = len(w.idle())
	require.Equal(t, "sent", retry().at("status"))
	require.Equal(t, []string{"message_updated"}, w.idle()[before:])
	m, _ = w.Message(m.ID)
	require.Zero(t, m.ReplyTo, "the reply reference is lost")
	unknown := w.post(w.AdminToken(), w.conversation(conv, "/messages/99/retry"), `{}`)
	require.Equal(t, http.StatusUnprocessableEntity, unknown.status)
	require.Contains(t, unknown.text, "Couldn't find Message")
}

func TestLists(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	for i := range 130 {
		w.incoming(conv, fmt.Sprint(i+1)) // ids are 1 to 130
	}
	_, err := w.Note(conv, "131")
	require.NoError(t, err)
	tests := []struct {
		query       string
		first, last int
	}{
		{"", 112, 131},
		{"?filter_internal_messages=1", 111, 130},
		{"?before=50", 30, 49},
		{"?after=10", 11, 110},
		{"?after=10&before=13", 10, 12},
		{"?after=1&before=1000", 1, 131},
	}
	for _, test := range tests {
		t.Run(test.query, func(t *testing.T) {
			got := w.get(w.AdminToken(), w.conversation(conv, "/messages"+test.query))
			require.Len(t, got.at("payload"), test.last-test.first+1)
			require.Equal(t, test.first, got.int("payload.0.id"))
			require.Equal(t, test.last, got.int(fmt.Sprintf("payload.%d.id", test.last-test.first)))
		})
	}
}

func TestLiquidIsForOutgoingMessages(t *testing.T) {
	t.Parallel()
	tests := []struct{ kind, content, want string }{
		{"outgoing", "hello {{contact.name}}", "hello Maria"},
		{"outgoing", "hello {{ contact.nothing }}!", "hello !"},
		{"outgoing", "{% raw %}{{contact.name}}{% endraw %}", "{{contact.name}}"},
		{"outgoing", "`{{contact.name}}` {{contact.name | upcase}}", "`{{contact.name}}` MARIA"},
		{"outgoing", "{{ '{%' }} {% raw %}%}{% endraw %}", "{% %}"},
		{"outgoing", "{% nonsense %}{{contact.name}}", "{% nonsense %}{{contact.name}}"},
		{"outgoing", "a { b } {{", "a { b } {{"},
		{"template", "{{contact.name}}", "Maria"},
		{"incoming", "{{contact.name}}", "{{contact.name}}"},
	}
	for _, test := range tests {
		t.Run(test.kind+" "+test.content, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, chatwoottest.Options{})
			conv := w.newConversation("Maria")
			got := w.post(w.AdminToken(), w.conversation(conv, "/messages"), mustJSON(t, map[string]string{"content": test.content, "message_type": test.kind}))
			require.Equal(t, test.want, got.at("content"))
		})
	}
}
