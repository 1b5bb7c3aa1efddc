package chatwoottest_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

func TestWhatReopensAConversation(t *testing.T) {
	t.Parallel()
	tests := []struct {
		from, kind string
		blocked    bool
		want       string
	}{
		{"resolved", "incoming", false, "open"},
		{"snoozed", "incoming", false, "open"},
		{"pending", "incoming", false, "pending"},
		{"open", "incoming", false, "open"},
		{"resolved", "outgoing", false, "resolved"},
		{"resolved", "incoming", true, "resolved"},
		{"snoozed", "incoming", true, "snoozed"},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%s, %s, blocked %t", test.from, test.kind, test.blocked), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, chatwoottest.Options{})
			conv := w.newConversation("Maria")
			require.NoError(t, w.Block(w.Contacts()[0].ID, test.blocked))
			require.NoError(t, w.SetStatus(conv, test.from))
			got := w.post(w.AdminToken(), w.conversation(conv, "/messages"), `{"content":"x","message_type":"`+test.kind+`"}`)
			require.Equal(t, http.StatusOK, got.status)
			require.Equal(t, test.want, w.Conversations()[0].Status)
		})
	}
}

func TestLockToSingleConversation(t *testing.T) {
	t.Parallel()
	for _, locked := range []bool{true, false} {
		t.Run(fmt.Sprint(locked), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, chatwoottest.Options{})
			w.patch(w.AdminToken(), "/api/v1/accounts/1/inboxes/1", fmt.Sprintf(`{"lock_to_single_conversation":%t}`, locked))
			first := w.newConversation("Maria")
			require.NoError(t, w.Resolve(first))
			again := w.post(w.AdminToken(), "/api/v1/accounts/1/conversations", `{"inbox_id":1,"contact_id":1,"source_id":"maria","status":"open"}`)
			require.Equal(t, http.StatusOK, again.status)
			require.Equal(t, locked, again.int("id") == first)
			if locked {
				require.Equal(t, "resolved", again.at("status"), "it is returned as it is")
			}
			require.NoError(t, w.DeleteConversation(first))
			fresh := w.post(w.AdminToken(), "/api/v1/accounts/1/conversations", `{"inbox_id":1,"contact_id":1,"source_id":"maria"}`)
			require.NotEqual(t, first, fresh.int("id"), "a deleted one is never returned")
		})
	}
}

func TestFindingConversations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	maria, joao := w.newConversation("Maria"), w.newConversation("João")
	require.NoError(t, w.Resolve(maria))
	w.incoming(joao, "hi")
	tests := []struct {
		query string
		want  []int
	}{
		{"", []int{joao}}, // open is the default
		{"?status=all", []int{joao, maria}},
		{"?status=resolved", []int{maria}},
		{"?status=all&source_id=maria", []int{maria}},
		{"?status=all&source_id=nobody", nil},
		{"?status=all&inbox_id=9", nil},
		{"?status=all&updated_within=3600", []int{joao, maria}},
	}
	for _, test := range tests {
		t.Run(test.query, func(t *testing.T) {
			got := w.get(w.AdminToken(), "/api/v1/accounts/1/conversations"+test.query)
			rows, _ := got.at("data.payload").([]any)
			require.Len(t, rows, len(test.want))
			for i, id := range test.want {
				require.Equal(t, id, got.int(fmt.Sprintf("data.payload.%d.id", i)))
			}
		})
	}
}

func TestToggleStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	path := w.conversation(conv, "/toggle_status")
	require.Equal(t, "resolved", w.post(w.AdminToken(), path, `{}`).at("payload.current_status"))
	require.Equal(t, "open", w.post(w.AdminToken(), path, `{}`).at("payload.current_status"))
	require.Equal(t, http.StatusInternalServerError, w.post(w.AdminToken(), path, `{"status":"nonsense"}`).status)
	require.Zero(t, w.Conversations()[0].Assignee, "an administrator is not assigned")

	w.post(w.AdminToken(), "/api/v1/accounts/1/inbox_members", `{"inbox_id":1,"user_ids":[2]}`)
	w.post(w.AgentToken(), path, `{"status":"resolved"}`)
	w.post(w.AgentToken(), path, `{"status":"open"}`)
	require.Equal(t, 2, w.Conversations()[0].Assignee, "an agent who opens it gets it")
}

func TestConversationAttributesHaveLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	path := w.conversation(w.newConversation("Maria"), "/custom_attributes")
	require.Equal(t, http.StatusUnprocessableEntity, w.post(w.AdminToken(), path, `{"custom_attributes":{"phone":5511999998888}}`).status)
	w.post(w.AdminToken(), path, `{"custom_attributes":{"phone":"5511999998888"}}`)
	w.post(w.AdminToken(), path, `{"custom_attributes":{"ad":"x"}}`)
	require.Equal(t, map[string]any{"ad": "x"}, w.Conversations()[0].Attributes, "they are replaced as a whole")
}

func TestWhatIsGoneAnswersNotFound(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(w *world) error{
		"conversation": func(w *world) error { return w.DeleteConversation(1) },
		"contact":      func(w *world) error { return w.DeleteContact(1) },
		"inbox":        func(w *world) error { return w.DeleteInbox(1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, chatwoottest.Options{})
			conv := w.newConversation("Maria")
			before := len(w.idle())
			require.NoError(t, remove(w))
			got := w.post(w.AdminToken(), w.conversation(conv, "/messages"), `{"content":"x","message_type":"incoming"}`)
			require.Equal(t, http.StatusNotFound, got.status)
			require.JSONEq(t, `{"error":"Resource could not be found"}`, got.text)
			require.Empty(t, w.idle()[before:], "no webhook tells of it")
			want := http.StatusOK
			if name == "inbox" {
				want = http.StatusNotFound
			}
			require.Equal(t, want, w.get(w.AdminToken(), "/api/v1/accounts/1/inboxes/1").status)
		})
	}
}

func TestGreetingAndSurveyComeFromNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	w.patch(w.AdminToken(), "/api/v1/accounts/1/inboxes/1", `{"greeting_enabled":true,"greeting_message":"Welcome {{contact.name}}","csat_survey_enabled":true}`)
	conv := w.newConversation("Maria")
	w.incoming(conv, "hi")
	w.incoming(conv, "there?")
	require.NoError(t, w.Resolve(conv))
	require.NoError(t, w.Reopen(conv))
	require.NoError(t, w.Resolve(conv))
	var templates []string
	for _, m := range w.Messages(conv) {
		if m.Kind == "template" {
			require.Empty(t, m.Sender)
			templates = append(templates, m.ContentType)
		}
	}
	require.Equal(t, []string{"text", "input_csat"}, templates, "one greeting, one survey")
	require.Equal(t, "Welcome Maria", w.Messages(conv)[1].Text)
}
