package chatwoot_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
)

// said is an answer of a server.
type said struct {
	status       int
	header, body string
	marked       bool // with the header that every answer of Chatwoot's has
}

func (s said) write(w http.ResponseWriter) {
	if s.marked {
		w.Header().Set("X-Request-Id", "3f0e")
	}
	if s.header != "" {
		w.Header().Set("Content-Type", s.header)
	}
	w.WriteHeader(s.status)
	_, _ = io.WriteString(w, s.body)
}

const htmlType = "text/html; charset=utf-8"

// What is not marked as Chatwoot's, or does not say no as Chatwoot says it, says
// nothing of a token, a record or a message.
func TestK1_WhoAnsweredIsKnown(t *testing.T) {
	t.Parallel()
	var (
		notFound     *chatwoot.NotFoundError
		unauthorized *chatwoot.UnauthorizedError
		invalid      *chatwoot.InvalidError
		flood        *chatwoot.FloodError
		front        *chatwoot.FrontError
		ambiguous    *chatwoot.AmbiguousError
	)
	for name, tc := range map[string]struct {
		answer said
		want   any
		sure   bool // that it had no effect
	}{
		"a proxy while a container starts":        {said{404, "text/plain", "404 page not found\n", false}, &front, true},
		"a default page":                          {said{404, htmlType, "<html><h1>404 Not Found</h1></html>", false}, &front, true},
		"a page with a request id":                {said{404, htmlType, "<html>nginx</html>", true}, &front, true},
		"an empty 404 of something else":          {said{404, "", "", false}, &front, true},
		"JSON of something else":                  {said{404, "application/json", `{"detail":"not found"}`, true}, &front, true},
		"a gateway's JSON":                        {said{403, "application/json", `{"message":"Forbidden"}`, false}, &front, true},
		"a firewall":                              {said{403, htmlType, "<html>Request blocked</html>", false}, &front, true},
		"basic authentication":                    {said{401, htmlType, "<html>401 Authorization Required</html>", false}, &front, true},
		"a sign-in page":                          {said{200, htmlType, "<!DOCTYPE html><html><form>", false}, &front, false},
		"a sign-in page that marks its answers":   {said{200, htmlType, "<!DOCTYPE html><html><form>", true}, &front, false},
		"a text":                                  {said{200, "text/plain", "OK", false}, &front, false},
		"a redirect":                              {said{302, htmlType, "", false}, &front, true},
		"a request that took the proxy too long":  {said{408, "text/plain", "timeout", false}, &front, false},
		"too early":                               {said{425, "", "", false}, &front, true},
		"a teapot":                                {said{418, "", "", false}, &front, true},
		"a bad request of the proxy":              {said{400, htmlType, "<html>400</html>", false}, &front, true},
		"Chatwoot: no such record":                {said{404, "application/json", `{"error":"Resource could not be found"}`, true}, &notFound, true},
		"Chatwoot: nothing found":                 {said{404, "application/json", "", true}, &notFound, true},
		"Chatwoot: unknown token":                 {said{401, "application/json", `{"error":"Invalid Access Token"}`, true}, &unauthorized, true},
		"Chatwoot: no token":                      {said{401, "application/json", `{"errors":["You need to sign in."]}`, true}, &unauthorized, true},
		"Chatwoot: a plan without API":            {said{403, "application/json", `{"error":"API access is not enabled for this account"}`, true}, &invalid, false},
		"Chatwoot: validation":                    {said{422, "application/json", `{"message":"taken","attributes":["phone_number"]}`, true}, &invalid, false},
		"Chatwoot: an exception":                  {said{422, "application/json", `{"error":"PG::UndefinedColumn: ERROR"}`, true}, &invalid, false},
		"Chatwoot: too many":                      {said{422, "application/json", `{"error":"Validation failed: Too many messages"}`, true}, &flood, true},
		"Chatwoot: JSON of which nothing is read": {said{200, "application/json", "", true}, &ambiguous, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := serve(t, func(w http.ResponseWriter, _ *http.Request) { tc.answer.write(w) })
			_, err := c.CreateMessage(ctx, 5, chatwoot.NewMessage{Content: "hush", Type: chatwoot.Incoming})
			require.ErrorAs(t, err, tc.want)
			require.Equal(t, tc.sure, chatwoot.HadNoEffect(err))
			require.NotContains(t, err.Error(), "hush")
			if tc.answer.status >= 300 || tc.answer.header == htmlType {
				return
			}
			require.Error(t, err)
		})
	}
}

// A page of something in front is no success of a request that expects nothing.
func TestK1_APageIsNoSuccess(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		said{200, htmlType, "<html>Sign in</html>", false}.write(w)
	})
	var front *chatwoot.FrontError
	require.ErrorAs(t, c.DeleteMessage(ctx, 5, 6), &front)
	require.ErrorAs(t, c.SetStatus(ctx, 5, 6, "sent", ""), &front)
}

// Where a proxy takes the header away, a refusal is known by its form, once a good
// answer has come without it.
func TestK1_AProxyMayTakeTheMarkAway(t *testing.T) {
	t.Parallel()
	answer := said{404, "application/json", `{"error":"Resource could not be found"}`, false}
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) { answer.write(w) })
	var front *chatwoot.FrontError
	_, err := c.Inbox(ctx, 1)
	require.ErrorAs(t, err, &front, "it may be anybody's")
	answer = said{200, "application/json", `{"id":1}`, false}
	_, err = c.Inbox(ctx, 1)
	require.NoError(t, err)
	answer = said{404, "application/json", `{"error":"Resource could not be found"}`, false}
	_, err = c.Inbox(ctx, 1)
	require.True(t, chatwoot.IsNotFound(err), "%v", err)
	answer = said{404, "text/plain", "404 page not found", false}
	_, err = c.Inbox(ctx, 1)
	require.ErrorAs(t, err, &front)
}

// A redirect says where to, without what may be secret in it.
func TestK1_ARedirectIsNamed(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "https://login.example.com/oauth?state=secret")
		w.WriteHeader(http.StatusFound)
	})
	_, err := c.Inbox(ctx, 1)
	require.ErrorContains(t, err, "sends to https://login.example.com (302)")
	require.NotContains(t, err.Error(), "secret")
}

// A file that is not there is Chatwoot's word only from Chatwoot.
func TestK1_AProxyDoesNotSayThatAFileIsGone(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer said
		want   error
	}{
		"Chatwoot":   {said{404, htmlType, "<!DOCTYPE html>", true}, chatwoot.ErrNotStored},
		"a proxy":    {said{404, "text/plain", "404 page not found", false}, nil},
		"a firewall": {said{403, htmlType, "<html>", false}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := serve(t, func(w http.ResponseWriter, _ *http.Request) { tc.answer.write(w) })
			_, err := c.Download(ctx, "http://0.0.0.0:3000/rails/active_storage/blobs/redirect/x/a.pdf", &bytes.Buffer{}, 100)
			if tc.want != nil {
				require.ErrorIs(t, err, tc.want)
				return
			}
			var front *chatwoot.FrontError
			require.True(t, errors.As(err, &front), fmt.Sprint(err))
		})
	}
}
