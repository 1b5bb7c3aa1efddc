package chatwoottest_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// The live channel and the refusal of webhooks are driven from another process too.
func TestControlOfTheLiveChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	front := httptest.NewServer(w.ControlHandler())
	t.Cleanup(front.Close)
	control, ctx := chatwoottest.Control{BaseURL: front.URL, Client: front.Client()}, t.Context()
	conv := w.newConversation("Maria")
	w.idle()
	l := w.listen(w.admin())
	one, err := control.WaitLive(ctx, confirmed)
	require.NoError(t, err)
	require.Equal(t, w.admin(), one.User)

	require.NoError(t, control.SendFrame(ctx, []byte("garbage")))
	require.Equal(t, "garbage", l.text())
	require.NoError(t, control.PublishForeign(ctx, 77, 2))
	require.Equal(t, []int{77, 77}, []int{l.next().Message.Data.InboxID, l.next().Message.Data.InboxID})
	require.NoError(t, control.AddFrameRule(ctx, chatwoottest.FrameRule{Event: "message.created", Times: 1, Fault: chatwoottest.FrameFault{Drop: true}}))
	w.incoming(conv, "lost")
	require.Equal(t, "contact.updated", l.next().Message.Event)

	faults := chatwoottest.LiveFaults{Deaf: true, CutAfter: time.Hour}
	require.NoError(t, control.SetLive(ctx, faults))
	require.NoError(t, control.SetFrameLateness(ctx, time.Millisecond))
	live, err := control.Live(ctx)
	require.NoError(t, err)
	require.Equal(t, chatwoottest.LiveState{Faults: faults, Lateness: time.Millisecond, Connections: w.LiveConnections()}, live)
	require.NoError(t, control.CutLive(ctx))
	require.Error(t, l.end())
	require.NoError(t, control.ClearFaults(ctx))
	require.Zero(t, w.Live())

	require.NoError(t, control.SetPrivateWebhooks(ctx, false))
	require.NoError(t, control.SetWebhookURL(ctx, w.inbox, "http://bridge:8080/hook"))
	require.NoError(t, control.AddWebhookRule(ctx, chatwoottest.WebhookRule{Event: "message_created", Times: 1, Fault: chatwoottest.WebhookFault{Status: 502}}))
	sent := w.incoming(conv, "red")
	_, err = control.WaitMessage(ctx, func(m chatwoottest.Message) bool {
		return m.ID == sent && m.Reason == "Hostname 'bridge' has no public ip addresses"
	})
	require.NoError(t, err)
	require.NoError(t, control.SetLoginPage(ctx, chatwoottest.LoginPageMissing))
	require.ErrorContains(t, control.SetLoginPage(ctx, "other"), "no login page")

	require.NoError(t, control.SetPassword(ctx, w.admin(), "Another1!"))
	token, err := control.ChangePubsubToken(ctx, w.admin())
	require.NoError(t, err)
	require.Contains(t, w.identifier(w.admin()), token)
	require.NoError(t, control.SetRole(ctx, w.agent(), "administrator"))
	require.NoError(t, control.RemoveFromAccount(ctx, w.agent()))
	require.ErrorContains(t, control.RemoveFromAccount(ctx, 99), "404")
	require.NoError(t, control.SuspendAccount(ctx, 1, true))
	require.Equal(t, http.StatusUnauthorized, w.get(w.AdminToken(), "/api/v1/accounts/1/contacts").status)

	state, err := control.State(ctx)
	require.NoError(t, err)
	require.False(t, state.PrivateWebhooks)
	require.Equal(t, []int{1}, state.Suspended)
	require.Equal(t, chatwoottest.LoginPageMissing, state.LoginPage)
	require.Equal(t, "http://bridge:8080/hook", state.Inboxes[0].WebhookURL)
	require.True(t, state.Users[1].Removed)
	require.Equal(t, "administrator", state.Users[1].Role)

	document, err := w.Freeze()
	require.NoError(t, err)
	other := newWorld(t, chatwoottest.Options{})
	require.NoError(t, other.Thaw(document))
	require.Equal(t, w.Users(), other.Users())
	require.Equal(t, []int{1}, other.State().Suspended)
}
