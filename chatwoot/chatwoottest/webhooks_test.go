package chatwoottest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

func TestSignatureVector(t *testing.T) {
	t.Parallel()
	require.Equal(t, "sha256=c2b47c4bf6decd5c7816fb9c70533e9ae324004dde91660c58bf336a7488cf60",
		chatwoottest.Sign("LPp5cZk1oXW9rJt3uVYbQ2mN", "1767225600", []byte(`{"event":"message_created","id":1}`)))
}

func TestWebhooksAreSignedOverTheirRawBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	w.incoming(conv, "<b> & \u2028 ünï")
	w.idle()
	h := w.hits[len(w.hits)-1]
	secret := w.Inboxes()[0].Secret
	require.Equal(t, chatwoottest.Sign(secret, h.header.Get("X-Chatwoot-Timestamp"), h.body), h.header.Get("X-Chatwoot-Signature"))
	require.Len(t, h.header.Get("X-Chatwoot-Delivery"), 36)
	require.Equal(t, "application/json", h.header.Get("Content-Type"))
	var created []byte
	for _, hit := range w.hits {
		if strings.Contains(string(hit.body), `"message_created"`) {
			created = hit.body
		}
	}
	require.Contains(t, string(created), `\u003cb\u003e \u0026 \u2028 ünï`, "escaped as Rails does")
	before := secret
	w.post(w.AdminToken(), "/api/v1/accounts/1/inboxes/1/reset_secret", `{}`)
	w.incoming(conv, "new secret")
	w.idle()
	h = w.hits[len(w.hits)-1]
	require.NotEqual(t, chatwoottest.Sign(before, h.header.Get("X-Chatwoot-Timestamp"), h.body), h.header.Get("X-Chatwoot-Signature"))
}

func TestWhichEventsAreSent(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		do   func(t *testing.T, w *world, conv int)
		want []string
	}{
		{"first customer message", func(_ *testing.T, w *world, conv int) { w.incoming(conv, "x") }, []string{"message_created"}},
		{"first reply", func(t *testing.T, w *world, conv int) { reply(t, w, conv) }, []string{"message_created", "conversation_updated"}},
		{"private note", func(t *testing.T, w *world, conv int) {
			_, err := w.Note(conv, "x")
			require.NoError(t, err)
		}, []string{"message_created"}},
		{"resolve", func(t *testing.T, w *world, conv int) { require.NoError(t, w.Resolve(conv)) },
			[]string{"conversation_status_changed", "conversation_updated"}},
		{"reopened by the customer", func(t *testing.T, w *world, conv int) {
			require.NoError(t, w.Resolve(conv))
			w.idle()
			w.incoming(conv, "x")
		}, []string{"conversation_status_changed", "conversation_updated", "conversation_status_changed", "conversation_updated", "message_created", "conversation_updated"}},
		{"typing", func(t *testing.T, w *world, conv int) {
			require.NoError(t, w.Type(conv, true))
			require.NoError(t, w.Type(conv, false))
		}, []string{"conversation_typing_on", "conversation_typing_off"}},
		{"the customer types", func(_ *testing.T, w *world, conv int) {
			w.post("", fmt.Sprintf("/public/api/v1/inboxes/%s/contacts/maria/conversations/%d/toggle_typing", w.Inboxes()[0].Identifier, conv), `{"typing_status":"on"}`)
		}, []string{"conversation_typing_on"}},
		{"the agent reads", func(_ *testing.T, w *world, conv int) {
			w.post(w.AdminToken(), w.conversation(conv, "/update_last_seen"), `{}`)
		}, nil},
		{"assigned", func(t *testing.T, w *world, conv int) { require.NoError(t, w.Assign(conv, 2)) }, []string{"conversation_updated"}},
		{"a contact changes", func(_ *testing.T, w *world, _ int) {
			w.send(http.MethodPut, w.AdminToken(), contactsPath+"/1", `{"name":"M"}`)
		}, nil},
		{"an agent starts a conversation", func(t *testing.T, w *world, _ int) {
			_, err := w.StartConversation(w.inbox, 1, "x")
			require.NoError(t, err)
		}, []string{"message_created", "conversation_created", "conversation_updated"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, chatwoottest.Options{WebhookWorkers: 1})
			conv := w.newConversation("Maria")
			require.Equal(t, []string{"conversation_created"}, w.idle())
			test.do(t, w, conv)
			require.Equal(t, append([]string{"conversation_created"}, test.want...), w.idle())
		})
	}
}

func reply(t *testing.T, w *world, conv int) chatwoottest.Message {
	t.Helper()
	m, err := w.Reply(conv, "x")
	require.NoError(t, err)
	return m
}

func TestAccountWebhooksTakeWhatTheySubscribeTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{WebhookWorkers: 1})
	const path = "/api/v1/accounts/1/webhooks"
	made := w.post(w.AdminToken(), path, `{"webhook":{"url":"`+w.receiver.URL+`/account","subscriptions":["contact_created","contact_updated"]}}`)
	require.Equal(t, http.StatusOK, made.status, made.text)
	require.Equal(t, http.StatusUnprocessableEntity, w.post(w.AdminToken(), path, `{"webhook":{"url":"`+w.receiver.URL+`/account"}}`).status)
	require.Equal(t, http.StatusUnprocessableEntity, w.post(w.AdminToken(), path, `{"webhook":{"url":"ftp://x"}}`).status)
	require.Equal(t, http.StatusUnprocessableEntity, w.post(w.AdminToken(), path, `{"webhook":{"url":"http://x","subscriptions":["nonsense"]}}`).status)
	w.incoming(w.newConversation("Maria"), "x")
	w.idle()
	var events []string
	for _, h := range w.hits {
		if h.path == "/account" {
			var body struct{ Event string }
			require.NoError(t, json.Unmarshal(h.body, &body))
			events = append(events, body.Event)
			require.Equal(t, chatwoottest.Sign(made.at("payload.webhook.secret").(string), h.header.Get("X-Chatwoot-Timestamp"), h.body), h.header.Get("X-Chatwoot-Signature"))
		}
	}
	require.Equal(t, []string{"contact_created", "contact_updated"}, events)
}

// A request is answered while its webhook is still under way.
func TestDeliveryIsAsynchronous(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	release := make(chan struct{})
	w.answerWith(func(http.ResponseWriter, *http.Request) { <-release })
	conv := w.newConversation("Maria")
	w.incoming(conv, "x")
	require.Empty(t, w.Webhooks(), "nothing has been answered yet")
	close(release)
	require.Len(t, w.idle(), 2)
}

func TestAFailedWebhookMarksItsMessage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer func(w http.ResponseWriter, r *http.Request, stop <-chan struct{})
		reason string // "" = it counts as delivered
	}{
		{"500", func(w http.ResponseWriter, _ *http.Request, _ <-chan struct{}) { w.WriteHeader(500) }, "500 Internal Server Error"},
		{"404", func(w http.ResponseWriter, _ *http.Request, _ <-chan struct{}) { w.WriteHeader(404) }, "404 Not Found"},
		{"204", func(w http.ResponseWriter, _ *http.Request, _ <-chan struct{}) { w.WriteHeader(204) }, ""},
		{"too slow", func(_ http.ResponseWriter, _ *http.Request, stop <-chan struct{}) { <-stop }, "Net::ReadTimeout with #<TCPSocket:(closed)>"},
		{"closed connection", func(http.ResponseWriter, *http.Request, <-chan struct{}) { panic(http.ErrAbortHandler) }, "end of file reached"},
		{"redirect", func(w http.ResponseWriter, r *http.Request, _ <-chan struct{}) {
			if r.URL.Path == "/hook" {
				http.Redirect(w, r, "/elsewhere", http.StatusFound)
			}
		}, ""},
		{"endless redirects", func(w http.ResponseWriter, r *http.Request, _ <-chan struct{}) {
			http.Redirect(w, r, "/hook", http.StatusFound)
		}, "Got 10 redirects fetching the webhook"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			timeout := patience
			if test.name == "too slow" {
				timeout = 300 * time.Millisecond
			}
			w := newWorld(t, chatwoottest.Options{WebhookTimeout: timeout})
			conv := w.newConversation("Maria")
			w.idle()
			stop := make(chan struct{})
			t.Cleanup(func() { close(stop) }) // before the receiver closes
			w.answerWith(func(rw http.ResponseWriter, r *http.Request) { test.answer(rw, r, stop) })
			id := w.incoming(conv, "the customer's own")
			require.NoError(t, w.WaitIdle(t.Context()))
			m, _ := w.Message(id)
			updates := 0
			for _, d := range w.Webhooks() {
				if d.Event == "message_updated" {
					updates++
				}
			}
			if test.reason == "" {
				require.Equal(t, "sent", m.Status)
				require.Zero(t, updates)
				return
			}
			require.Equal(t, "failed", m.Status)
			require.Equal(t, test.reason, m.Reason)
			require.Equal(t, 1, updates, "a second identical failure changes nothing and tells nothing")
		})
	}
}

func TestARefusedConnectionMarksTheMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	w.idle()
	w.receiver.Close()
	m := reply(t, w, conv)
	require.NoError(t, w.WaitIdle(t.Context()))
	m, _ = w.Message(m.ID)
	require.Equal(t, "failed", m.Status)
	require.Contains(t, m.Reason, "Connection refused")
}

// The payload is built when a worker gets to it, from the rows as they are.
func TestALateWebhookShowsTheLaterState(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{WebhookWorkers: 1})
	conv := w.newConversation("Maria")
	w.idle()
	release := make(chan struct{})
	var blocked atomic.Bool
	remove := w.OnWebhook(func(chatwoottest.Webhook) chatwoottest.WebhookFault {
		if blocked.CompareAndSwap(false, true) {
			<-release
		}
		return chatwoottest.WebhookFault{}
	})
	defer remove()
	m := reply(t, w, conv)
	require.NoError(t, w.Delete(m.ID))
	close(release)
	w.idle()
	require.Contains(t, string(w.hits[1].body), `"event":"message_created"`)
	require.Contains(t, string(w.hits[1].body), `"deleted":true`)
}

func TestCloseEndsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop) })
	w.answerWith(func(http.ResponseWriter, *http.Request) { <-stop })
	w.AddWebhookRule(chatwoottest.WebhookRule{Event: "message_updated", Fault: chatwoottest.WebhookFault{Delay: time.Hour}})
	m := reply(t, w, conv)
	require.NoError(t, w.Delete(m.ID))
	started := time.Now()
	require.NoError(t, w.Close())
	require.Less(t, time.Since(started), 5*time.Second)
}
