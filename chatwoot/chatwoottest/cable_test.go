package chatwoottest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

func TestASubscriptionIsConfirmed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{PingEvery: 5 * time.Millisecond, Now: func() time.Time { return time.Unix(1795959278, 0) }})
	l := w.connect()
	require.JSONEq(t, `{"type":"ping","message":1795959278}`, <-l.pings)
	identifier := w.identifier(w.admin())
	l.subscribe(identifier)
	require.Equal(t, `{"identifier":`+mustJSON(t, identifier)+`,"type":"confirm_subscription"}`, l.text())
	require.Equal(t, `{"identifier":`+mustJSON(t, identifier)+`,"message":{"event":"presence.update","data":{"account_id":1,"users":{"1":"online"},"contacts":{}}}}`, l.text())
	connection, err := w.WaitLive(patience, confirmed)
	require.NoError(t, err)
	require.Equal(t, chatwoottest.LiveConnection{User: w.admin(), Account: 1, Confirmed: true, Since: time.Unix(1795959278, 0).UTC()}, connection)

	l.subscribe(identifier) // is ignored
	other := w.listen(w.agent())
	require.Len(t, w.LiveConnections(), 2)
	l.quiet()
	require.Equal(t, "mark", other.next().Type)

	l.send(map[string]string{"command": "message", "identifier": identifier, "data": `{"action":"update_presence"}`})
	require.Contains(t, l.text(), `"users":{"1":"online","2":"online"}`)
	l.send(map[string]string{"command": "unsubscribe", "identifier": identifier})
	_, err = w.WaitLive(patience, func(c chatwoottest.LiveConnection) bool { return !c.Confirmed })
	require.NoError(t, err)
	_, err = w.AddContact("name", "Maria")
	require.NoError(t, err)
	require.Equal(t, "contact.created", other.next().Message.Event)
	l.quiet()
	require.NoError(t, l.ws.Close(websocket.StatusNormalClosure, ""), "the goodbye is answered")
	require.Error(t, l.end())
}

// What is refused is not answered, and asking again does not help.
func TestARefusedSubscriptionIsSilent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{PingEvery: 5 * time.Millisecond})
	right := w.identifier(w.admin())
	token := strings.Split(right, `"`)[7]
	for name, wrong := range map[string]string{
		"token":   strings.Replace(right, token, "nobody's", 1),
		"account": strings.Replace(right, `"account_id":1`, `"account_id":7`, 1),
		"user":    strings.Replace(right, `"user_id":1`, `"user_id":2`, 1),
		"no user": strings.Replace(right, `,"user_id":1`, "", 1),
	} {
		t.Run(name, func(t *testing.T) {
			l := w.connect()
			l.subscribe(wrong)
			l.subscribe(wrong)
			l.send(map[string]string{"command": "message", "identifier": wrong, "data": `{"action":"update_presence"}`})
			_, err := w.WaitLive(patience, func(c chatwoottest.LiveConnection) bool { return c.Account != 0 && !c.Confirmed })
			require.NoError(t, err)
			_, err = w.AddContact("name", name)
			require.NoError(t, err)
			l.quiet()
			<-l.pings
			l.subscribe(right) // another identifier on the same socket works
			require.Equal(t, "confirm_subscription", l.next().Type)
		})
	}
}

func TestGarbageFromAClientIsIgnored(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	l := w.connect()
	for _, garbage := range []string{"", "null", "{", `{"command":"dance"}`, `{"command":"subscribe","identifier":"{"}`, `{"command":"subscribe","identifier":"{\"channel\":\"Other\"}"}`} {
		require.NoError(t, l.ws.Write(t.Context(), websocket.MessageText, []byte(garbage)))
	}
	l.subscribe(w.identifier(w.admin()))
	require.Equal(t, "confirm_subscription", l.next().Type)
}

func TestTheLiveChannelNeedsAnUpgrade(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	plain := w.get("", "/cable")
	require.Equal(t, http.StatusNotFound, plain.status)
	require.Equal(t, "Page not found", plain.text)
	require.Equal(t, "text/plain; charset=utf-8", plain.header.Get("Content-Type"))
	w.SetLive(chatwoottest.LiveFaults{NoUpgrade: true})
	_, resp, err := websocket.Dial(t.Context(), w.URL()+"/cable", nil)
	require.Error(t, err)
	require.Equal(t, http.StatusNotFound, resp.StatusCode)
	require.NoError(t, resp.Body.Close())
	w.ClearFaults()
	w.listen(w.admin())
	for route := range w.Requests() {
		require.NotContains(t, route, "cable", "a bridge connects when it likes")
	}
}

// Two subscriptions bring everything twice.
func TestEverySubscriptionBringsEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	l := w.listen(w.admin())
	l.subscribe(w.identifier(w.admin()) + " ")
	require.Equal(t, "confirm_subscription", l.next().Type)
	require.Equal(t, "presence.update", l.next().Message.Event)
	require.Equal(t, "presence.update", l.next().Message.Event)
	_, err := w.AddContact("name", "Maria")
	require.NoError(t, err)
	first, second := l.next(), l.next()
	require.NotEqual(t, first.Identifier, second.Identifier)
	require.Equal(t, first.Message, second.Message)
}

// A user stays connected when it may see less, and hears of contacts only.
func TestAConnectionOutlivesItsRights(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(w *world) error{
		"password":     func(w *world) error { return w.SetPassword(w.admin(), "Another1!") },
		"pubsub token": func(w *world) error { _, err := w.ChangePubsubToken(w.admin()); return err },
		"role":         func(w *world) error { return w.SetRole(w.admin(), "agent") },
		"account":      func(w *world) error { return w.RemoveFromAccount(w.admin()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, chatwoottest.Options{PingEvery: 5 * time.Millisecond})
			conv := w.newConversation("Maria")
			l := w.listen(w.admin())
			before := w.get(w.AdminToken(), "/api/v1/profile")
			require.NoError(t, lose(w))
			_, err := w.Reply(conv, "unheard")
			require.NoError(t, err)
			require.Empty(t, l.events())
			require.True(t, w.LiveConnections()[0].Confirmed)
			<-l.pings
			after := w.get(w.AdminToken(), "/api/v1/profile")
			require.Equal(t, http.StatusOK, after.status, "the access token still works")
			require.NotEqual(t, before.text, after.text)
		})
	}
}

func TestWhatAProfileTellsOfLostRights(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	profile := func() answer { return w.get(w.AdminToken(), "/api/v1/profile") }
	require.NoError(t, w.SetPassword(w.admin(), "Another1!"))
	require.Equal(t, http.StatusOK, w.post("", "/auth/sign_in", `{"email":"bridge@example.com","password":"Another1!"}`).status)
	token, err := w.ChangePubsubToken(w.admin())
	require.NoError(t, err)
	require.Equal(t, token, profile().at("pubsub_token"))
	require.NoError(t, w.SetRole(w.admin(), "agent"))
	require.Equal(t, "agent", profile().at("accounts.0.role"))
	require.ErrorContains(t, w.SetRole(w.admin(), "king"), "no role")
	require.NoError(t, w.SuspendAccount(1, true))
	require.Equal(t, "suspended", profile().at("accounts.0.status"))
	require.NoError(t, w.SuspendAccount(1, false))
	require.NoError(t, w.RemoveFromAccount(w.admin()))
	require.Empty(t, profile().at("accounts"))
	refused := w.get(w.AdminToken(), "/api/v1/accounts/1/contacts")
	require.Equal(t, http.StatusUnauthorized, refused.status)
	require.True(t, w.Users()[0].Removed)
	_, err = w.ChangePubsubToken(99)
	require.ErrorIs(t, err, chatwoottest.ErrNotFound)
	require.ErrorIs(t, w.SuspendAccount(99, true), chatwoottest.ErrNotFound)
}

// A suspended account answers nothing and still tells everything.
func TestASuspendedAccountIsStillHeard(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	l := w.listen(w.admin())
	require.NoError(t, w.SuspendAccount(1, true))
	refused := w.get(w.AdminToken(), w.conversation(conv, ""))
	require.Equal(t, http.StatusUnauthorized, refused.status)
	require.JSONEq(t, `{"error":"Account is suspended"}`, refused.text)
	_, err := w.Reply(conv, "heard")
	require.NoError(t, err)
	require.Equal(t, "heard", l.until("message.created").Message.Data.Content)
}

// The stream of an agent has the inboxes where it is a member.
func TestAnAgentHearsItsInboxes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	elsewhere := w.AddAccount("Other")
	stranger := w.AddAdministrator(elsewhere, chatwoottest.UserSpec{Name: "Eve", Email: "eve@example.com"})
	conv := w.newConversation("Maria")
	admin, agent, other := w.listen(w.admin()), w.listen(w.agent()), w.listen(stranger)
	_, err := w.Reply(conv, "of no concern")
	require.NoError(t, err)
	require.Equal(t, []string{"message.created", "first.reply.created", "conversation.updated"}, kinds(admin.events()))
	require.Equal(t, "contact.created", agent.next().Message.Event)
	agent.quiet()
	require.Equal(t, "mark", admin.next().Type)
	require.Equal(t, "mark", other.next().Type, "it heard nothing of another account")
	w.join(w.agent())
	_, err = w.Reply(conv, "of concern")
	require.NoError(t, err)
	require.Equal(t, "of concern", agent.next().Message.Data.Content)
}

func TestAServerEndsItsConnectionsWithoutAGoodbye(t *testing.T) {
	t.Parallel()
	server := chatwoottest.New(chatwoottest.Options{Dir: t.TempDir()})
	require.NoError(t, server.Start())
	ws := dial(t, server.URL())
	require.Empty(t, ws.Subprotocol())
	_, raw, err := ws.Read(t.Context())
	require.NoError(t, err)
	require.JSONEq(t, `{"type":"welcome"}`, string(raw))
	require.NoError(t, server.Close())
	_, _, err = ws.Read(t.Context())
	require.EqualValues(t, -1, websocket.CloseStatus(err), fmt.Sprint(err))
	require.NoError(t, ws.CloseNow())
}
