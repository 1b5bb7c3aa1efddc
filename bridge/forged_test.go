package bridge_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// An agent who reads in the inbox where webhooks are posted can post there, too, as
// long as Chatwoot does not sign them. Nothing of it reaches a customer, and what
// agents write in Chatwoot does.
func TestH6_ForgedWebhooksReachNoCustomer(t *testing.T) {
	t.Parallel()
	w := newWorldAt(t, newDeskOf(t, "4.11.2"), databasetest.SQLite(t), idmap.NewMemory(1000, time.Now), settingOf(t, []func(*setting){byWebhook}))
	var reached atomic.Int32
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(inside.Close)
	talking(w)
	sent := w.desk.say("the first")
	first, err := w.alice.WaitText(patience, "the first")
	require.NoError(t, err)
	w.desk.wait("the tick", withStatus(sent.ID, "delivered"))

	inbox, conversation := w.desk.Inboxes()[0], sent.Conversation
	forge := func(event string, id int, more map[string]any) {
		body := map[string]any{
			"event": event, "id": id, "content": "a lie", "message_type": "outgoing", "private": false, "created_at": time.Now().Format(time.RFC3339),
			"account": map[string]any{"id": w.desk.Account()}, "inbox": map[string]any{"id": inbox.ID},
			"conversation": map[string]any{"id": conversation, "inbox_id": inbox.ID, "status": "open"},
		}
		for name, value := range more {
			body[name] = value
		}
		raw, err := json.Marshal(body)
		require.NoError(t, err)
		resp, err := http.Post(inbox.WebhookURL, "application/json", bytes.NewReader(raw))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
	}
	file := map[string]any{"attachments": []any{map[string]any{"id": 1, "file_type": "image", "data_url": inside.URL + "/secret"}}}
	forge("message_created", sent.ID+1000, file)
	forge("message_created", sent.ID, file)
	forge("message_updated", sent.ID+1001, file)
	forge("message_updated", sent.ID, map[string]any{"content_attributes": map[string]any{"deleted": true}})
	forge("message_updated", sent.ID, map[string]any{"content_attributes": map[string]any{"external_error": "500"}})
	forge("conversation_status_changed", conversation, map[string]any{"status": "resolved", "inbox_id": inbox.ID})
	var flood sync.WaitGroup
	for n := range 100 {
		flood.Go(func() { forge("message_created", sent.ID+1+n, file) })
	}
	second := w.desk.say("the second", chatwoottest.WithFile("a.txt", "text/plain", []byte("what is in it")))
	flood.Wait()
	_, err = w.alice.WaitText(patience, "the second")
	require.NoError(t, err)
	w.desk.wait("the tick", withStatus(second.ID, "delivered"))
	w.alice.SendText(w.phone, "still there")
	require.Equal(t, conversation, w.desk.wait("her answer", withText("still there")).Conversation)
	for _, m := range w.alice.Messages() {
		require.NotContains(t, m.Text(), "a lie")
		require.NotEqual(t, first.ID, m.Message.GetProtocolMessage().GetKey().GetID(), "nothing was taken back")
	}
	require.Len(t, w.alice.Messages(), 2, fmt.Sprint(w.alice.Texts()))
	require.Zero(t, reached.Load())
}
