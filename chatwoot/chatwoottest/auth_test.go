package chatwoottest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	other := w.AddAccount("Other")
	stranger := w.Token(w.AddAdministrator(other, chatwoottest.UserSpec{Name: "Eve", Email: "eve@example.com"}))
	conv := w.newConversation("Maria")
	const inboxes = "/api/v1/accounts/1/inboxes"
	const signIn = `{"errors":["You need to sign in or sign up before continuing."]}`
	const refused = `{"error":"You are not authorized to do this action"}`
	tests := []struct {
		name, method, token, path, body string
		status                          int
		want                            string // the whole body, "" for any
	}{
		{"no token", "GET", "", inboxes, "", 401, signIn},
		{"no token, profile", "GET", "", "/api/v1/profile", "", 401, signIn},
		{"unknown token", "GET", "nobody", inboxes, "", 401, `{"error":"Invalid Access Token"}`},
		{"another account's user", "GET", stranger, inboxes, "", 401, `{"error":"You are not authorized to access this account"}`},
		{"no such account", "GET", w.AdminToken(), "/api/v1/accounts/99/inboxes", "", 404, `{"error":"Resource could not be found"}`},
		{"agent creates an inbox", "POST", w.AgentToken(), inboxes, `{"name":"x","channel":{"type":"api"}}`, 401, refused},
		{"agent who is no member reads an inbox", "GET", w.AgentToken(), inboxes + "/1", "", 401, refused},
		{"agent who is no member writes", "POST", w.AgentToken(), w.conversation(conv, "/messages"), `{"content":"x"}`, 401, refused},
		{"agent deletes a conversation", "DELETE", w.AgentToken(), w.conversation(conv, ""), "", 401, refused},
		{"administrator reads an inbox", "GET", w.AdminToken(), inboxes + "/1", "", 200, ""},
		{"version", "GET", "", "/api", "", 200, ""},
		{"health", "GET", "", "/health", "", 200, `{"status":"woot"}`},
		{"an unknown route is a page", "GET", w.AdminToken(), "/api/v1/nothing", "", 404, ""},
		{"broken JSON", "POST", w.AdminToken(), inboxes, `{"name":`, 400, ""},
		{"wrong password", "POST", "", "/auth/sign_in", `{"email":"bridge@example.com","password":"x"}`, 401, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := w.send(test.method, test.token, test.path, test.body)
			require.Equal(t, test.status, got.status, got.text)
			if test.want != "" {
				require.JSONEq(t, test.want, got.text)
			}
		})
	}
}

func TestAPasswordBuysAToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	got := w.post("", "/auth/sign_in", `{"email":"bridge@example.com","password":"Password1!"}`)
	require.Equal(t, http.StatusOK, got.status)
	require.Equal(t, w.AdminToken(), got.at("data.access_token"))
	require.Equal(t, "administrator", got.at("data.accounts.0.role"))
}

func TestBothTokenHeadersWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	for _, header := range []string{"Api-Access-Token", "api_access_token"} {
		req, err := http.NewRequest(http.MethodGet, w.URL()+"/api/v1/profile", nil)
		require.NoError(t, err)
		req.Header[header] = []string{w.AdminToken()}
		require.Equal(t, http.StatusOK, w.do(req, "").status, header)
	}
}

func TestSecretsAreForAdministrators(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	agent := w.Users()[1].ID
	members := w.post(w.AdminToken(), "/api/v1/accounts/1/inbox_members", `{"inbox_id":1,"user_ids":[2]}`)
	require.Equal(t, agent, members.int("payload.0.id"))
	shown := w.get(w.AgentToken(), "/api/v1/accounts/1/inboxes/1")
	require.Equal(t, http.StatusOK, shown.status)
	require.False(t, strings.Contains(shown.text, `"secret"`) || strings.Contains(shown.text, `"hmac_token"`))
	require.Equal(t, w.receiver.URL+"/hook", shown.at("webhook_url"))

	before := w.Inboxes()[0].Secret
	reset := w.post(w.AdminToken(), "/api/v1/accounts/1/inboxes/1/reset_secret", `{}`)
	require.NotEqual(t, before, reset.at("secret"))
}
