package chatwoot_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wootbridge/wootbridge/chatwoot"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ctx = context.Background()

// serve mounts a handler under a path prefix, so that a wrong absolute path
// fails, and gives a client of it.
func serve(t *testing.T, handler http.HandlerFunc) *chatwoot.Client {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/desk/", http.StripPrefix("/desk", handler))
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return client(t, srv)
}

func client(t *testing.T, srv *httptest.Server) *chatwoot.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	c, err := chatwoot.New(chatwoot.Config{BaseURL: srv.URL + "/desk/", Token: " secret-token\n", Account: 7, Transport: transport, Timeout: 5 * time.Second})
	require.NoError(t, err)
	return c
}

func TestAnswersBecomeTypedErrors(t *testing.T) {
	t.Parallel()
	as := func(target any) func(error) bool {
		return func(err error) bool { return errors.As(err, target) }
	}
	for name, tc := range map[string]struct {
		status int
		body   string
		is     func(error) bool
		sure   bool // that it had no effect
	}{
		"unknown token":     {401, `{"error":"Invalid Access Token"}`, as(new(*chatwoot.UnauthorizedError)), true},
		"cloud plan":        {403, `{"error":"API access is not enabled for this account"}`, as(new(*chatwoot.InvalidError)), false},
		"gone":              {404, `{"error":"Resource could not be found"}`, as(new(*chatwoot.NotFoundError)), true},
		"proxy limit":       {413, `<html>`, as(new(*chatwoot.TooLargeError)), true},
		"flood guard":       {422, `{"error":"Validation failed: Too many messages"}`, as(new(*chatwoot.FloodError)), true},
		"validation":        {422, `{"message":"taken","attributes":["phone_number"]}`, as(new(*chatwoot.InvalidError)), false},
		"rate limit":        {429, "Retry later\n", as(new(*chatwoot.RateLimitedError)), true},
		"error after write": {500, `<html>`, as(new(*chatwoot.AmbiguousError)), false},
		"no JSON":           {200, `OK`, as(new(*chatwoot.AmbiguousError)), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Request-Id", "3f0e")
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.body)
			})
			_, err := c.CreateMessage(ctx, 5, chatwoot.NewMessage{Content: "hush", Type: chatwoot.Incoming})
			require.True(t, tc.is(err), "%v", err)
			require.Equal(t, tc.sure, chatwoot.HadNoEffect(err))
			require.NotContains(t, err.Error(), "hush")
			require.NotContains(t, err.Error(), "secret-token")
		})
	}
}

func TestARateLimitSaysHowLongToWait(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]time.Duration{
		"":                              time.Minute,
		"7":                             7 * time.Second,
		"0":                             time.Minute,
		"-3":                            time.Minute,
		"soon":                          time.Minute,
		"999999999999":                  10 * time.Minute,
		"Wed, 21 Oct 2015 07:28:00 GMT": time.Minute,
	} {
		for name, file := range map[string]*chatwoot.Upload{"text": nil, "file": {
			Name: "a.txt", ContentType: "text/plain", Size: 1, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("x")), nil },
		}} {
			t.Run(name+" "+said, func(t *testing.T) {
				t.Parallel()
				c := serve(t, func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
					if said != "" {
						w.Header().Set("Retry-After", said)
					}
					w.WriteHeader(http.StatusTooManyRequests)
				})
				_, err := c.CreateMessage(ctx, 5, chatwoot.NewMessage{Content: "x", Attachment: file})
				var limited *chatwoot.RateLimitedError
				require.ErrorAs(t, err, &limited)
				require.Equal(t, want, limited.RetryAfter)
			})
		}
	}
}

func TestD12_ABrokenConnectionIsAmbiguousForAWriteOnly(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	})
	_, err := c.CreateMessage(ctx, 5, chatwoot.NewMessage{Content: "x"})
	var ambiguous *chatwoot.AmbiguousError
	require.ErrorAs(t, err, &ambiguous)
	_, err = c.Messages(ctx, 5, 0, 0)
	var unavailable *chatwoot.UnavailableError
	require.ErrorAs(t, err, &unavailable)
}

func TestARefusedConnectionWasNotTaken(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.NotFoundHandler())
	c := client(t, srv)
	srv.Close()
	_, err := c.CreateMessage(ctx, 5, chatwoot.NewMessage{Content: "x"})
	require.True(t, chatwoot.IsDown(err))
	require.True(t, chatwoot.HadNoEffect(err))
}

// Only before there is a connection an error says that nothing was sent.
func TestOnlyAnErrorOfDiallingHadNoEffect(t *testing.T) {
	t.Parallel()
	lookup := &net.DNSError{Err: "no such host", Name: "chat.example.com", IsNotFound: true}
	for name, tc := range map[string]struct {
		err        error
		sure, down bool
	}{
		"refused":                  {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, true, true},
		"no such host":             {&net.OpError{Op: "dial", Err: lookup}, true, true},
		"no route":                 {&net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH}, true, false},
		"proxy refused":            {&net.OpError{Op: "proxyconnect", Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}, true, true},
		"refused when it was read": {&net.OpError{Op: "read", Err: syscall.ECONNREFUSED}, false, false},
		"reset":                    {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, false, false},
		"timeout":                  {context.DeadlineExceeded, false, false},
		"unheard of":               {errors.New("new"), false, false},
	} {
		c, err := chatwoot.New(chatwoot.Config{BaseURL: "http://chat.example.com", Token: "x", Transport: failing{tc.err}})
		require.NoError(t, err)
		_, err = c.CreateMessage(ctx, 5, chatwoot.NewMessage{Content: "x"})
		require.Equal(t, tc.sure, chatwoot.HadNoEffect(err), name)
		require.Equal(t, tc.down, chatwoot.IsDown(err), name)
	}
	require.False(t, chatwoot.HadNoEffect(nil), "it had one")
}

// failing is a transport on which every request fails.
type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

func TestR31_TokenIsTrimmedAndSentWithHyphens(t *testing.T) {
	t.Parallel()
	var header http.Header
	var path string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		header, path = r.Header.Clone(), r.URL.String()
		_, _ = io.WriteString(w, `{"id":3,"inbox_identifier":"abc","secret":"s"}`)
	})
	inbox, err := c.Inbox(ctx, 3)
	require.NoError(t, err)
	require.Equal(t, chatwoot.Inbox{ID: 3, Identifier: "abc", Secret: "s"}, inbox)
	require.Equal(t, "secret-token", header.Get("Api-Access-Token"))
	require.Equal(t, "/api/v1/accounts/7/inboxes/3", path)
}

func TestFindMessagePagesBack(t *testing.T) {
	t.Parallel()
	pages := map[string]string{"": `{"payload":[{"id":41,"created_at":1000},{"id":42,"created_at":1001}]}`, "41": `{"payload":[{"id":30,"created_at":900,"source_id":"WAID:x"},{"id":40,"created_at":999}]}`, "30": `{"payload":[]}`}
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, pages[r.URL.Query().Get("before")])
	})
	m, found, err := c.FindMessage(ctx, 5, "WAID:x", time.Unix(800, 0))
	require.NoError(t, err)
	require.True(t, found)
	require.EqualValues(t, 30, m.ID)
	_, found, err = c.FindMessage(ctx, 5, "WAID:x", time.Unix(1001, 0))
	require.NoError(t, err)
	require.False(t, found, "it is older than what was asked for")
	_, found, err = c.FindMessage(ctx, 5, "WAID:y", time.Unix(800, 0))
	require.NoError(t, err)
	require.False(t, found)
}
