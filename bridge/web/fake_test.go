package web_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/admin"
	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/listen"
	"github.com/wootbridge/wootbridge/bridge/web"
	"github.com/wootbridge/wootbridge/whatsapp"
)

const token = "0123456789abcdef"

// fake is a bridge whose answers a test chooses. It knows one line, "l1".
type fake struct {
	mu      sync.Mutex
	status  admin.LineStatus
	err     error // of every call, if set
	calls   []any // what was asked, in order
	jobs    []journal.JobInfo
	changed chan struct{}
	panics  bool
}

// since is when the fake's ways became what they are.
var since = time.Date(2027, 3, 4, 5, 6, 7, 0, time.UTC)

func newFake() *fake {
	return &fake{
		changed: make(chan struct{}, 1),
		status: admin.LineStatus{
			Line: lines.Line{
				ID: "l1", Name: "Support", ChatwootURL: "https://chat.example.com", Account: 1, Inbox: 12, Settings: lines.DefaultSettings(),
			},
			State:   whatsapp.State{Code: whatsapp.StateConnected, Sentence: "Connected to WhatsApp.", JID: "5511999990001:3@s.whatsapp.net", Phone: "5511999990001"},
			Version: "4.16.2", WebhookURL: "https://bridge.example.com/webhooks/l1/s3cret",
			LastError: "chatwoot is not available", Queue: journal.Stats{Inbound: 2, Outbound: 1, OldestSeconds: 70, Dead: 1}, Notice: "Mind the inbox.",
			Ways: []listen.Status{
				{Way: listen.Webhook, Verdict: listen.Closed, Since: since, Reason: listen.Reason{Code: listen.Private}},
				{Way: listen.Live, Verdict: listen.Works, Since: since},
			},
		},
	}
}

// call records a call and gives the error to answer.
func (f *fake) call(what ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.panics {
		panic("+5511999990001 wrote this")
	}
	f.calls = append(f.calls, what...)
	return f.err
}

func (f *fake) known(id lines.ID) error {
	if id != "l1" {
		return &fault.Error{Code: fault.CodeNotFound, Message: "there is no line with this id"}
	}
	return nil
}

// change changes the line and says so to watchers.
func (f *fake) change(do func(*admin.LineStatus)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do(&f.status)
	select {
	case f.changed <- struct{}{}:
	default:
	}
}

func (f *fake) asked() []any {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

func (f *fake) Lines(context.Context) ([]admin.LineStatus, error) {
	if err := f.call(); err != nil {
		return nil, err
	}
	return []admin.LineStatus{f.status}, nil
}

func (f *fake) LineStatus(_ context.Context, id lines.ID) (admin.LineStatus, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return admin.LineStatus{}, f.err
	}
	return f.status, f.known(id)
}

func (f *fake) CreateLine(_ context.Context, n admin.NewLine) (lines.Line, error) {
	return f.status.Line, f.call(n)
}

func (f *fake) UpdateLine(_ context.Context, id lines.ID, u admin.LineUpdate) error {
	if err := f.call(id, u); err != nil {
		return err
	}
	return f.known(id)
}

func (f *fake) MoveLine(_ context.Context, id lines.ID, m admin.Move) error {
	if err := f.call(id, m); err != nil {
		return err
	}
	return f.known(id)
}

func (f *fake) DeleteLine(_ context.Context, id lines.ID, force bool) error {
	if err := f.call(id, force); err != nil {
		return err
	}
	return f.known(id)
}

func (f *fake) Watch(id lines.ID) (<-chan struct{}, func(), error) {
	return f.changed, func() { _ = f.call("unwatch") }, f.known(id)
}

func (f *fake) Pair(_ context.Context, id lines.ID, phone string) error {
	if err := f.call("pair", id, phone); err != nil {
		return err
	}
	return f.known(id)
}

func (f *fake) Logout(_ context.Context, id lines.ID) error  { return f.call("logout", id) }
func (f *fake) Confirm(_ context.Context, id lines.ID) error { return f.call("confirm", id) }

func (f *fake) Reconnect(_ context.Context, id lines.ID) error { return f.call("reconnect", id) }
func (f *fake) Pause(_ context.Context, id lines.ID) error     { return f.call("pause", id) }
func (f *fake) Resume(_ context.Context, id lines.ID) error    { return f.call("resume", id) }

func (f *fake) Jobs(_ context.Context, filter journal.JobFilter) ([]journal.JobInfo, error) {
	if err := f.call(filter); err != nil {
		return nil, err
	}
	var page []journal.JobInfo
	for _, job := range f.jobs {
		if job.ID > filter.After && len(page) < filter.Limit {
			page = append(page, job)
		}
	}
	return page, nil
}

func (f *fake) Replay(_ context.Context, job int64) error { return f.call("replay", job) }

func (f *fake) ReplayAll(_ context.Context, line lines.ID) (int, error) {
	return 7, f.call("replay all", line)
}

func (f *fake) ReplayUnconverted(_ context.Context, line lines.ID) (replayed, left int, err error) {
	return 5, 2, f.call("replay unconverted", line)
}

func (f *fake) Ready(context.Context) error { return f.call("ready") }

func (f *fake) Webhooks() http.Handler {
	router := chi.NewRouter()
	router.Post("/webhooks/{line}/{secret}", func(w http.ResponseWriter, r *http.Request) {
		_ = f.call("webhook", chi.URLParam(r, "line"), chi.URLParam(r, "secret"))
		w.WriteHeader(http.StatusOK)
	})
	return router
}

// world is a served fake and a client of it.
type world struct {
	*fake
	t      *testing.T
	url    string
	client *api.Client
	server *web.Server
	log    *safeBuffer
	// registry has the server's own metrics.
	registry *prometheus.Registry
}

func newWorld(t *testing.T) *world {
	t.Helper()
	log := &safeBuffer{}
	f, registry := newFake(), prometheus.NewRegistry()
	s := web.New(web.Config{
		Admin: f, Webhooks: f.Webhooks(), Token: token, Registry: registry,
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("measured 1\n"))
		}),
	})
	front := httptest.NewUnstartedServer(nil)
	front.Config = web.HTTP(s, slog.New(slog.DiscardHandler))
	front.Start()
	client := api.NewClient(front.URL, token)
	t.Cleanup(func() {
		client.CloseIdle()
		s.CloseStreams()
		front.Close()
	})
	return &world{fake: f, t: t, url: front.URL, client: client, server: s, log: log, registry: registry}
}

// measured is how often something was counted, whatever its labels.
func (w *world) measured(name string) (n float64) {
	w.t.Helper()
	families, err := w.registry.Gather()
	require.NoError(w.t, err)
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.GetMetric() {
			n += metric.GetCounter().GetValue() + float64(metric.GetHistogram().GetSampleCount())
		}
	}
	return n
}

// do makes a request with the token and gives status and body.
func (w *world) do(method, path, body string) (int, string) {
	w.t.Helper()
	return w.doAs("Bearer "+token, method, path, body)
}

func (w *world) doAs(authorization, method, path, body string) (int, string) {
	w.t.Helper()
	req, err := http.NewRequest(method, w.url+path, bytes.NewBufferString(body))
	require.NoError(w.t, err)
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	var content bytes.Buffer
	_, err = content.ReadFrom(resp.Body)
	require.NoError(w.t, err)
	return resp.StatusCode, content.String()
}

// safeBuffer is a log that may be read while it is written.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
