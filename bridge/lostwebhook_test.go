package bridge_test

import (
	"bytes"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// refuseNextCreated answers the next webhook of a new message with an error, as
// something between Chatwoot and the bridge might.
func refuseNextCreated(w *world) {
	through := w.handler.Load()
	var refused atomic.Bool
	handler := http.Handler(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			rw.WriteHeader(http.StatusBadRequest)
			return
		}
		if bytes.Contains(body, []byte(`"event":"message_created"`)) && refused.CompareAndSwap(false, true) {
			rw.WriteHeader(http.StatusBadGateway)
			return
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		(*through).ServeHTTP(rw, req)
	}))
	w.handler.Store(&handler)
}

// Chatwoot does not repeat a webhook. What was lost while the bridge ran is
// looked for by the next message, and not overtaken by it.
func TestD25_AWebhookThatIsLostWhileTheBridgeRunsIsNotOvertaken(t *testing.T) {
	t.Parallel()
	for name, loses := range map[string]func(w *world) (back func()){
		"the database was away": func(w *world) func() {
			_, err := w.db.Exec(`ALTER TABLE job RENAME TO job_away`)
			require.NoError(w.t, err)
			return func() {
				_, err := w.db.Exec(`ALTER TABLE job_away RENAME TO job`)
				require.NoError(w.t, err)
			}
		},
		"it did not reach the bridge": func(w *world) func() {
			refuseNextCreated(w)
			return func() {}
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachMode(t, func(t *testing.T, w *world) {
				talking(w)
				require.NoError(t, w.desk.WaitIdle(t.Context()))
				back := loses(w)
				lost := w.desk.say("lost")
				w.desk.wait("the red bubble", withStatus(lost.ID, "failed"))
				require.NoError(t, w.desk.WaitIdle(t.Context()), "Chatwoot has tried to tell of that, too")
				back()
				w.desk.say("next")
				_, err := w.alice.WaitText(patience, "next")
				require.NoError(t, err)
				require.Equal(t, []string{"lost", "next"}, w.alice.Texts())
				w.desk.wait("the bubble of what arrived", func(m chatwoottest.Message) bool {
					return m.ID == lost.ID && m.Status == "delivered"
				})
			}, byWebhook)
		})
	}
}

// passAsked lets a bubble of the bridge's own turn red for nothing, some time
// after the last pass: that asks for another one.
func (w *world) passAsked(own chatwoottest.Message) {
	w.t.Helper()
	w.pass(time.Minute)
	client, err := chatwoot.New(chatwoot.Config{BaseURL: w.desk.URL(), Token: w.desk.AdminToken(), Account: int64(w.desk.Account())})
	require.NoError(w.t, err)
	require.NoError(w.t, client.SetStatus(w.t.Context(), chatwoot.ConversationID(own.Conversation), chatwoot.MessageID(own.ID), "failed", "503"))
}

// Chatwoot itself may lose a webhook, which leaves no trace at all.
func TestD25_AWebhookThatLeavesNoTraceIsFoundByTheNextPass(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		require.NoError(t, w.desk.WaitIdle(t.Context()))
		remove := w.desk.AddWebhookRule(chatwoottest.WebhookRule{Fault: chatwoottest.WebhookFault{Drop: true}})
		lost, gone := w.desk.say("lost"), w.desk.say("taken back before anybody knew")
		require.NoError(t, w.desk.Delete(gone.ID))
		require.NoError(t, w.desk.WaitIdle(t.Context()))
		remove()
		w.passAsked(w.desk.Messages(lost.Conversation)[0])
		_, err := w.alice.WaitText(patience, "lost")
		require.NoError(t, err)
		w.desk.say("end")
		_, err = w.alice.WaitText(patience, "end")
		require.NoError(t, err)
		require.Equal(t, []string{"lost", "end"}, w.alice.Texts())
	}, byWebhook)
}
