package upgradetest

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/media"
	"github.com/wootbridge/wootbridge/bridge/reconcile"
	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// patience bounds every wait: only a failing test uses it up.
const patience = 60 * time.Second

func TestMain(m *testing.M) {
	whatsapptest.TrustRoot()
	os.Exit(m.Run())
}

// office is a bridge between a simulated WhatsApp and a simulated Chatwoot.
type office struct {
	t       *testing.T
	db      *database.DB
	key     string // base64
	now     func() time.Time
	wa      *whatsapptest.Server
	desk    *chatwoottest.Server
	bridge  *bridge.Bridge
	front   *httptest.Server
	handler atomic.Pointer[http.Handler]
	// passes are seldom unless a test asks for more.
	passes reconcile.Schedule
}

// newOffice starts the simulators; start runs a bridge between them.
func newOffice(t *testing.T, db *database.DB, key string, now func() time.Time) *office {
	t.Helper()
	o := &office{t: t, db: db, key: key, now: now}
	o.wa = whatsapptest.New(whatsapptest.Options{Now: now})
	require.NoError(t, o.wa.Start())
	t.Cleanup(o.wa.Close)
	o.desk = chatwoottest.New(chatwoottest.Options{Dir: t.TempDir(), Now: now})
	require.NoError(t, o.desk.Start())
	t.Cleanup(func() { require.NoError(t, o.desk.Close()) })
	o.front = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if h := o.handler.Load(); h != nil {
			(*h).ServeHTTP(rw, r)
			return
		}
		rw.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(o.front.Close)
	t.Cleanup(o.stop)
	t.Cleanup(o.explain)
	return o
}

// explain says of a test that failed which jobs there are, and what those that
// are not done wait for.
func (o *office) explain() {
	if !o.t.Failed() {
		return
	}
	rows, err := o.db.QueryContext(context.Background(), `SELECT lane, kind, state, attempt, last_error FROM job ORDER BY id`)
	if err != nil {
		o.t.Log(err)
		return
	}
	defer rows.Close()
	for rows.Next() {
		var lane, kind, state, cause string
		var attempt int
		if err := rows.Scan(&lane, &kind, &state, &attempt, &cause); err != nil {
			o.t.Log(err)
			return
		}
		o.t.Log(lane, kind, state, attempt, cause)
	}
	for _, p := range o.wa.Peers() {
		for _, err := range p.Errors() {
			o.t.Log(p.Name(), err)
		}
	}
}

// prepare makes a bridge on the office's database that does not run yet.
func (o *office) prepare() {
	o.t.Helper()
	store, err := whatsapp.OpenStore(o.t.Context(), whatsapp.StoreConfig{
		DB: o.db.DB, Dialect: string(o.db.Dialect), Relaxed: database.Relaxed, Log: whatsapp.Log(slog.New(slog.DiscardHandler), func(string) {}),
	})
	require.NoError(o.t, err)
	raw, err := base64.StdEncoding.DecodeString(o.key)
	require.NoError(o.t, err)
	key, err := seal.NewKey(raw)
	require.NoError(o.t, err)
	spool, err := media.NewSpool(filepath.Join(o.t.TempDir(), "spool"))
	require.NoError(o.t, err)
	o.bridge = bridge.New(bridge.Config{
		DB: o.db, Key: key, Cache: idmap.NewMemory(1000, o.now), Store: store, Spool: spool, Log: o.log(), Clock: o.now,
		PublicURL: o.front.URL, Instance: "frozen", Metrics: bridge.NewMetrics(prometheus.NewRegistry()), Schedule: o.passes,
		Simulator: &whatsapp.Simulator{Addr: o.wa.Addr(), RootKey: o.wa.RootKey()},
	})
}

// log is silent; a developer sees what the bridge says with UPGRADETEST_LOG=1.
func (o *office) log() *slog.Logger {
	if os.Getenv("UPGRADETEST_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})).With("test", o.t.Name())
}

func (o *office) start() {
	o.t.Helper()
	if o.bridge == nil {
		o.prepare()
	}
	require.NoError(o.t, o.bridge.Start(o.t.Context()))
	handler := o.bridge.Webhooks()
	o.handler.Store(&handler)
}

func (o *office) stop() {
	if o.bridge != nil {
		o.handler.Store(nil)
		o.bridge.Stop()
		o.bridge = nil
	}
}

func (o *office) eventually(what string, holds func() bool) {
	o.t.Helper()
	require.Eventually(o.t, holds, patience, 5*time.Millisecond, what)
}

func (o *office) state(line bridge.LineID, code whatsapp.Code) {
	o.t.Helper()
	o.eventually("the state "+string(code), func() bool {
		state, err := o.bridge.State(line)
		return err == nil && state.Code == code
	})
}

// status is a line by its name.
func (o *office) status(name string) bridge.LineStatus {
	o.t.Helper()
	lines, err := o.bridge.Lines(context.Background())
	require.NoError(o.t, err)
	for _, line := range lines {
		if line.Line.Name == name {
			return line
		}
	}
	require.FailNow(o.t, "no such line", name)
	return bridge.LineStatus{}
}

// jobs counts the jobs by line, direction, kind and state.
func (o *office) jobs() map[string]int {
	o.t.Helper()
	counts := map[string]int{}
	rows, err := o.db.QueryContext(context.Background(), `SELECT line.name, lane.dir, job.kind, job.state, COUNT(*)
		FROM job JOIN lane ON lane.key = job.lane JOIN line ON line.id = job.line GROUP BY line.name, lane.dir, job.kind, job.state`)
	require.NoError(o.t, err)
	defer rows.Close()
	for rows.Next() {
		var name, dir, kind, state string
		var n int
		require.NoError(o.t, rows.Scan(&name, &dir, &kind, &state, &n))
		counts[strings.Join([]string{name, dir, kind, state}, "/")] = n
	}
	require.NoError(o.t, rows.Err())
	return counts
}

// listed counts the jobs of a state as the bridge lists them.
func (o *office) listed(state journal.State) map[string]int {
	o.t.Helper()
	names := map[string]string{}
	rows, err := o.db.QueryContext(context.Background(), `SELECT id, name FROM line`)
	require.NoError(o.t, err)
	defer rows.Close()
	for rows.Next() {
		var id, name string
		require.NoError(o.t, rows.Scan(&id, &name))
		names[id] = name
	}
	require.NoError(o.t, rows.Err())
	jobs, err := o.bridge.Jobs(context.Background(), journal.JobFilter{State: state})
	require.NoError(o.t, err)
	counts := map[string]int{}
	for _, job := range jobs {
		counts[strings.Join([]string{names[job.Line], string(job.Direction), job.Kind, string(job.State)}, "/")]++
	}
	return counts
}

// wait blocks until Chatwoot has a message that fits.
func (o *office) wait(what string, fits func(chatwoottest.Message) bool) chatwoottest.Message {
	o.t.Helper()
	m, err := o.desk.WaitMessage(patience, fits)
	require.NoError(o.t, err, what)
	return m
}

func (o *office) waitText(text string) chatwoottest.Message {
	o.t.Helper()
	return o.wait(text, func(m chatwoottest.Message) bool { return m.Text == text })
}

func (o *office) waitStatus(id int, status string) chatwoottest.Message {
	o.t.Helper()
	return o.wait("the status "+status, func(m chatwoottest.Message) bool { return m.ID == id && m.Status == status })
}

// reply is an agent's message.
func (o *office) reply(conversation int, text string, options ...chatwoottest.MessageOption) chatwoottest.Message {
	o.t.Helper()
	m, err := o.desk.Reply(conversation, text, options...)
	require.NoError(o.t, err)
	return m
}

// ask is a request to Chatwoot by somebody who is not the bridge.
func (o *office) ask(method, path, body string) {
	o.t.Helper()
	req, err := http.NewRequest(method, fmt.Sprintf("%s/api/v1/accounts/%d%s", o.desk.URL(), o.desk.Account(), path), strings.NewReader(body))
	require.NoError(o.t, err)
	req.Header.Set("Api-Access-Token", o.desk.AdminToken())
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(o.t, err)
	require.NoError(o.t, resp.Body.Close())
	require.Equal(o.t, http.StatusOK, resp.StatusCode, "%s %s", method, path)
}
