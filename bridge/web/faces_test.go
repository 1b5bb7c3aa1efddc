package web_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/web"
)

// Where the admin API has an address of its own, nothing of it is at the one that
// Chatwoot and strangers reach, whoever asks; and the webhooks are only there.
func TestL06_EachAddressServesItsOwn(t *testing.T) {
	t.Parallel()
	f := newFake()
	s := web.New(web.Config{
		Admin: f, Webhooks: f.Webhooks(), Token: token, Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
		Metrics: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
	})
	ask := func(face http.Handler, method, path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader("{}"))
		r.Header.Set("Authorization", "Bearer "+token)
		answer := httptest.NewRecorder()
		face.ServeHTTP(answer, r)
		return answer
	}
	for _, method := range []string{"GET", "POST", "DELETE", "OPTIONS"} {
		for _, path := range []string{
			"/metrics", "/api", "/api/", "/api/v1/lines", "/api/v1/lines/l1", "/api/v1/lines/l1/events", "/api/v1/jobs", "/api/v1/openapi.json", "/api/v2/more", "/metrics?x=y",
		} {
			answer := ask(s.Public(), method, path)
			require.Equal(t, http.StatusNotFound, answer.Code, "%s %s", method, path)
			require.Contains(t, answer.Body.String(), "WOOTBRIDGE_ADMIN_LISTEN", "%s %s", method, path)
		}
	}
	require.Empty(t, f.asked())
	require.Equal(t, http.StatusNotFound, ask(s.Private(), "POST", "/webhooks/l1/s3cret").Code)
	require.Empty(t, f.asked())

	require.Equal(t, http.StatusOK, ask(s.Public(), "POST", "/webhooks/l1/s3cret").Code)
	for _, path := range []string{"/api/v1/lines", "/metrics", "/api/v1/openapi.json"} {
		require.Equal(t, http.StatusOK, ask(s.Private(), "GET", path).Code, path)
	}
	for _, face := range []http.Handler{s.Public(), s.Private(), s} {
		require.Equal(t, http.StatusOK, ask(face, "GET", "/healthz").Code)
		require.Equal(t, http.StatusOK, ask(face, "GET", "/readyz").Code)
	}
	require.Equal(t, http.StatusOK, ask(s, "POST", "/webhooks/l1/s3cret").Code, "one address has both")
	require.Equal(t, http.StatusOK, ask(s, "GET", "/api/v1/lines").Code)
}
