package chatwoottest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

func TestRequestFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		fault   chatwoottest.Fault
		status  int // 0 = the connection breaks
		body    string
		kind    string
		stored  bool
		atLeast time.Duration
	}{
		{"429", chatwoottest.TooManyRequests(), 429, "Retry later\n", "text/plain", false, 0},
		{"500", chatwoottest.InternalServerError(), 500, "", "text/html; charset=UTF-8", false, 0},
		{"reset", chatwoottest.Fault{Reset: true}, 0, "", "", false, 0},
		{"ambiguous", chatwoottest.AmbiguousCreate(), 0, "", "", true, 0},
		{"slow", chatwoottest.Slow(50 * time.Millisecond), 200, "", "", true, 50 * time.Millisecond},
		{"slow answer", chatwoottest.Fault{ReplyDelay: 50 * time.Millisecond}, 200, "", "", true, 50 * time.Millisecond},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, chatwoottest.Options{})
			conv := w.newConversation("Maria")
			w.AddRule(chatwoottest.Rule{Method: http.MethodPost, Path: "/messages", Times: 1, Fault: test.fault})
			req, err := http.NewRequest(http.MethodPost, w.URL()+w.conversation(conv, "/messages"), nil)
			require.NoError(t, err)
			req.Header.Set("Api-Access-Token", w.AdminToken())
			started := time.Now()
			resp, err := http.DefaultClient.Do(req)
			if test.status == 0 {
				require.Error(t, err)
			} else {
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())
				require.Equal(t, test.status, resp.StatusCode)
				require.GreaterOrEqual(t, time.Since(started), test.atLeast)
				if test.kind != "" {
					require.Equal(t, test.kind, resp.Header.Get("Content-Type"))
				}
			}
			require.Len(t, w.Messages(conv), map[bool]int{true: 1, false: 0}[test.stored])
			w.incoming(conv, "the next one goes through")
		})
	}
}

// Chance strikes as often as it is said to, now and then twice in a row, and at
// the same requests for the same seed.
func TestAChanceIsDrawnFromItsSeed(t *testing.T) {
	t.Parallel()
	const requests = 400
	struck := func(seed uint64) (all []int) {
		w := newWorld(t, chatwoottest.Options{})
		w.AddRule(chatwoottest.Rule{Chance: &chatwoottest.Chance{Of: 0.25, Seed: seed}, Fault: chatwoottest.TooManyRequests()})
		for i := range requests {
			if w.get(w.AdminToken(), "/api/v1/profile").status == http.StatusTooManyRequests {
				all = append(all, i)
			}
		}
		return all
	}
	once := struck(7)
	require.InDelta(t, requests/4, len(once), requests/10)
	require.Equal(t, once, struck(7))
	require.NotEqual(t, once, struck(8))
}

// An echo may arrive before the answer to the request that caused it.
func TestAnEarlyEcho(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	w.idle()
	w.AddRule(chatwoottest.Rule{Path: "/messages", Fault: chatwoottest.Fault{WebhooksFirst: true}})
	w.incoming(conv, "x")
	require.Len(t, w.Webhooks(), 2, "delivered before the answer")
}

func TestWebhookFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	w.idle()
	created := func() (texts []string, deliveries map[string]bool) {
		w.idle()
		deliveries = map[string]bool{}
		for _, h := range w.hits {
			var body struct{ Event, Content string }
			require.NoError(t, json.Unmarshal(h.body, &body))
			if body.Event == "message_created" {
				texts = append(texts, body.Content)
				deliveries[h.header.Get("X-Chatwoot-Delivery")] = true
			}
		}
		w.hits = nil
		return texts, deliveries
	}
	rule := func(fault chatwoottest.WebhookFault) {
		w.AddWebhookRule(chatwoottest.WebhookRule{Event: "message_created", Times: 1, Fault: fault})
	}
	rule(chatwoottest.WebhookFault{Drop: true})
	w.incoming(conv, "lost")
	texts, _ := created()
	require.Empty(t, texts)
	require.Equal(t, "sent", w.Messages(conv)[0].Status, "a lost webhook leaves no trace")

	rule(chatwoottest.WebhookFault{Duplicates: 2})
	w.incoming(conv, "often")
	texts, deliveries := created()
	require.Equal(t, []string{"often", "often", "often"}, texts)
	require.Len(t, deliveries, 3)

	rule(chatwoottest.WebhookFault{Duplicates: 2, SameDelivery: true})
	w.incoming(conv, "again")
	texts, deliveries = created()
	require.Len(t, texts, 3)
	require.Len(t, deliveries, 1)

	const delay = 100 * time.Millisecond
	rule(chatwoottest.WebhookFault{Delay: delay})
	written := time.Now()
	w.incoming(conv, "late")
	texts, _ = created()
	require.Equal(t, []string{"late"}, texts)
	require.GreaterOrEqual(t, time.Since(written), delay)

	w.AddWebhookRule(chatwoottest.WebhookRule{Fault: chatwoottest.WebhookFault{Drop: true}})
	w.ClearFaults()
	w.incoming(conv, "clear")
	texts, _ = created()
	require.Equal(t, []string{"clear"}, texts)
}

// A webhook that is delayed holds up no other, even where there is one worker.
func TestADelayedWebhookIsOvertaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{WebhookWorkers: 1})
	conv := w.newConversation("Maria")
	w.idle()
	w.AddWebhookRule(chatwoottest.WebhookRule{Event: "message_created", Times: 1, Fault: chatwoottest.WebhookFault{Delay: time.Hour}})
	first, second := w.incoming(conv, "first"), w.incoming(conv, "second")
	_, err := w.WaitWebhook(patience, func(d chatwoottest.Delivery) bool { return d.Message == second && d.Event == "message_created" })
	require.NoError(t, err)
	for _, d := range w.Webhooks() {
		require.NotEqual(t, first, d.Message)
	}
}

func TestAFileMayComeLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	w.MissFiles(2)
	m, err := w.Reply(conv, "", chatwoottest.WithFile("a.png", "image/png", []byte("\x89PNG")))
	require.NoError(t, err)
	for _, want := range []int{404, 404, 302, 302} {
		require.Equal(t, want, w.get("", m.Files[0].URL).status)
	}
	w.ClearFaults()
	m, err = w.Reply(conv, "", chatwoottest.WithFile("b.png", "image/png", []byte("\x89PNG")))
	require.NoError(t, err)
	require.Equal(t, http.StatusFound, w.get("", m.Files[0].URL).status)
}

// However many requests are in flight, so many per second come out.
func TestCapacity(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{MessagesPerSecond: 40})
	conv := w.newConversation("Maria")
	started := time.Now()
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			resp := w.post(w.AdminToken(), w.conversation(conv, "/messages"), fmt.Sprintf(`{"content":"%d"}`, i))
			if resp.status != http.StatusOK {
				t.Error(resp.text)
			}
		})
	}
	all.Wait()
	require.GreaterOrEqual(t, time.Since(started), 250*time.Millisecond)
	w.SetMessagesPerSecond(0)
	require.Len(t, w.Messages(conv), 10)
}

// What has arrived whole is stored even if nobody waits for the answer any
// more, as Puma does.
func TestACommitAfterTheClientHasGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	w.AddRule(chatwoottest.Rule{Method: http.MethodPost, Path: "/messages", Times: 1, Fault: chatwoottest.Slow(200 * time.Millisecond)})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL()+w.conversation(conv, "/messages"), strings.NewReader(`{"content":"late"}`))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Api-Access-Token", w.AdminToken())
	_, err = http.DefaultClient.Do(req)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Empty(t, w.Messages(conv))
	_, err = w.WaitMessage(patience, func(m chatwoottest.Message) bool { return m.Text == "late" })
	require.NoError(t, err)
}

// What vanishes behind a client's back answers as the recorded Chatwoot did.
func TestThingsVanish(t *testing.T) {
	t.Parallel()
	message := `{"content":"x","message_type":"incoming"}`
	tests := []struct {
		name   string
		vanish func(w *world, conv int) error
		post   int // what a message in the conversation is answered
		inbox  int
		token  int
	}{
		{"a conversation", func(w *world, conv int) error { return w.DeleteConversation(conv) }, 404, 200, 200},
		{"a contact", func(w *world, conv int) error { return w.DeleteContact(w.Contacts()[0].ID) }, 404, 200, 200},
		{"an inbox", func(w *world, conv int) error { return w.DeleteInbox(w.inbox) }, 404, 404, 200},
		{"a merged contact", func(w *world, conv int) error {
			base, err := w.AddContact("name", "Other")
			if err != nil {
				return err
			}
			return w.MergeContacts(base.ID, w.Contacts()[0].ID)
		}, 200, 200, 200},
		{"a token", func(w *world, conv int) error { _, err := w.ResetToken(w.Users()[0].ID); return err }, 401, 401, 401},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, chatwoottest.Options{})
			conv, token := w.newConversation("Maria"), w.AdminToken()
			require.NoError(t, test.vanish(w, conv))
			require.Equal(t, test.post, w.post(token, w.conversation(conv, "/messages"), message).status)
			require.Equal(t, test.inbox, w.get(token, fmt.Sprintf("/api/v1/accounts/1/inboxes/%d", w.inbox)).status)
			require.Equal(t, test.token, w.get(token, "/api/v1/profile").status)
		})
	}
}

// Agents begin conversations in which the contact's source id is a UUID.
func TestAnAgentsConversationHasAUUID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	who, err := w.AddContact("name", "Paula", "phone_number", "+5511999998888")
	require.NoError(t, err)
	_, err = w.StartConversation(w.inbox, who.ID, "hello")
	require.NoError(t, err)
	w.idle()
	require.Regexp(t, `"source_id":"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"`, string(w.hits[0].body))
}
