package chatwoottest_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// Everything the Go API does is reachable from another process.
func TestControl(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	front := httptest.NewServer(w.ControlHandler())
	t.Cleanup(front.Close)
	control := chatwoottest.Control{BaseURL: front.URL, Client: front.Client()}
	ctx := t.Context()

	state, err := control.State(ctx)
	require.NoError(t, err)
	require.Equal(t, w.URL(), state.URL)
	require.Equal(t, w.AdminToken(), state.AdminToken)
	require.Equal(t, []string{"administrator", "agent"}, []string{state.Users[0].Role, state.Users[1].Role})
	require.Equal(t, w.inbox, state.Inboxes[0].ID)

	maria, err := control.AddContact(ctx, map[string]any{"name": "Maria", "phone_number": "+5511999998888"})
	require.NoError(t, err)
	_, err = control.AddContact(ctx, map[string]any{"name": "Maria", "phone_number": "+5511999998888"})
	require.ErrorContains(t, err, "Phone number has already been taken")
	started, err := control.Start(ctx, chatwoottest.WriteRequest{Inbox: w.inbox, Contact: maria.ID, Text: "hello"})
	require.NoError(t, err)
	content := bytes.Repeat([]byte("0123456789"), 10_000)
	sent, err := control.Write(ctx, started.Conversation, chatwoottest.WriteRequest{Text: "look", Quote: started.ID},
		chatwoottest.Upload{Name: `a "b".pdf`, ContentType: "application/pdf", Content: bytes.NewReader(content)},
		chatwoottest.Upload{Name: "c.png", ContentType: "image/png", Content: strings.NewReader("\x89PNG")})
	require.NoError(t, err)
	require.Equal(t, started.ID, sent.ReplyTo)
	require.Equal(t, `a -b-.pdf`, sent.Files[0].Name)
	require.EqualValues(t, len(content), sent.Files[0].Size)
	require.Equal(t, []string{"file", "image"}, []string{sent.Files[0].Type, sent.Files[1].Type})
	resp, err := http.Get(sent.Files[0].URL)
	require.NoError(t, err)
	got, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.True(t, bytes.Equal(content, got))
	_, err = control.Write(ctx, started.Conversation, chatwoottest.WriteRequest{Text: "only us", Private: true})
	require.NoError(t, err)

	require.NoError(t, control.WaitIdle(ctx, patience))
	hooks, err := control.Webhooks(ctx)
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(hooks, func(d chatwoottest.Delivery) bool { return bytes.Contains(d.Body, []byte(`"content":"hello"`)) }))

	require.NoError(t, control.AddRule(ctx, chatwoottest.Rule{Method: http.MethodPost, Path: "/messages", Times: 1, Fault: chatwoottest.TooManyRequests()}))
	require.Equal(t, http.StatusTooManyRequests, w.post(w.AdminToken(), w.conversation(started.Conversation, "/messages"), `{"content":"x"}`).status)
	require.NoError(t, control.AddWebhookRule(ctx, chatwoottest.WebhookRule{Event: "conversation_typing_on", Fault: chatwoottest.WebhookFault{Drop: true}}))
	require.NoError(t, control.Type(ctx, started.Conversation, true))
	dropped, err := w.WaitWebhook(patience, func(d chatwoottest.Delivery) bool { return d.Event == "conversation_typing_on" })
	require.NoError(t, err)
	require.True(t, dropped.Dropped)
	require.NoError(t, control.MissFiles(ctx, 1))
	require.NoError(t, control.ClearFaults(ctx))
	require.NoError(t, control.SetMessagesPerSecond(ctx, 1000))

	require.Equal(t, http.StatusOK, w.patch(w.AdminToken(), w.messagePath(sent), `{"status":"failed","external_error":"no such number"}`).status)
	failed, err := control.WaitMessage(ctx, func(m chatwoottest.Message) bool { return m.Status == "failed" })
	require.NoError(t, err)
	require.Equal(t, "no such number", failed.Reason)
	view, err := control.View(ctx)
	require.NoError(t, err)
	require.Contains(t, view, "✗ failed: no such number")
	require.NoError(t, control.Retry(ctx, sent.ID))
	require.NoError(t, control.Delete(ctx, started.ID))
	require.ErrorContains(t, control.Delete(ctx, 4711), "404")

	require.NoError(t, control.Assign(ctx, started.Conversation, state.Users[1].ID))
	require.NoError(t, control.SetStatus(ctx, started.Conversation, "resolved"))
	require.ErrorContains(t, control.SetStatus(ctx, started.Conversation, "asleep"), "no status")
	require.NoError(t, control.Block(ctx, maria.ID, true))
	other, err := control.AddContact(ctx, map[string]any{"name": "Other"})
	require.NoError(t, err)
	require.NoError(t, control.MergeContacts(ctx, maria.ID, other.ID))
	require.ErrorContains(t, control.DeleteContact(ctx, other.ID), "404")
	token, err := control.ResetToken(ctx, state.Users[0].ID)
	require.NoError(t, err)
	require.Equal(t, token, w.AdminToken())
	require.NotEqual(t, state.AdminToken, token)
	require.NoError(t, control.DeleteConversation(ctx, started.Conversation))
	require.NoError(t, control.DeleteContact(ctx, maria.ID))
	require.NoError(t, control.DeleteInbox(ctx, w.inbox))
	state, err = control.State(ctx)
	require.NoError(t, err)
	require.Empty(t, state.Inboxes)
	require.Empty(t, state.Conversations)
	require.Positive(t, state.Requests["POST /api/v1/accounts/{account}/inboxes"])
}

func TestControlGivesUpWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	front := httptest.NewServer(w.ControlHandler())
	t.Cleanup(front.Close)
	control := chatwoottest.Control{BaseURL: front.URL}
	conv := w.newConversation("Maria")
	w.AddWebhookRule(chatwoottest.WebhookRule{Fault: chatwoottest.WebhookFault{Delay: time.Minute}})
	_, err := w.Reply(conv, "late")
	require.NoError(t, err)
	require.ErrorContains(t, control.WaitIdle(t.Context(), time.Millisecond), "wait for the webhooks")
}
