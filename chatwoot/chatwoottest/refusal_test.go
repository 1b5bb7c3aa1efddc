package chatwoottest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

const refusal = "Hostname '127.0.0.1' has no public ip addresses"

// Every message of an inbox whose webhook is refused is red, and every status is
// undone.
func TestAPrivateWebhookIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{Version: "4.15.1", PublicWebhooksOnly: true})
	conv := w.newConversation("Maria")
	l := w.listen(w.admin())
	failed := func(id int) func(chatwoottest.Message) bool {
		return func(m chatwoottest.Message) bool { return m.ID == id && m.Status == "failed" && m.Reason == refusal }
	}
	hi := w.incoming(conv, "hi")
	_, err := w.WaitMessage(patience, failed(hi))
	require.NoError(t, err)
	require.Equal(t, "failed", l.until("message.updated").Message.Data.Status)
	answer, err := w.Reply(conv, "good day")
	require.NoError(t, err)
	_, err = w.WaitMessage(patience, failed(answer.ID))
	require.NoError(t, err)
	w.idle()
	patched := w.patch(w.AdminToken(), w.messagePath(answer), `{"status":"delivered"}`)
	require.Equal(t, "delivered", patched.at("status"))
	_, err = w.WaitMessage(patience, failed(answer.ID))
	require.NoError(t, err)
	w.idle()
	var states []string
	for _, e := range l.events() {
		if e.Message.Event == "message.updated" {
			states = append(states, e.Message.Data.Status)
		}
	}
	require.Equal(t, []string{"failed", "delivered", "failed"}, states)
	require.Empty(t, w.hits, "nothing was sent")
	for _, d := range w.Webhooks() {
		require.Equal(t, refusal, d.Error)
	}

	w.SetPrivateWebhooks(true)
	require.True(t, w.PrivateWebhooks())
	w.incoming(conv, "hello?")
	require.NotEmpty(t, w.idle())
}

func TestWhichHostsAreRefused(t *testing.T) {
	t.Parallel()
	for url, version := range map[string]string{
		"http://10.1.2.3/hook": "", "http://172.16.0.9/hook": "", "http://192.168.1.1/hook": "", "http://100.64.0.1/hook": "",
		"http://169.254.1.1/hook": "", "http://[::1]/hook": "", "http://[fd00::1]:81/hook": "", "http://localhost:81/hook": "",
		"http://bridge:8080/hook": "", "http://host.docker.internal:8080/hook": "4.14.0",
	} {
		t.Run(url, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, chatwoottest.Options{Version: version, PublicWebhooksOnly: true})
			require.NoError(t, w.SetWebhookURL(w.inbox, url))
			w.newConversation("Maria")
			w.idle()
			require.Regexp(t, `^Hostname '[^']+' has no public ip addresses$`, w.Webhooks()[0].Error)
		})
	}
}

func TestOldReleasesRefuseNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{Version: "4.13.0", PublicWebhooksOnly: true})
	require.True(t, w.PrivateWebhooks())
	w.newConversation("Maria")
	require.Equal(t, []string{"conversation_created"}, w.idle())
}

// Without an address nothing is fired and every status stays; a person brings the
// address back.
func TestAnInboxWithoutAWebhook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{PublicWebhooksOnly: true})
	conv := w.newConversation("Maria")
	w.idle()
	fired := len(w.Webhooks())
	inbox := fmt.Sprintf("/api/v1/accounts/1/inboxes/%d", w.inbox)
	old := w.Inboxes()[0]
	require.Equal(t, "", w.patch(w.AdminToken(), inbox, `{"channel":{"webhook_url":""}}`).at("webhook_url"))
	require.Equal(t, old.Secret, w.Inboxes()[0].Secret)
	sent, err := w.Reply(conv, "hello")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, w.patch(w.AdminToken(), w.messagePath(sent), `{"status":"delivered"}`).status)
	w.idle()
	require.Len(t, w.Webhooks(), fired)
	now, _ := w.Message(sent.ID)
	require.Equal(t, "delivered", now.Status)

	require.NoError(t, w.SetWebhookURL(w.inbox, old.WebhookURL))
	require.Equal(t, http.StatusOK, w.patch(w.AdminToken(), w.messagePath(sent), `{"status":"read"}`).status)
	_, err = w.WaitMessage(patience, func(m chatwoottest.Message) bool { return m.ID == sent.ID && m.Reason == refusal })
	require.NoError(t, err)
}

// A job that is queued goes to the address of that moment.
func TestAQueuedWebhookKeepsItsAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	w.idle()
	w.hits = nil
	w.AddWebhookRule(chatwoottest.WebhookRule{Times: 1, Event: "message_created", Fault: chatwoottest.WebhookFault{Delay: 50 * time.Millisecond}})
	w.incoming(conv, "hi")
	require.NoError(t, w.SetWebhookURL(w.inbox, ""))
	require.Equal(t, []string{"message_created"}, w.idle())
	require.Equal(t, "/hook", w.hits[0].path)
}

// Deliveries fail with whatever text a Chatwoot may store.
func TestADeliveryFailsAsItIsTold(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault  chatwoottest.WebhookFault
		reason string
	}{
		"name":        {chatwoottest.WebhookFault{Error: "Failed to open TCP connection to bridge:8080 (getaddrinfo: Name or service not known)"}, "Failed to open TCP connection to bridge:8080 (getaddrinfo: Name or service not known)"},
		"certificate": {chatwoottest.WebhookFault{Error: "SSL_connect returned=1 errno=0 state=error: certificate verify failed"}, "SSL_connect returned=1 errno=0 state=error: certificate verify failed"},
		"status":      {chatwoottest.WebhookFault{Status: 502}, "502 Bad Gateway"},
		"both, late":  {chatwoottest.WebhookFault{Status: 403, Error: "403 No", Delay: time.Millisecond}, "403 No"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, chatwoottest.Options{})
			conv := w.newConversation("Maria")
			w.idle()
			w.hits = nil
			w.AddWebhookRule(chatwoottest.WebhookRule{Event: "message_created", Times: 1, Fault: test.fault})
			first := w.incoming(conv, "first")
			_, err := w.WaitMessage(patience, func(m chatwoottest.Message) bool { return m.ID == first && m.Reason == test.reason })
			require.NoError(t, err)
			d, err := w.WaitWebhook(patience, func(d chatwoottest.Delivery) bool { return d.Message == first && d.Event == "message_created" })
			require.NoError(t, err)
			require.Equal(t, test.fault.Status, d.Status)
			second := w.incoming(conv, "second")
			w.idle()
			m, _ := w.Message(second)
			require.Equal(t, "sent", m.Status)
		})
	}
}
