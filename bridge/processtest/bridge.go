package processtest

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/api"
)

// Token is the admin token of every Bridge.
const Token = "token-of-the-process-test"

// Bridge is an installation of the bridge: a data folder, settings, and at
// most one process at a time. It listens at the same ports at every start, as a
// real one does: Chatwoot knows its address.
type Bridge struct {
	// DataDir is the data folder.
	DataDir string
	// Descriptors is how many files and connections the server may have open at once;
	// 0 means as many as the test may.
	Descriptors int

	t       testing.TB
	sim     *Simulators
	env     []string
	listen  string
	admin   string
	process *process
	client  *api.Client
}

// NewBridge prepares an installation that talks to the simulators. Further
// settings have the form NAME=value; without any it is embedded.
func NewBridge(t testing.TB, sim *Simulators, settings ...string) *Bridge {
	t.Helper()
	b := &Bridge{t: t, sim: sim, DataDir: filepath.Join(t.TempDir(), "data"), listen: "127.0.0.1:0", admin: "127.0.0.1:0"}
	b.env = slices.Concat([]string{
		"PATH=" + os.Getenv("PATH"), "TMPDIR=" + t.TempDir(), "WOOTBRIDGE_DATA_DIR=" + b.DataDir,
		"WOOTBRIDGE_ADMIN_TOKEN=" + Token, "WOOTBRIDGE_LOG_FORMAT=json",
	}, sim.Settings(), settings)
	return b
}

// Set adds settings of the form NAME=value for what is started from now on.
func (b *Bridge) Set(settings ...string) { b.env = append(b.env, settings...) }

// Start starts the process and waits until it answers.
func (b *Bridge) Start() {
	b.t.Helper()
	b.process = startLimited(b.t, b.Descriptors, "wootbridge", []string{"serve"}, b.settings(), b.t.TempDir())
	b.process.waitLine("the start", func(line string) bool {
		var said struct {
			Msg, Address, Admin string
		}
		if json.Unmarshal([]byte(line), &said) != nil || said.Msg != "the bridge runs" {
			return false
		}
		b.listen, b.admin = said.Address, said.Admin
		return true
	})
	b.client = api.NewClient(b.AdminURL(), Token)
	b.t.Cleanup(b.client.CloseIdle)
}

// settings are the installation's, with its addresses; what the test has set counts.
func (b *Bridge) settings() []string {
	return slices.Concat([]string{"WOOTBRIDGE_LISTEN=" + b.listen, "WOOTBRIDGE_ADMIN_LISTEN=" + b.admin}, b.env)
}

// URL is where the bridge answers Chatwoot.
func (b *Bridge) URL() string { return "http://" + b.listen }

// AdminURL is where the bridge has its admin API.
func (b *Bridge) AdminURL() string { return "http://" + b.admin }

// Client calls the bridge's admin API.
func (b *Bridge) Client() *api.Client { return b.client }

// PID is the process's id.
func (b *Bridge) PID() int { return b.process.command.Process.Pid }

// Kill ends the process at once, as a crash or a power cut would.
func (b *Bridge) Kill() {
	b.t.Helper()
	b.process.signal(os.Kill)
	b.process.wait()
}

// Crash makes the Go runtime end the process as it does after a panic that
// nobody caught, and gives the exit code.
func (b *Bridge) Crash() int {
	b.t.Helper()
	b.process.signal(syscall.SIGABRT)
	return b.process.wait()
}

// Stop asks the process to end, waits for it, and gives the exit code.
func (b *Bridge) Stop() int {
	b.t.Helper()
	b.process.signal(syscall.SIGTERM)
	return b.process.wait()
}

// Log is what the current process has said.
func (b *Bridge) Log() string { return b.process.text() }

// WaitLog waits until the current process has said something.
func (b *Bridge) WaitLog(text string) {
	b.t.Helper()
	b.process.waitLine(text, func(line string) bool { return strings.Contains(line, text) })
}

// Run runs another command of the program beside the process and gives its
// output and exit code. Further settings come after the installation's.
func (b *Bridge) Run(args []string, settings ...string) (output string, code int) {
	b.t.Helper()
	p := b.RunInBackground(args, settings...)
	code = p.wait()
	return p.text(), code
}

// Command is a command that runs.
type Command struct{ *process }

// Wait waits for the command's end and gives its output and exit code.
func (c Command) Wait() (output string, code int) {
	c.t.Helper()
	code = c.wait()
	return c.text(), code
}

// Kill ends the command at once, wherever it is.
func (c Command) Kill() {
	c.t.Helper()
	c.signal(os.Kill)
	c.wait()
}

// WaitFor waits until the command has said something.
func (c Command) WaitFor(text string) {
	c.t.Helper()
	c.waitLine(text, func(line string) bool { return strings.Contains(line, text) })
}

// RunInBackground starts another command of the program.
func (b *Bridge) RunInBackground(args []string, settings ...string) Command {
	b.t.Helper()
	env := slices.Concat(b.settings(), settings)
	return Command{start(b.t, "wootbridge", args, env, b.t.TempDir())}
}

// CreateLine makes a line with an inbox in the simulated Chatwoot. Its sends
// are not slowed down.
func (b *Bridge) CreateLine(name string) api.Line {
	b.t.Helper()
	line, err := b.client.CreateLine(b.t.Context(), api.NewLine{
		Name: name, ChatwootURL: b.sim.addresses.ChatwootURL, ChatwootToken: b.sim.addresses.ChatwootToken,
		AccountID: b.sim.addresses.ChatwootAccountID, Settings: json.RawMessage(`{"send_rate":0}`),
	})
	require.NoError(b.t, err)
	return line
}

// Pair links the phone with the given number, whose account is made if there
// is none, and waits until the line is connected.
func (b *Bridge) Pair(line api.Line, number string) {
	b.t.Helper()
	_, err := b.sim.WhatsApp.NewPeer(b.t.Context(), number, line.Name)
	require.NoError(b.t, err)
	require.NoError(b.t, b.client.Pair(b.t.Context(), line.ID, api.Pair{Method: api.PairQR}))
	b.Scan(line, number)
	b.WaitLine(line.ID, func(l api.Line) bool { return l.State == "connected" })
}

// Scan waits until the line shows a code and scans it with a phone.
func (b *Bridge) Scan(line api.Line, number string) {
	b.t.Helper()
	shown := b.WaitLine(line.ID, func(l api.Line) bool { return l.QR != "" })
	require.NoError(b.t, b.sim.WhatsApp.ScanQR(b.t.Context(), number, shown.QR))
}

// WaitLine asks for a line until it fits, and gives it.
func (b *Bridge) WaitLine(id string, fits func(api.Line) bool) api.Line {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	var line api.Line
	for {
		var err error
		if line, err = b.client.Line(ctx, id); err == nil && fits(line) {
			return line
		}
		select {
		case <-ctx.Done():
			b.t.Fatalf("waited in vain for the line; it is %+v, %v", line, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
