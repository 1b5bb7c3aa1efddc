package inbox_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/inbox"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/linetest"
	"github.com/wootbridge/wootbridge/chatwoot"
)

type tripper func(*http.Request) *http.Response

// RoundTrip implements http.RoundTripper.
func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }

// One answer stops no line: what it says must be confirmed for a minute, by Chatwoot
// itself, about the line and not about a message.
func TestK1_WhatStopsALineIsConfirmedForAMinute(t *testing.T) {
	t.Parallel()
	fine := func(r *http.Request) *http.Response {
		return linetest.Answer(r, http.StatusOK, map[string]any{"id": 1})
	}
	refused := func(r *http.Request) *http.Response { return linetest.Answer(r, http.StatusUnauthorized, nil) }
	proxy := func(r *http.Request) *http.Response {
		resp := linetest.Answer(r, http.StatusUnauthorized, nil)
		resp.Header.Del("X-Request-Id")
		return resp
	}
	gone := func(r *http.Request) *http.Response {
		if strings.HasSuffix(r.URL.Path, "/profile") {
			return fine(r)
		}
		return linetest.Answer(r, http.StatusNotFound, nil)
	}
	type phase struct {
		answer tripper
		period time.Duration
	}
	for name, tc := range map[string]struct {
		cause  lines.PauseCause
		phases []phase
		stops  bool
	}{
		"a token that is refused":                 {lines.PausedByToken, []phase{{refused, 61 * time.Second}}, true},
		"a token that is refused for a moment":    {lines.PausedByToken, []phase{{refused, 20 * time.Second}, {fine, 2 * time.Minute}}, false},
		"now and then":                            {lines.PausedByToken, []phase{{refused, 40 * time.Second}, {fine, 5 * time.Second}, {refused, 40 * time.Second}}, false},
		"for one message alone":                   {lines.PausedByToken, []phase{{fine, time.Hour}}, false},
		"by a proxy":                              {lines.PausedByToken, []phase{{proxy, time.Hour}}, false},
		"an inbox that is gone":                   {lines.PausedByInbox, []phase{{gone, 61 * time.Second}}, true},
		"an inbox that is there again":            {lines.PausedByInbox, []phase{{gone, 30 * time.Second}, {fine, time.Minute}}, false},
		"a record that is gone, but no inbox":     {lines.PausedByInbox, []phase{{fine, time.Hour}}, false},
		"a refused token where an inbox was gone": {lines.PausedByInbox, []phase{{refused, time.Hour}}, false},
		"an admin's own":                          {lines.PausedByAdmin, []phase{{fine, time.Second}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var answer tripper
				gate := chatwoot.NewGate(time.Now)
				client, err := chatwoot.New(chatwoot.Config{
					BaseURL: "http://chatwoot.example.com", Token: "x", Account: 1, Gate: gate, Log: slog.New(slog.DiscardHandler),
					Transport: tripper(func(r *http.Request) *http.Response { return answer(r) }),
				})
				require.NoError(t, err)
				x := inbox.New(inbox.Config{
					Line: lines.Line{ID: "l1", Inbox: 1}, Client: client, Gate: gate, Doubt: inbox.DefaultDoubt, Clock: time.Now, Log: slog.New(slog.DiscardHandler),
				})
				stops := false
				for _, p := range tc.phases {
					answer = p.answer
					for end := time.Now().Add(p.period); time.Now().Before(end) && !stops; time.Sleep(5 * time.Second) {
						stops, err = x.Confirmed(t.Context(), tc.cause)
						require.NoError(t, err)
					}
				}
				require.Equal(t, tc.stops, stops)
			})
		})
	}
}
