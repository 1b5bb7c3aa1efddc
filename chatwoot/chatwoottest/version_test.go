package chatwoottest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// traits is what a client can see of a release.
type traits struct {
	Health, Delivery, Signed, Extension, EchoKept, AccountNamed bool
	PhoneFound, LongSourceID, ConversationDeletes, Redirects    bool
	Content                                                     string
}

func TestReleases(t *testing.T) {
	t.Parallel()
	written := "one\\\ntwo\n\n"
	tests := map[string]traits{
		"4.2.0":  {Content: written},
		"4.9.0":  {Content: written, Health: true, EchoKept: true, PhoneFound: true, LongSourceID: true, ConversationDeletes: true},
		"4.11.2": {Content: written, Health: true, EchoKept: true, PhoneFound: true, LongSourceID: true, ConversationDeletes: true, Delivery: true},
		"4.13.0": {Content: "one\ntwo\n\n", Health: true, EchoKept: true, PhoneFound: true, LongSourceID: true, ConversationDeletes: true,
			Delivery: true, Signed: true, Extension: true},
		"4.14.2": {Content: "one\ntwo", Health: true, EchoKept: true, PhoneFound: true, LongSourceID: true, ConversationDeletes: true,
			Delivery: true, Signed: true, Extension: true, AccountNamed: true, Redirects: true},
		"": {Content: "one\ntwo", Health: true, EchoKept: true, PhoneFound: true, LongSourceID: true, ConversationDeletes: true,
			Delivery: true, Signed: true, Extension: true, AccountNamed: true, Redirects: true},
	}
	for version, want := range tests {
		t.Run("version "+version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, chatwoottest.Options{Version: version})
			if version == "" {
				version = chatwoottest.DefaultVersion
			}
			require.Equal(t, version, w.get("", "/api").at("version"))
			require.Equal(t, want, traitsOf(w))
		})
	}
}

func traitsOf(w *world) traits {
	t, admin := w.t, w.AdminToken()
	_, err := w.AddContact("name", "Paula", "phone_number", "+5511999998888")
	require.NoError(t, err)
	conv := w.newConversation("Maria")
	sent, err := w.Reply(conv, "one\\\ntwo\n\n", chatwoottest.WithFile("a.png", "image/png", []byte("\x89PNG")))
	require.NoError(t, err)
	w.idle()
	var is traits
	for _, h := range w.hits {
		var body struct {
			Event, Content string
			ID             int
			Attachments    []struct{ Extension *string }
			Conversation   struct{ Account *struct{ ID int } }
		}
		require.NoError(t, json.Unmarshal(h.body, &body))
		if body.Event != "message_created" || body.ID != sent.ID {
			continue
		}
		is.Content, is.Extension, is.AccountNamed = body.Content, body.Attachments[0].Extension != nil, body.Conversation.Account != nil
		is.Delivery, is.Signed = h.header.Get("X-Chatwoot-Delivery") != "", h.header.Get("X-Chatwoot-Signature") != ""
	}
	inbox := w.get(admin, fmt.Sprintf("/api/v1/accounts/1/inboxes/%d", w.inbox))
	require.Equal(t, is.Signed, strings.Contains(inbox.text, `"secret"`), "a secret and a signature come together")
	is.Health = w.get("", "/health").status == http.StatusOK
	echo := w.post(admin, w.conversation(conv, "/messages"), `{"content":"x","content_attributes":{"external_echo":true}}`)
	is.EchoKept = echo.at("content_attributes.external_echo") == true
	found := w.post(admin, "/api/v1/accounts/1/contacts/filter",
		`{"payload":[{"attribute_key":"phone_number","filter_operator":"equal_to","values":["+5511999998888"],"query_operator":null}]}`)
	is.PhoneFound = found.int("meta.count") == 1
	searched := w.get(admin, "/api/v1/accounts/1/contacts/search?q=%2B5511999998888")
	require.Equal(t, "Paula", searched.at("payload.0.name"), "the search finds a number in every release")
	long := w.post(admin, w.conversation(conv, "/messages"), mustJSON(t, map[string]string{"content": "x", "source_id": strings.Repeat("x", 256)}))
	is.LongSourceID = long.status == http.StatusOK
	w.idle()
	w.answerWith(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hook" {
			http.Redirect(rw, r, "/elsewhere", http.StatusFound)
		}
	})
	moved := w.incoming(conv, "moved")
	w.idle()
	m, _ := w.Message(moved)
	is.Redirects = m.Status == "sent"
	is.ConversationDeletes = w.send(http.MethodDelete, admin, w.conversation(conv, ""), "").status == http.StatusOK
	return is
}

// Before 4.9.0 an answer to a message is known by that message's number only.
func TestRepliesOfAnOldRelease(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{Version: "4.2.0"})
	conv := w.newConversation("Maria")
	first := w.post(w.AdminToken(), w.conversation(conv, "/messages"), `{"content":"q","message_type":"incoming","source_id":"WAID:1"}`).int("id")
	external := w.post(w.AdminToken(), w.conversation(conv, "/messages"), `{"content":"a","content_attributes":{"in_reply_to_external_id":"WAID:1"}}`)
	require.JSONEq(t, `{}`, mustJSON(t, external.at("content_attributes")))
	byID := w.post(w.AdminToken(), w.conversation(conv, "/messages"), fmt.Sprintf(`{"content":"a","content_attributes":{"in_reply_to":%d}}`, first))
	require.Equal(t, first, byID.int("content_attributes.in_reply_to"))
}

// Releases do not look whether a message failed, and say twice that it changed.
func TestRetryOfAnOldRelease(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{Version: "4.11.2"})
	conv := w.newConversation("Maria")
	m, err := w.Reply(conv, "hi")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, w.patch(w.AdminToken(), w.messagePath(m), `{"status":"failed","external_error":"no"}`).status)
	w.idle()
	w.hits = nil
	require.NoError(t, w.Retry(m.ID))
	require.Equal(t, []string{"message_updated", "message_updated"}, w.idle())
	require.Contains(t, string(w.hits[0].body)+string(w.hits[1].body), `"external_error":null`)
}

// The enterprise edition says twice more that a sound's message changed.
func TestSoundsOfTheEnterpriseEdition(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]int{"4.2.0": 0, "4.11.2": 1, chatwoottest.DefaultVersion: 2} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, chatwoottest.Options{Version: version, Enterprise: true})
			conv := w.newConversation("Maria")
			w.idle()
			_, err := w.Reply(conv, "", chatwoottest.WithFile("a.mp3", "audio/mpeg", []byte("ID3")))
			require.NoError(t, err)
			_, err = w.Reply(conv, "", chatwoottest.WithFile("a.png", "image/png", []byte("\x89PNG")))
			require.NoError(t, err)
			updated := 0
			for _, event := range w.idle() {
				if event == "message_updated" {
					updated++
				}
			}
			require.Equal(t, want, updated)
		})
	}
}
