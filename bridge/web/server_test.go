package web_test

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/admin"
	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/listen"
)

func TestEveryCallReachesTheBridge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	lines, err := w.client.Lines(ctx)
	require.NoError(t, err)
	line, err := w.client.Line(ctx, "l1")
	require.NoError(t, err)
	require.Equal(t, []api.Line{line}, lines)
	defaults, err := json.Marshal(bridge.DefaultSettings())
	require.NoError(t, err)
	require.JSONEq(t, string(defaults), string(line.Settings))
	line.Settings = nil
	require.Equal(t, api.Line{
		ID: "l1", Name: "Support", State: "connected", Sentence: "Connected to WhatsApp.", JID: "5511999990001:3@s.whatsapp.net", Phone: "5511999990001",
		Chatwoot:   api.Chatwoot{URL: "https://chat.example.com", AccountID: 1, InboxID: 12, Version: "4.16.2"},
		WebhookURL: "https://bridge.example.com/webhooks/l1/s3cret", LastError: "chatwoot is not available",
		Queue: api.Queue{Inbound: 2, Outbound: 1, OldestSeconds: 70, Dead: 1}, Notice: "Mind the inbox.",
		Ways: []api.Way{
			{Way: "webhook", Works: "no", Since: since, Sentence: listen.Reason{Code: listen.Private}.Sentence()},
			{Way: "live", Works: "yes", Since: since, Sentence: "Works."},
		},
	}, line)

	created, err := w.client.CreateLine(ctx, api.NewLine{
		Name: "Support", ChatwootURL: "https://chat.example.com", ChatwootToken: "tok", AccountID: 1, InboxID: 12, Settings: []byte(`{"language":"es"}`),
	})
	require.NoError(t, err)
	require.Equal(t, "l1", created.ID)
	name, fresh := "Sales", "tok2"
	_, err = w.client.UpdateLine(ctx, "l1", api.LineUpdate{Name: &name, Settings: []byte(`{"language":"en"}`)})
	require.NoError(t, err)
	_, err = w.client.UpdateLine(ctx, "l1", api.LineUpdate{ChatwootToken: &fresh})
	require.NoError(t, err)
	require.NoError(t, w.client.DeleteLine(ctx, "l1", false))
	require.NoError(t, w.client.DeleteLine(ctx, "l1", true))
	require.NoError(t, w.client.Pair(ctx, "l1", api.Pair{Method: api.PairQR}))
	require.NoError(t, w.client.Pair(ctx, "l1", api.Pair{Method: api.PairCode, Phone: "+55 11 99999-0001"}))
	require.NoError(t, w.client.Logout(ctx, "l1"))
	require.NoError(t, w.client.Reconnect(ctx, "l1"))
	require.NoError(t, w.client.Confirm(ctx, "l1"))
	require.NoError(t, w.client.Pause(ctx, "l1"))
	require.NoError(t, w.client.Resume(ctx, "l1"))
	require.NoError(t, w.client.Replay(ctx, 42))
	n, err := w.client.ReplayAll(ctx, "")
	require.NoError(t, err)
	require.Equal(t, 7, n)
	_, err = w.client.ReplayAll(ctx, "l1")
	require.NoError(t, err)
	converted, err := w.client.ReplayUnconverted(ctx, "l1")
	require.NoError(t, err)
	require.Equal(t, api.Replayed{Replayed: 5, Left: 2}, converted)
	require.NoError(t, w.client.Ready(ctx))
	status, _ := w.doAs("", http.MethodPost, "/webhooks/l1/s3cret", "{}")
	require.Equal(t, http.StatusOK, status)

	require.Equal(t, []any{
		admin.NewLine{Name: "Support", ChatwootURL: "https://chat.example.com", ChatwootToken: "tok", Account: 1, Inbox: 12, Settings: []byte(`{"language":"es"}`)},
		bridge.LineID("l1"), admin.LineUpdate{Name: &name, Settings: []byte(`{"language":"en"}`)},
		bridge.LineID("l1"), admin.LineUpdate{Token: &fresh},
		bridge.LineID("l1"), false, bridge.LineID("l1"), true,
		"pair", bridge.LineID("l1"), "", "pair", bridge.LineID("l1"), "+55 11 99999-0001",
		"logout", bridge.LineID("l1"), "reconnect", bridge.LineID("l1"), "confirm", bridge.LineID("l1"), "pause", bridge.LineID("l1"), "resume", bridge.LineID("l1"),
		"replay", int64(42), "replay all", bridge.LineID(""), "replay all", bridge.LineID("l1"), "replay unconverted", bridge.LineID("l1"), "ready", "webhook", "l1", "s3cret",
	}, w.asked())
}

func TestJobsComeInPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	for i := range 5 {
		w.jobs = append(w.jobs, journal.JobInfo{ID: int64(i + 1), Line: "l1", Direction: journal.Out, Kind: "created", State: journal.Dead, Attempts: 8, LastError: "refused", RecordedAt: at})
	}
	var ids []int64
	filter := api.JobFilter{Line: "l1", Limit: 2}
	pages := 0
	for {
		page, err := w.client.Jobs(t.Context(), filter)
		require.NoError(t, err)
		pages++
		for _, job := range page.Jobs {
			ids = append(ids, job.ID)
		}
		if filter.After = page.Next; page.Next == 0 {
			require.Equal(t, api.Job{ID: 5, Line: "l1", Direction: "out", Kind: "created", State: "dead", Attempts: 8, LastError: "refused", Created: at}, page.Jobs[0])
			break
		}
	}
	require.Equal(t, []int64{1, 2, 3, 4, 5}, ids)
	require.Equal(t, 3, pages)
	require.Equal(t, journal.JobFilter{State: journal.Dead, Line: "l1", Limit: 3}, w.asked()[0], "one more than the page, dead ones unless said otherwise")

	_, body := w.do(http.MethodGet, "/api/v1/jobs?state=waiting&after=99", "")
	require.JSONEq(t, `{"jobs":[],"next":0}`, body, "an empty list is a list")
}

func TestErrorsOfTheBridgeBecomeAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err     error
		status  int
		code    fault.Code
		message string
	}{
		{&fault.Error{Code: fault.CodeInvalid, Field: "name", Message: "name must not be empty"}, 422, "invalid", "name must not be empty"},
		{&fault.Error{Code: fault.CodeNotFound, Message: "there is no line with this id"}, 404, "not_found", "there is no line with this id"},
		{&fault.Error{Code: fault.CodeConflict, Message: "2 messages wait"}, 409, "conflict", "2 messages wait"},
		{&fault.Error{Code: fault.CodeUnavailable, Message: "the database does not answer"}, 503, "unavailable", "the database does not answer"},
		{fmt.Errorf("create: %w", &fault.Error{Code: fault.CodeRefused, Message: "the inbox cannot be set up", Err: errors.New("the token is not accepted (401)")}),
			502, "refused", "the inbox cannot be set up: the token is not accepted (401)"},
		{errors.New(`pq: password "hunter2" of +5511999990001 is wrong`), 500, "internal", "something went wrong in the bridge; its log says what"},
		{&fault.Error{Code: "new", Message: "hunter2"}, 500, "internal", "something went wrong in the bridge; its log says what"},
	}
	for _, test := range tests {
		t.Run(string(test.code), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.err = test.err
			_, err := w.client.Lines(t.Context())
			require.Equal(t, &fault.Error{Code: test.code, Message: test.message}, err)
			status, _ := w.do(http.MethodGet, "/api/v1/lines", "")
			require.Equal(t, test.status, status)
			require.Equal(t, test.status == 500, strings.Contains(w.log.String(), "a request failed"), "only what is not for people is logged")
		})
	}
}

func TestBadRequestsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tests := []struct {
		name, method, path, body string
		status                   int
		message                  string
	}{
		{"no JSON", "POST", "/api/v1/lines", "name=x", 400, "the body is not the JSON object that is wanted: invalid character"},
		{"no body", "POST", "/api/v1/lines", "", 400, "the body is not the JSON object that is wanted: it is empty"},
		{"two objects", "POST", "/api/v1/lines/l1/pair", `{"method":"qr"}{}`, 400, "there is more after the object"},
		{"typing mistake", "PATCH", "/api/v1/lines/l1", `{"nmae":"x"}`, 400, `unknown field "nmae"`},
		{"wrong type", "POST", "/api/v1/lines", `{"account_id":"one"}`, 422, "account_id must be of type int64, not string"},
		{"no account", "POST", "/api/v1/lines", `{"name":"x"}`, 422, "account_id must be the number"},
		{"too large", "POST", "/api/v1/lines", `{"name":"` + strings.Repeat("x", 300<<10) + `"}`, 413, "the body is larger than"},
		{"too much after it", "POST", "/api/v1/lines", "{}" + strings.Repeat(" ", 300<<10), 413, "the body is larger than"},
		{"no method", "POST", "/api/v1/lines/l1/pair", `{}`, 422, `method must be "qr" or "code"`},
		{"code without phone", "POST", "/api/v1/lines/l1/pair", `{"method":"code"}`, 422, `method "code" needs phone`},
		{"QR with phone", "POST", "/api/v1/lines/l1/pair", `{"method":"qr","phone":"1"}`, 422, `phone goes with method "code" only`},
		{"force", "DELETE", "/api/v1/lines/l1?force=please", "", 422, "force must be true or false"},
		{"limit", "GET", "/api/v1/jobs?limit=0", "", 422, "limit must be between 1 and 500"},
		{"after", "GET", "/api/v1/jobs?after=-1", "", 422, "after must be a number"},
		{"job by name", "POST", "/api/v1/jobs/x/replay", "", 422, "the id of a job is a number"},
		{"unknown line", "GET", "/api/v1/lines/l2", "", 404, "there is no line with this id"},
		{"unknown line's events", "GET", "/api/v1/lines/l2/events", "", 404, "there is no line with this id"},
		{"nowhere", "GET", "/", "", 404, "there is nothing at this address"},
		{"nowhere in the API", "GET", "/api/v1/nothing", "", 404, "there is nothing at this address"},
		{"other method", "PUT", "/api/v1/lines", "", 405, "this address does not take this method"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			status, body := w.do(test.method, test.path, test.body)
			require.Equal(t, test.status, status, body)
			require.Contains(t, strings.ReplaceAll(body, `\"`, `"`), test.message)
			require.Contains(t, body, `{"error":{"code":"`)
		})
	}
}

func TestD35_NothingIsServedWithoutTheToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, authorization := range []string{"", "Bearer", "Bearer ", "Bearer wrong", "Basic " + token, token, "Bearer " + token + "x"} {
		for _, path := range []string{"/api/v1/lines", "/api/v1/lines/l1/events", "/api/v1/jobs", "/metrics"} {
			status, body := w.doAs(authorization, http.MethodGet, path, "")
			require.Equal(t, http.StatusUnauthorized, status, "%q %s", authorization, path)
			require.Contains(t, body, "Authorization: Bearer TOKEN")
		}
	}
	require.Empty(t, w.asked())
	status, body := w.doAs("bearer "+token, http.MethodGet, "/metrics", "")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "measured 1\n", body)
}

// Probes run without the token and tell the truth.
func TestR36_HealthNeedsNoTokenAndTellsTheTruth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/healthz", "/readyz", "/api/v1/openapi.json"} {
		status, _ := w.doAs("", http.MethodGet, path, "")
		require.Equal(t, http.StatusOK, status, path)
	}
	w.err = &fault.Error{Code: fault.CodeUnavailable, Message: "the database does not answer"}
	status, body := w.doAs("", http.MethodGet, "/readyz", "")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Contains(t, body, "the database does not answer")
	status, _ = w.doAs("", http.MethodGet, "/healthz", "")
	require.Equal(t, http.StatusOK, status, "it lives")
}

// Many monitors ask for the head of an answer alone, and take a 405 for an outage.
func TestR36_AProbeMayAskForTheHeadAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/healthz", "/readyz"} {
		status, body := w.doAs("", http.MethodHead, path, "")
		require.Equal(t, http.StatusOK, status, path)
		require.Empty(t, body)
	}
	w.err = &fault.Error{Code: fault.CodeUnavailable, Message: "the database does not answer"}
	status, _ := w.doAs("", http.MethodHead, "/readyz", "")
	require.Equal(t, http.StatusServiceUnavailable, status)
	status, _ = w.doAs("", http.MethodHead, "/api/v1/lines", "")
	require.Equal(t, http.StatusUnauthorized, status)
	status, _ = w.do(http.MethodHead, "/api/v1/lines/one/events", "")
	require.Equal(t, http.StatusMethodNotAllowed, status, "a stream has no end")
}

func TestADatabaseThatIsAwayIsSaidToBeAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.err = fmt.Errorf("count jobs: %w", driver.ErrBadConn)
	status, body := w.do(http.MethodGet, "/api/v1/lines", "")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Contains(t, body, "the database does not answer")
}

func TestAPanicIsAnsweredAndCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.panics = true
	status, body := w.do(http.MethodGet, "/api/v1/lines", "")
	require.Equal(t, http.StatusInternalServerError, status)
	require.Contains(t, body, `"code":"internal"`)
	require.Equal(t, 1.0, w.measured("wootbridge_http_panics_total"))
	require.Contains(t, w.log.String(), "panic while answering a request")
	require.Contains(t, w.log.String(), "fake_test.go", "the stack")
	require.NotContains(t, w.log.String(), "+5511999990001", "the value may be a customer's")
	w.panics = false
	status, _ = w.do(http.MethodGet, "/api/v1/lines", "")
	require.Equal(t, http.StatusOK, status)
}

// The log tells what was called, and nothing that would let its reader call it.
func TestD35_TheLogHasNoSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(http.MethodGet, "/api/v1/jobs?line=hunter2", "")
	w.do(http.MethodGet, "/hunter2/nowhere", "")
	w.doAs("Bearer hunter2", http.MethodGet, "/api/v1/lines/l1", "")
	w.doAs("", http.MethodPost, "/webhooks/l1/hunter2", "{}")
	w.doAs("", http.MethodPost, "/webhooks/l1/hunter2/more", "{}")
	require.Eventually(t, func() bool { return strings.Count(w.log.String(), "msg=request") == 5 }, 10*time.Second, time.Millisecond)
	require.Equal(t, 5.0, w.measured("wootbridge_http_request_seconds"))
	log := w.log.String()
	require.NotContains(t, log, "hunter2")
	require.NotContains(t, log, token)
	require.Contains(t, log, `route=/api/v1/jobs status=200`)
	require.Contains(t, log, `route=/api/v1/* status=401`)
	require.Contains(t, log, `route=/webhooks/{line}/{secret} status=200`)
	require.Contains(t, log, `route=(none) status=404`)
}

func TestT04_T16_TokenAndAddressAreReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	token := "tok2"
	line, err := w.client.ReplaceToken(ctx, "l1", token)
	require.NoError(t, err)
	require.Equal(t, "l1", line.ID)
	_, err = w.client.Move(ctx, "l1", api.Move{ChatwootURL: "https://new.example.com"})
	require.NoError(t, err)
	_, err = w.client.Move(ctx, "l1", api.Move{ChatwootURL: "https://new.example.com", ChatwootToken: &token})
	require.NoError(t, err)
	require.Equal(t, []any{
		lines.ID("l1"), admin.LineUpdate{Token: &token},
		lines.ID("l1"), admin.Move{ChatwootURL: "https://new.example.com"},
		lines.ID("l1"), admin.Move{ChatwootURL: "https://new.example.com", Token: &token},
	}, w.asked())
	for path, body := range map[string]string{"token": `{"token":"x"}`, "move": `{"url":"x"}`} {
		status, _ := w.do(http.MethodPost, "/api/v1/lines/l1/"+path, body)
		require.Equal(t, http.StatusBadRequest, status, path)
	}
}
