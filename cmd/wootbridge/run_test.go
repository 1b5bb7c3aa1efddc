package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/lines"
)

// front answers like a bridge, as a test says.
type front struct {
	*httptest.Server
	mux *http.ServeMux

	mu    sync.Mutex
	asked []string
}

func newFront(t *testing.T, lines ...api.Line) *front {
	t.Helper()
	f := &front{mux: http.NewServeMux()}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		_, _ = body.ReadFrom(r.Body)
		f.mu.Lock()
		f.asked = append(f.asked, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+body.String()))
		f.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		f.mux.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	f.answer("GET /api/v1/lines", http.StatusOK, api.Lines{Lines: lines})
	return f
}

func (f *front) answer(route string, status int, value any) {
	f.mux.HandleFunc(route, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		if value != nil {
			_ = json.NewEncoder(w).Encode(value)
		}
	})
}

// last are the requests but for the listing of lines.
func (f *front) last() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var rest []string
	for _, request := range f.asked {
		if request != "GET /api/v1/lines" {
			rest = append(rest, request)
		}
	}
	return rest
}

// typed runs a command line against a server.
func typed(t *testing.T, url, stdin, line string, env ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	env = append([]string{"WOOTBRIDGE_URL=" + url, "WOOTBRIDGE_ADMIN_TOKEN=token"}, env...)
	code = run(t.Context(), append([]string{"wootbridge"}, strings.Fields(line)...), env, strings.NewReader(stdin), &out, &errs)
	return out.String(), errs.String(), code
}

func line(id, name, state string) api.Line {
	return api.Line{ID: id, Name: name, State: state, Sentence: "It is " + state + ".", Chatwoot: api.Chatwoot{URL: "https://chat.example.com", AccountID: 1, InboxID: 12}}
}

func TestWrongUsageIsExplainedAndExits64(t *testing.T) {
	t.Parallel()
	f := newFront(t, line("abc111", "Support", "connected"), line("abc222", "Sales", "connected"), line("def333", "sales", "new"))
	tests := []struct{ line, says string }{
		{"frobnicate", `There is no command "frobnicate".`},
		{"help frobnicate", `There is no command "frobnicate".`},
		{"serve now", `"now" is one argument too many.`},
		{"serve --fast", "Flag provided but not defined: -fast."},
		{"version --fast", "Flag provided but not defined: -fast."},
		{"migrate x", `"x" is one argument too many.`},
		{"healthcheck x", `"x" is one argument too many.`},
		{"pair", "Which line? Add --line and one of these:\n  abc111  Support\n  abc222  Sales\n  def333  sales"},
		{"pair --line abc", `More than one line fits "abc"; use the id:`},
		{"pair --line SALES", `More than one line fits "SALES"; use the id:`},
		{"pair --line nobody", `There is no line "nobody". There are:`},
		{"lines dance", `Lines cannot "dance".`},
		{"lines create", "Still missing: --name, --chatwoot-url, --account"},
		{"lines create --name x --chatwoot-url https://c --account 1", "No access token of Chatwoot was given."},
		{"lines set", "Lines set wants a line"},
		{"lines set abc111 language", `"language" is not of the form NAME=VALUE.`},
		{"lines pause", "Lines pause wants one line: its id or its name."},
		{"lines pause a b", "Lines pause wants one line"},
		{"lines delete def333", "This unlinks the phone - and removes the line sales (def333) for ever."},
		{"jobs replay", "Jobs replay wants the ids of jobs, or --all."},
		{"jobs replay x", `"x" is not the id of a job.`},
		{"jobs replay 1 --all", "Either --all or ids, not both."},
		{"jobs replay 1 --line abc111", "--line goes with --all."},
		{"jobs 1", `"1" is one argument too many.`},
	}
	for _, test := range tests {
		t.Run(test.line, func(t *testing.T) {
			t.Parallel()
			out, errs, code := typed(t, f.URL, "", test.line)
			require.Equal(t, exitUsage, code)
			require.Empty(t, out)
			require.Contains(t, errs, test.says)
		})
	}
	t.Cleanup(func() { require.Empty(t, f.last(), "nothing was changed") })
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"", "help", "--help", "-h"} {
		out, errs, code := typed(t, "http://127.0.0.1:1", "", args)
		require.Zero(t, code)
		require.Empty(t, errs)
		for _, c := range commands {
			require.Contains(t, out, "  "+c.name)
		}
	}
	for _, c := range commands {
		byHelp, _, code := typed(t, "http://127.0.0.1:1", "", "help "+c.name)
		require.Zero(t, code)
		byFlag, _, code := typed(t, "http://127.0.0.1:1", "", c.name+" --help")
		require.Zero(t, code)
		require.Equal(t, byHelp, byFlag)
		require.Contains(t, byHelp, "wootbridge "+c.name)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	out, _, code := typed(t, "http://127.0.0.1:1", "", "version")
	require.Zero(t, code)
	require.Regexp(t, `^Wootbridge \S.* \(go1\..*/.*\)\n$`, out)
}

func TestLinesAreListedWithWhatToDo(t *testing.T) {
	t.Parallel()
	connected := line("abc111", "Support", "connected")
	connected.Phone, connected.Queue = "5511999990001", api.Queue{Inbound: 2, Outbound: 1, OldestSeconds: 70, Dead: 3}
	connected.LastError, connected.Notice = "chatwoot is not available", "Mind the inbox."
	connected.Ways = []api.Way{
		{Way: "webhook", Works: "no", Since: time.Date(2027, 3, 4, 5, 6, 7, 0, time.Local), Sentence: "Chatwoot calls no private addresses."},
		{Way: "live", Works: "yes", Sentence: "Works."},
	}
	f := newFront(t, connected, line("abc222", "Sales", "new"), line("abc333", "Night", "paused"), line("abc444", "Old", "replaced"), line("abc555", "Far", "disconnected"))
	out, _, code := typed(t, f.URL, "", "lines")
	require.Zero(t, code)
	require.Equal(t, `LINE     NAME      STATE          PHONE            WAITING     GIVEN UP   CHATWOOT
abc111   Support   connected      +5511999990001   3 (1m10s)   3          https://chat.example.com, account 1, inbox 12
abc222   Sales     new            -                0           0          https://chat.example.com, account 1, inbox 12
abc333   Night     paused         -                0           0          https://chat.example.com, account 1, inbox 12
abc444   Old       replaced       -                0           0          https://chat.example.com, account 1, inbox 12
abc555   Far       disconnected   -                0           0          https://chat.example.com, account 1, inbox 12

Support: messages wait, because: chatwoot is not available

Support: replies by webhook: Chatwoot calls no private addresses. (since 2027-03-04 05:06:07)

Support: Mind the inbox.

Sales: It is new.
  wootbridge pair --line abc222

Night: It is paused.
  wootbridge lines resume abc333

Old: It is replaced.
  wootbridge lines reconnect abc444

Far: It is disconnected.

See what was given up, and try it again:
  wootbridge jobs
`, out)
	out, _, code = typed(t, f.URL, "", "lines --json")
	require.Zero(t, code)
	var listed []api.Line
	require.NoError(t, json.Unmarshal([]byte(out), &listed))
	require.Len(t, listed, 5)
}

func TestCreateTakesTheTokenFromSettingsOrInput(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte("tok\n"), 0o600))
	for name, given := range map[string]struct{ stdin, env string }{
		"piped": {"tok\nmore\n", "X=1"}, "setting": {"", "WOOTBRIDGE_CHATWOOT_TOKEN=tok"}, "file": {"", "WOOTBRIDGE_CHATWOOT_TOKEN_FILE=" + file},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t)
			f.answer("POST /api/v1/lines", http.StatusCreated, line("abc111", "Support", "new"))
			out, errs, code := typed(t, f.URL, given.stdin, "lines create --name Support --chatwoot-url https://chat.example.com --account 1 --inbox 12", given.env)
			require.Zero(t, code, errs)
			require.Equal(t, []string{`POST /api/v1/lines {"name":"Support","chatwoot_url":"https://chat.example.com","chatwoot_token":"tok","account_id":1,"inbox_id":12}`}, f.last())
			require.Equal(t, "The line Support (abc111) is made; its inbox in Chatwoot is number 12.\nNow link the phone:\n  wootbridge pair --line abc111\n", out)
		})
	}
}

func TestT04_ALineIsMoved(t *testing.T) {
	t.Parallel()
	f := newFront(t, line("abc111", "Support", "connected"))
	moved := line("abc111", "Support", "connected")
	moved.Chatwoot.URL = "https://new.example.com"
	f.answer("POST /api/v1/lines/abc111/move", http.StatusOK, moved)
	out, errs, code := typed(t, f.URL, "", "lines move support --chatwoot-url https://new.example.com")
	require.Zero(t, code, errs)
	require.Equal(t, "The line Support is at https://new.example.com now. It is connected.\n", out)
	_, errs, code = typed(t, f.URL, "tok2\n", "lines move --chatwoot-url https://new.example.com --new-token abc111")
	require.Zero(t, code, errs)
	require.Equal(t, []string{
		`POST /api/v1/lines/abc111/move {"chatwoot_url":"https://new.example.com"}`,
		`POST /api/v1/lines/abc111/move {"chatwoot_url":"https://new.example.com","chatwoot_token":"tok2"}`,
	}, f.last())

	_, errs, code = typed(t, f.URL, "", "lines move support")
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "Still missing: --chatwoot-url")
	_, errs, code = typed(t, f.URL, "", "lines move --chatwoot-url https://new.example.com")
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "Lines move wants one line")
	require.Len(t, f.last(), 2)
}

func TestT16_SetTokenIsToken(t *testing.T) {
	t.Parallel()
	f := newFront(t, line("abc111", "Support", "paused"))
	f.answer("PATCH /api/v1/lines/abc111", http.StatusOK, line("abc111", "Support", "connected"))
	out, errs, code := typed(t, f.URL, "tok2\n", "lines set-token support")
	require.Zero(t, code, errs)
	require.Equal(t, []string{`PATCH /api/v1/lines/abc111 {"chatwoot_token":"tok2"}`}, f.last())
	require.Contains(t, out, "The line Support uses the new token.")
	_, _, code = typed(t, f.URL, "", "lines set-token support tok2")
	require.Equal(t, exitUsage, code, "a token is never an argument: everybody on the machine would see it")
}

func TestATokenIsReplaced(t *testing.T) {
	t.Parallel()
	f := newFront(t, line("abc111", "Support", "paused"))
	f.answer("PATCH /api/v1/lines/abc111", http.StatusOK, line("abc111", "Support", "connected"))
	out, errs, code := typed(t, f.URL, "tok2\n", "lines token support")
	require.Zero(t, code, errs)
	require.Equal(t, []string{`PATCH /api/v1/lines/abc111 {"chatwoot_token":"tok2"}`}, f.last())
	require.Equal(t, "The line Support uses the new token. It is connected.\n", out)

	_, errs, code = typed(t, f.URL, "", "lines token support")
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "No access token of Chatwoot was given.")
	require.Len(t, f.last(), 1, "nothing was asked of the server")
}

func TestHelpListsTheSettings(t *testing.T) {
	t.Parallel()
	out, _, code := typed(t, "http://127.0.0.1:1", "", "help lines")
	require.Zero(t, code)
	words := strings.Join(strings.Fields(out), " ")
	for _, row := range lines.Table() {
		require.Contains(t, out, "\n  "+row.Name+"="+strings.Trim(row.Default, `"`)+"\n")
		for _, part := range []string{row.Type, row.Allowed, row.Help("en")} {
			require.Contains(t, words, part, row.Name)
		}
	}
	for line := range strings.Lines(out) {
		require.LessOrEqual(t, len(line), helpWidth+1, line)
	}
}

func TestSettingsAreChangedAndShown(t *testing.T) {
	t.Parallel()
	f := newFront(t, line("abc111", "Support", "connected"))
	changed := line("abc111", "Night shift", "connected")
	changed.Settings = json.RawMessage(`{"send_rate":2.5,"language":"pt-BR","formatting":false}`)
	f.answer("PATCH /api/v1/lines/abc111", http.StatusOK, changed)
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"wootbridge", "lines", "set", "support", "name=Night shift", "language=pt-BR", "send_rate=2.5", "formatting=false", "timezone="},
		[]string{"WOOTBRIDGE_URL=" + f.URL, "WOOTBRIDGE_ADMIN_TOKEN=token"}, nil, &out, &errs)
	require.Zero(t, code, errs.String())
	require.Equal(t, []string{`PATCH /api/v1/lines/abc111 {"name":"Night shift","settings":{"formatting":false,"language":"pt-BR","send_rate":2.5,"timezone":""}}`}, f.last())
	require.Equal(t, "The settings of the line Night shift (abc111):\n  formatting=false\n  language=pt-BR\n  send_rate=2.5\n", out.String())
}

func TestLinesAreCommanded(t *testing.T) {
	t.Parallel()
	tests := []struct{ line, request, says string }{
		{"lines pause support", "POST /api/v1/lines/abc111/pause", "The line Support is paused."},
		{"lines resume abc", "POST /api/v1/lines/abc111/resume", "The line Support runs again."},
		{"lines reconnect abc111", "POST /api/v1/lines/abc111/reconnect", "The line Support connects anew."},
		{"lines logout abc111", "POST /api/v1/lines/abc111/logout", "The line Support is unlinked from its phone."},
		{"lines delete abc111 --yes", "DELETE /api/v1/lines/abc111", "The line Support is gone."},
		{"lines delete --yes abc111 --force", "DELETE /api/v1/lines/abc111?force=true", "The line Support is gone."},
	}
	for _, test := range tests {
		t.Run(test.line, func(t *testing.T) {
			t.Parallel()
			f := newFront(t, line("abc111", "Support", "connected"))
			f.answer("/api/v1/lines/", http.StatusAccepted, nil)
			out, errs, code := typed(t, f.URL, "", test.line)
			require.Zero(t, code, errs)
			require.Equal(t, []string{test.request}, f.last())
			require.Contains(t, out, test.says)
		})
	}
}

// A large line is removed in the background, and people are told so.
func TestT13_ADeletionThatGoesOnIsToldToPeople(t *testing.T) {
	t.Parallel()
	going := line("abc111", "Support", "deleting")
	going.Sentence = "It is being removed."
	f := newFront(t, going, line("def222", "Support", "connected"))
	f.answer("DELETE /api/v1/lines/", http.StatusNoContent, nil)
	out, errs, code := typed(t, f.URL, "", "lines delete abc111 --yes")
	require.Zero(t, code, errs)
	require.Equal(t, "The line Support is deleted; what it leaves behind is being removed in the background, which goes on after a restart. Its inbox in Chatwoot, with the conversations, is still there.\n", out)
	out, errs, code = typed(t, f.URL, "", "lines delete support --yes")
	require.Zero(t, code, errs)
	require.Equal(t, []string{"DELETE /api/v1/lines/abc111", "DELETE /api/v1/lines/def222"}, f.last(), "the name is the other's")
	require.Contains(t, out, "The line Support is gone.")
	out, _, code = typed(t, f.URL, "", "lines")
	require.Zero(t, code)
	require.Contains(t, out, "Support: It is being removed.")
}

// What the server refuses is said in its words, with what else can be done.
func TestRefusalsAreToldToPeople(t *testing.T) {
	t.Parallel()
	f := newFront(t, line("abc111", "Support", "connected"))
	f.answer("DELETE /api/v1/lines/abc111", http.StatusConflict, api.Failure{Error: fault.Error{Code: fault.CodeConflict, Message: "2 messages wait"}})
	_, errs, code := typed(t, f.URL, "", "lines delete abc111 --yes")
	require.Equal(t, exitFailure, code)
	require.Equal(t, "2 messages wait. With --force they are lost.\n", errs)

	f = newFront(t)
	f.answer("GET /readyz", http.StatusServiceUnavailable, api.Failure{Error: fault.Error{Code: fault.CodeUnavailable, Message: "the database does not answer"}})
	_, errs, code = typed(t, f.URL, "", "healthcheck")
	require.Equal(t, exitFailure, code)
	require.Equal(t, "The database does not answer.\n", errs)

	_, errs, code = typed(t, "http://127.0.0.1:1", "", "lines")
	require.Equal(t, exitFailure, code)
	require.Equal(t, "No answer at http://127.0.0.1:1: nothing listens there. Start the bridge with \"wootbridge serve\", or set WOOTBRIDGE_URL to the address at which it runs.\n", errs)

	_, errs, code = typed(t, "8080", "", "lines")
	require.Equal(t, exitConfig, code)
	require.Equal(t, "The configuration is not right:\n  WOOTBRIDGE_URL is \"8080\"; want the address of the running server, such as http://127.0.0.1:8081\n", errs)

	dir := t.TempDir()
	_, errs, code = typed(t, f.URL, "", "lines", "WOOTBRIDGE_ADMIN_TOKEN=", "WOOTBRIDGE_DATA_DIR="+dir)
	require.Equal(t, exitFailure, code)
	require.Equal(t, "There is no admin token in "+dir+"/admin-token: set WOOTBRIDGE_DATA_DIR to the data folder of the running bridge, or WOOTBRIDGE_ADMIN_TOKEN to its token.\n", errs)
}

func TestJobsAreListedAndReplayed(t *testing.T) {
	t.Parallel()
	f := newFront(t, line("abc111", "Support", "connected"))
	f.mux.HandleFunc("GET /api/v1/jobs", func(w http.ResponseWriter, r *http.Request) {
		page := api.Jobs{Jobs: []api.Job{{ID: 7, Line: "abc111", Direction: "out", Kind: "created", State: "dead", LastError: "the number is not on WhatsApp"}}, Next: 7}
		if r.URL.Query().Get("after") == "7" {
			page = api.Jobs{Jobs: []api.Job{{ID: 9, Line: "abc111", Direction: "in", Kind: "message", State: "dead", LastError: "chatwoot refuses the request (422)"}}}
		}
		_ = json.NewEncoder(w).Encode(page)
	})
	f.answer("POST /api/v1/jobs/7/replay", http.StatusAccepted, nil)
	f.answer("POST /api/v1/jobs/8/replay", http.StatusNotFound, api.Failure{Error: fault.Error{Code: fault.CodeNotFound, Message: "there is no dead job with this id"}})
	f.answer("POST /api/v1/jobs/replay", http.StatusAccepted, api.Replayed{Replayed: 2, Left: 1})

	out, errs, code := typed(t, f.URL, "", "jobs --line support")
	require.Zero(t, code, errs)
	require.Regexp(t, `(?m)^7 +abc111 +to WhatsApp +created .* the number is not on WhatsApp$`, out)
	require.Regexp(t, `(?m)^9 +abc111 +to Chatwoot +message .* chatwoot refuses the request \(422\)$`, out)
	require.Equal(t, []string{"GET /api/v1/jobs?line=abc111", "GET /api/v1/jobs?after=7&line=abc111"}, f.last())

	out, errs, code = typed(t, f.URL, "", "jobs replay 7")
	require.Zero(t, code, errs)
	require.Contains(t, out, "1 tried again.")
	_, errs, code = typed(t, f.URL, "", "jobs replay 8")
	require.Equal(t, exitFailure, code)
	require.Equal(t, "Job 8: there is no dead job with this id.\n", errs)
	out, _, code = typed(t, f.URL, "", "jobs replay --all --line abc111")
	require.Zero(t, code)
	require.Contains(t, out, "2 tried again.")
	require.Equal(t, `POST /api/v1/jobs/replay {"line":"abc111"}`, f.last()[4])
	out, _, code = typed(t, f.URL, "", "jobs replay --unconverted --line abc111")
	require.Zero(t, code)
	require.Contains(t, out, "2 converted now")
	require.Contains(t, out, "1 of kinds that this version does not know")
	require.Equal(t, `POST /api/v1/jobs/replay {"line":"abc111","unconverted":true}`, f.last()[5])
	_, errs, code = typed(t, f.URL, "", "jobs replay --unconverted 7")
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "without ids")
	out, _, code = typed(t, f.URL, "", "jobs --unconverted")
	require.Zero(t, code)
	require.Contains(t, out, "KIND")
	require.Contains(t, f.last()[6], "state=unconverted")
	out, _, code = typed(t, f.URL, "", "jobs --json")
	require.Zero(t, code)
	require.Contains(t, out, `"last_error": "the number is not on WhatsApp"`)
}
