package upgradetest

import (
	"context"
	"encoding/base64"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/bridgetest"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/reconcile"
	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// patience bounds every wait: only a failing test uses it up.
const patience = 60 * time.Second

func TestMain(m *testing.M) { bridgetest.VerifyTestMain(m) }

// stack is a bridge between simulators, with a key that a state was frozen with.
type stack struct {
	*bridgetest.Stack
	t   *testing.T
	key string // base64
	// passes are seldom unless a test asks for more.
	passes reconcile.Schedule
}

// newStack starts the simulators; start runs a bridge between them.
func newStack(t *testing.T, db *database.DB, key string, clock *bridgetest.Clock) *stack {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(key)
	require.NoError(t, err)
	sealKey, err := seal.NewKey(raw)
	require.NoError(t, err)
	o := &stack{t: t, key: key, Stack: bridgetest.Prepare(t, bridgetest.Options{DB: db, Clock: clock, Log: logOf(t)})}
	o.Configure = func(cfg *bridge.Config) {
		cfg.Key, cfg.Instance, cfg.Schedule = sealKey, "frozen", o.passes
		cfg.Schedule.PerSecond = 1000
	}
	t.Cleanup(o.explain)
	return o
}

// explain says of a test that failed which jobs there are, and what those that
// are not done wait for.
func (o *stack) explain() {
	if !o.t.Failed() {
		return
	}
	rows, err := o.DB.QueryContext(context.Background(), `SELECT lane, kind, state, attempt, last_error FROM job ORDER BY id`)
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
	for _, p := range o.WhatsApp.Peers() {
		for _, err := range p.Errors() {
			o.t.Log(p.Name(), err)
		}
	}
}

// logOf is silent; a developer sees what the bridge says with UPGRADETEST_LOG=1.
func logOf(t *testing.T) *slog.Logger {
	if os.Getenv("UPGRADETEST_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})).With("test", t.Name())
}

func (o *stack) start() {
	o.t.Helper()
	require.NoError(o.t, o.Start(o.t.Context()))
}

func (o *stack) stop() {
	o.t.Helper()
	require.NoError(o.t, o.Stop())
}

func (o *stack) eventually(what string, holds func() bool) {
	o.t.Helper()
	require.Eventually(o.t, holds, patience, 5*time.Millisecond, what)
}

func (o *stack) connected(line bridge.LineID) {
	o.t.Helper()
	require.NoError(o.t, o.WaitConnected(o.t.Context(), line))
}

// status is a line by its name.
func (o *stack) status(name string) bridge.LineStatus {
	o.t.Helper()
	lines, err := o.Bridge.Lines(context.Background())
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
func (o *stack) jobs() map[string]int {
	o.t.Helper()
	counts := map[string]int{}
	rows, err := o.DB.QueryContext(context.Background(), `SELECT line.name, lane.dir, job.kind, job.state, COUNT(*)
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
func (o *stack) listed(state journal.State) map[string]int {
	o.t.Helper()
	names := map[string]string{}
	rows, err := o.DB.QueryContext(context.Background(), `SELECT id, name FROM line`)
	require.NoError(o.t, err)
	defer rows.Close()
	for rows.Next() {
		var id, name string
		require.NoError(o.t, rows.Scan(&id, &name))
		names[id] = name
	}
	require.NoError(o.t, rows.Err())
	jobs, err := o.Bridge.Jobs(context.Background(), journal.JobFilter{State: state})
	require.NoError(o.t, err)
	counts := map[string]int{}
	for _, job := range jobs {
		counts[strings.Join([]string{names[job.Line], string(job.Direction), job.Kind, string(job.State)}, "/")]++
	}
	return counts
}

// wait blocks until Chatwoot has a message that fits.
func (o *stack) wait(what string, fits func(chatwoottest.Message) bool) chatwoottest.Message {
	o.t.Helper()
	m, err := o.WaitMessage(what, fits)
	require.NoError(o.t, err)
	return m
}

func (o *stack) waitText(text string) chatwoottest.Message {
	o.t.Helper()
	m, err := o.WaitText(text)
	require.NoError(o.t, err)
	return m
}

func (o *stack) waitStatus(id int, status string) chatwoottest.Message {
	o.t.Helper()
	m, err := o.WaitStatus(id, status)
	require.NoError(o.t, err)
	return m
}

// arrived waits for a customer's message by its WhatsApp id.
func (o *stack) arrived(id string) chatwoottest.Message {
	o.t.Helper()
	m, err := o.WaitArrived(id)
	require.NoError(o.t, err)
	return m
}

// reply is an agent's message.
func (o *stack) reply(conversation int, text string, options ...chatwoottest.MessageOption) chatwoottest.Message {
	o.t.Helper()
	m, err := o.Chatwoot.Reply(conversation, text, options...)
	require.NoError(o.t, err)
	return m
}

// ask is a request to Chatwoot by somebody who is not the bridge.
func (o *stack) ask(method, path, body string) {
	o.t.Helper()
	require.NoError(o.t, o.AsAdministrator(method, path, body))
}
