package bridge_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// Whoever makes a line with a wrong address, token, account or inbox reads what to
// enter instead.
func TestT22_WrongInputsOfTheSetUpSayWhatToEnter(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		secure := httptest.NewUnstartedServer(http.NotFoundHandler())
		secure.Config.ErrorLog = log.New(io.Discard, "", 0) // it is spoken to in wrong ways
		secure.StartTLS()
		t.Cleanup(secure.Close)
		front := func(a chatwoottest.FrontAnswer) string {
			f, err := chatwoottest.NewFront(w.desk.URL())
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, f.Close()) })
			f.Always(a)
			return f.URL()
		}
		agent := w.desk.AddAgent(w.desk.Account(), chatwoottest.UserSpec{Name: "Agent"})
		type input struct {
			url, token     string
			account, inbox int64
		}
		right := input{url: w.desk.URL(), token: w.desk.AdminToken(), account: int64(w.desk.Account())}
		for name, tc := range map[string]struct {
			change func(*input)
			says   string
		}{
			"an agent's token":      {func(i *input) { i.token = w.desk.Token(agent) }, "belongs to an agent"},
			"an unknown token":      {func(i *input) { i.token = "nobodys" }, "does not know this token"},
			"another account":       {func(i *input) { i.account = 99 }, "does not belong to account 99"},
			"another inbox":         {func(i *input) { i.inbox = 99 }, "has no inbox 99"},
			"https on a plain port": {func(i *input) { i.url = strings.Replace(i.url, "http:", "https:", 1) }, "http://"},
			"http on a TLS port":    {func(i *input) { i.url = strings.Replace(secure.URL, "https:", "http:", 1) }, "https://"},
			"a private authority":   {func(i *input) { i.url = secure.URL }, "SSL_CERT_FILE"},
			"a port without server": {func(i *input) { i.url = "http://127.0.0.1:1" }, "Nothing answers"},
			"an unknown host":       {func(i *input) { i.url = "http://chatwoot.invalid" }, "Nothing answers"},
			"another web server":    {func(i *input) { i.url = front(chatwoottest.FrontNotFound) }, "not Chatwoot (404)"},
			"a sign-in page":        {func(i *input) { i.url = front(chatwoottest.FrontSignInPage) }, "asks who is there"},
			"a redirect":            {func(i *input) { i.url = front(chatwoottest.FrontRedirect) }, "https://login.example.com"},
			"the bridge's own":      {func(i *input) { i.url = w.front.URL }, "the bridge's own address"},
			"no address":            {func(i *input) { i.url = "chat.example.com" }, "https://chat.example.com"},
		} {
			given := right
			tc.change(&given)
			_, err := w.bridge.CreateLine(t.Context(), bridge.NewLine{
				Name: "Second", ChatwootURL: given.url, ChatwootToken: given.token, Account: given.account, Inbox: chatwoot.InboxID(given.inbox),
			})
			var failure *bridge.Error
			require.ErrorAs(t, err, &failure, name)
			require.Contains(t, failure.Message, tc.says, name)
			require.NotContains(t, failure.Error(), given.token, name)
		}

		// What the browser's address bar shows is enough.
		line, err := w.bridge.CreateLine(t.Context(), bridge.NewLine{
			Name: "Second", ChatwootURL: w.desk.URL() + "/app/accounts/1/inbox/1?x=1", ChatwootToken: w.desk.AdminToken(),
		})
		require.NoError(t, err)
		require.Equal(t, w.desk.URL(), line.ChatwootURL)
		_, err = w.bridge.CreateLine(t.Context(), bridge.NewLine{
			Name: "Third", ChatwootURL: w.desk.URL() + "/app/accounts/3", ChatwootToken: w.desk.AdminToken(), Account: 1,
		})
		var failure *bridge.Error
		require.ErrorAs(t, err, &failure)
		require.Equal(t, fault.CodeInvalid, failure.Code)
	})
}
