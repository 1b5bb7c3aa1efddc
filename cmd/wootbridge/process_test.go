package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/processtest"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	processtest.Clean()
	os.Exit(code)
}

// patience bounds every wait: only a failing test uses it up.
const patience = 60 * time.Second

const (
	ownPhone   = "5511999990001"
	otherPhone = "5511888880002"
)

// deskShows waits until the simulated Chatwoot has a message with a text.
func deskShows(t *testing.T, sim *processtest.Simulators, text string) chatwoottest.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	m, err := sim.Chatwoot.WaitMessage(ctx, func(m chatwoottest.Message) bool { return m.Text == text })
	require.NoError(t, err)
	return m
}

// An admin needs nothing but the commands, and each says what comes next.
func TestFromNothingToAConnectedLine(t *testing.T) {
	t.Parallel()
	sim := processtest.StartSimulators(t)
	bridge := processtest.NewBridge(t, sim)
	bridge.Start()
	require.Contains(t, bridge.Log(), "SIMULATOR MODE")
	out, code := bridge.Run([]string{"healthcheck"})
	require.Zero(t, code, out)
	out, code = bridge.Run([]string{"pair"})
	require.Equal(t, 1, code)
	require.Contains(t, out, "There is no line yet. Make one with:")
	require.Contains(t, out, "wootbridge lines create --name")

	url, token, account := sim.FirstLine()[0], sim.FirstLine()[1], sim.FirstLine()[2]
	out, code = bridge.Run([]string{
		"lines", "create", "--name", "Shop", "--chatwoot-url", value(url), "--account", value(account),
	}, token)
	require.Zero(t, code, out)
	require.Contains(t, out, "Now link the phone:")
	lines, err := bridge.Client().Lines(t.Context())
	require.NoError(t, err)
	require.Len(t, lines, 1)
	require.Equal(t, "new", lines[0].State)

	_, err = sim.WhatsApp.NewPeer(t.Context(), ownPhone, "Shop")
	require.NoError(t, err)
	pairing := bridge.RunInBackground([]string{"pair"})
	pairing.WaitFor("Waiting for the phone.")
	bridge.Scan(lines[0], ownPhone)
	out, code = pairing.Wait()
	require.Zero(t, code, out)
	require.Contains(t, out, "Linked devices")
	require.Contains(t, out, "▀", "the QR code")
	require.Contains(t, out, "Done: +"+ownPhone+" is connected to the line Shop.")

	_, err = sim.WhatsApp.NewPeer(t.Context(), otherPhone, "Alice")
	require.NoError(t, err)
	_, err = sim.WhatsApp.SendText(t.Context(), otherPhone, ownPhone, "hello")
	require.NoError(t, err)
	deskShows(t, sim, "hello")

	out, code = bridge.Run([]string{"lines"})
	require.Zero(t, code, out)
	require.Regexp(t, `Shop +connected +\+`+ownPhone+` +0 +0 +http://.*, account 1, inbox \d+`, out)
	out, code = bridge.Run([]string{"pair"})
	require.Zero(t, code, out)
	require.Contains(t, out, "The line Shop is linked to +"+ownPhone+" already.")
	out, code = bridge.Run([]string{"lines", "pause", "shop"})
	require.Zero(t, code, out)
	require.Equal(t, "paused", bridge.WaitLine(lines[0].ID, func(l api.Line) bool { return l.State == "paused" }).State)
	out, code = bridge.Run([]string{"lines", "resume", lines[0].ID[:6]})
	require.Zero(t, code, out)
	bridge.WaitLine(lines[0].ID, func(l api.Line) bool { return l.State == "connected" })
	out, code = bridge.Run([]string{"lines", "delete", "Shop"})
	require.Equal(t, 64, code)
	require.Contains(t, out, "add --yes")
	out, code = bridge.Run([]string{"lines", "delete", "Shop", "--yes"})
	require.Zero(t, code, out)
	lines, err = bridge.Client().Lines(t.Context())
	require.NoError(t, err)
	require.Empty(t, lines)
	require.Zero(t, bridge.Stop(), bridge.Log())
}

// value is what follows the name of a setting.
func value(setting string) string {
	_, v, _ := strings.Cut(setting, "=")
	return v
}

func TestPairingWithACodeToType(t *testing.T) {
	t.Parallel()
	sim := processtest.StartSimulators(t)
	bridge := processtest.NewBridge(t, sim)
	bridge.Start()
	line := bridge.CreateLine("Shop")
	_, err := sim.WhatsApp.NewPeer(t.Context(), ownPhone, "Shop")
	require.NoError(t, err)
	pairing := bridge.RunInBackground([]string{"pair", "--code", "+55 11 99999-0001"})
	shown := bridge.WaitLine(line.ID, func(l api.Line) bool { return l.PairingCode != "" })
	pairing.WaitFor(shown.PairingCode)
	require.NoError(t, sim.WhatsApp.EnterPairCode(t.Context(), ownPhone, shown.PairingCode))
	out, code := pairing.Wait()
	require.Zero(t, code, out)
	require.Contains(t, out, "Link with phone number instead. Then type:")
	require.Contains(t, out, "Done: +"+ownPhone)
}

func TestTheStartMakesTheFirstLineThatIsDescribed(t *testing.T) {
	t.Parallel()
	sim := processtest.StartSimulators(t)
	bridge := processtest.NewBridge(t, sim, sim.FirstLine()...)
	for range 2 { // the second start finds it
		bridge.Start()
		require.Eventually(t, func() bool {
			lines, err := bridge.Client().Lines(t.Context())
			return err == nil && len(lines) == 1 && lines[0].Name == "WhatsApp" && lines[0].WebhookURL[:len(bridge.URL())] == bridge.URL()
		}, patience, 20*time.Millisecond)
		require.Zero(t, bridge.Stop(), bridge.Log())
	}
	state, err := sim.Chatwoot.State(t.Context())
	require.NoError(t, err)
	require.Len(t, state.Inboxes, 1)
}

func TestASecondServeNamesTheHolder(t *testing.T) {
	t.Parallel()
	sim := processtest.StartSimulators(t)
	bridge := processtest.NewBridge(t, sim)
	bridge.Start()
	out, code := bridge.Run([]string{"serve"}, "WOOTBRIDGE_LISTEN=127.0.0.1:0")
	require.Equal(t, 78, code)
	require.Contains(t, out, "is in use by the process "+strconv.Itoa(bridge.PID())+": stop that one first")
	out, code = bridge.Run([]string{"serve"}, "WOOTBRIDGE_DATA_DIR="+t.TempDir())
	require.Equal(t, 78, code, "the port is taken too")
	require.Contains(t, out, "WOOTBRIDGE_LISTEN is \"127.0.0.1:")
	require.Contains(t, out, "address already in use")
	bridge.Kill()
	bridge.Start() // the lock of a killed process is gone with it
	require.Zero(t, bridge.Stop())
}

// A stop waits for what is under way, but not against the will of a person who
// insists.
func TestASecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	sim := processtest.StartSimulators(t)
	bridge := processtest.NewBridge(t, sim)
	bridge.Start()
	bridge.Pair(bridge.CreateLine("Shop"), ownPhone)
	_, err := sim.WhatsApp.NewPeer(t.Context(), otherPhone, "Alice")
	require.NoError(t, err)
	require.NoError(t, sim.Chatwoot.AddRule(t.Context(), chatwoottest.Rule{Method: http.MethodPost, Path: "/messages", Times: 1, Fault: chatwoottest.Fault{Delay: time.Minute}}))
	_, err = sim.WhatsApp.SendText(t.Context(), otherPhone, ownPhone, "slow")
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		state, err := sim.Chatwoot.State(t.Context())
		return err == nil && len(state.Conversations) == 1
	}, patience, 10*time.Millisecond)
	process, err := os.FindProcess(bridge.PID())
	require.NoError(t, err)
	require.NoError(t, process.Signal(syscall.SIGTERM))
	require.Eventually(t, func() bool { return strings.Contains(bridge.Log(), `"msg":"stopping"`) }, patience, 5*time.Millisecond)
	require.NotZero(t, bridge.Stop())
	require.NotContains(t, bridge.Log(), `"msg":"stopped"`)

	require.NoError(t, sim.Chatwoot.ClearFaults(t.Context()))
	bridge.Start()
	deskShows(t, sim, "slow")
}

// A stop lets the job under way end and records it: the next start has nothing
// to look up and repeats nothing.
func TestD02_AStopLetsTheJobUnderWayEnd(t *testing.T) {
	t.Parallel()
	sim := processtest.StartSimulators(t)
	bridge := processtest.NewBridge(t, sim)
	bridge.Start()
	line := bridge.CreateLine("Shop")
	bridge.Pair(line, ownPhone)
	_, err := sim.WhatsApp.NewPeer(t.Context(), otherPhone, "Alice")
	require.NoError(t, err)
	require.NoError(t, sim.Chatwoot.AddRule(t.Context(), chatwoottest.Rule{Method: http.MethodPost, Path: "/messages", Times: 1,
		Fault: chatwoottest.Fault{ReplyDelay: 2 * time.Second}}))
	_, err = sim.WhatsApp.SendText(t.Context(), otherPhone, ownPhone, "slow")
	require.NoError(t, err)
	deskShows(t, sim, "slow") // stored, and not answered yet
	require.Zero(t, bridge.Stop(), bridge.Log())
	require.Contains(t, bridge.Log(), `"msg":"stopped"`)

	asked := func() int {
		state, err := sim.Chatwoot.State(t.Context())
		require.NoError(t, err)
		return state.Requests["POST /api/v1/accounts/{account}/conversations/{conversation}/messages"]
	}
	before := asked()
	require.NotZero(t, before)
	bridge.Start()
	after := bridge.WaitLine(line.ID, func(l api.Line) bool { return l.State == "connected" })
	require.Equal(t, api.Queue{}, after.Queue)
	_, err = sim.WhatsApp.SendText(t.Context(), otherPhone, ownPhone, "next")
	require.NoError(t, err)
	deskShows(t, sim, "next")
	require.Equal(t, before+1, asked(), "one post for the next message, none for the old one")
}

func TestH5_BadConfigurationIsToldAtOnceAndExits78(t *testing.T) {
	t.Parallel()
	sim := processtest.StartSimulators(t)
	bridge := processtest.NewBridge(t, sim)
	out, code := bridge.Run([]string{"serve"}, "WOOTBRIDGE_KEEP_DONE=soon", "WOOTBRIDGE_DATABASE_URL=mysql://u:hunter2@h/x", "WOOTBRIDGE_PUBLIC_URL=bridge")
	require.Equal(t, 78, code)
	for _, name := range []string{"KEEP_DONE", "DATABASE_URL", "PUBLIC_URL", "ENCRYPTION_KEY"} {
		require.Contains(t, out, "WOOTBRIDGE_"+name+" is ")
	}
	require.NotContains(t, out, "hunter2")
	require.NoDirExists(t, bridge.DataDir, "nothing was begun")
}

// A service manager starts a bridge again that crashed, and not one that cannot
// work as it is set up: it can only tell them apart by the exit code.
func TestH5_ACrashAndABadSettingEndDifferently(t *testing.T) {
	t.Parallel()
	sim := processtest.StartSimulators(t)
	bridge := processtest.NewBridge(t, sim)
	_, refused := bridge.Run([]string{"serve"}, "WOOTBRIDGE_KEEP_DONE=soon")
	_, misused := bridge.Run([]string{"serve", "--fast"})
	bridge.Start()
	crashed := bridge.Crash()
	require.Contains(t, bridge.Log(), "goroutine ", "it ended as by a panic")
	require.Equal(t, 2, crashed)
	require.Equal(t, 78, refused)
	require.Equal(t, 64, misused)

	unit, err := os.ReadFile("../../deploy/wootbridge.service")
	require.NoError(t, err)
	require.Contains(t, string(unit), "\nRestart=always\n")
	require.Contains(t, string(unit), "\nRestartPreventExitStatus=78\n", "of all codes only that of a bad setting")
	bridge.Start() // a crash leaves nothing behind that a start trips over
	require.Contains(t, bridge.Log(), "the last run ended by a fault of the program")
	require.Zero(t, bridge.Stop(), bridge.Log())
}

// What the process generates is for its user only, and shown nowhere.
func TestD35_GeneratedSecretsAreKeptInFilesOnly(t *testing.T) {
	t.Parallel()
	sim := processtest.StartSimulators(t)
	bridge := processtest.NewBridge(t, sim, "WOOTBRIDGE_ADMIN_TOKEN=", "WOOTBRIDGE_LOG_LEVEL=debug")
	bridge.Start()
	for _, name := range []string{"admin-token", "encryption-key"} {
		path := filepath.Join(bridge.DataDir, name)
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode())
		secret, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NotContains(t, bridge.Log(), strings.TrimSpace(string(secret)))
	}
	out, code := bridge.Run([]string{"lines", "--json"}, "WOOTBRIDGE_ADMIN_TOKEN=")
	require.Zero(t, code, out)
	require.Equal(t, "[]", strings.TrimSpace(out), "the command finds the token in the data folder")
	out, code = bridge.Run([]string{"lines"}, "WOOTBRIDGE_ADMIN_TOKEN=not-the-right-one")
	require.Equal(t, 1, code)
	require.Contains(t, out, "does not accept this admin token")
}

// A pooler that the program cannot work with ends the start with a sentence; one that
// it can does not.
func TestK6_TheProgramSaysWhatAPoolerLacks(t *testing.T) {
	t.Parallel()
	own := databasetest.PostgresURL(t)
	key := "WOOTBRIDGE_ENCRYPTION_KEY=BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="
	sim := processtest.StartSimulators(t)
	refusing := processtest.NewBridge(t, sim)
	for _, command := range []string{"serve", "migrate"} {
		out, code := refusing.Run([]string{command}, key, "WOOTBRIDGE_DATABASE_URL="+processtest.StartPgBouncer(t, own, processtest.PoolStatement, 5))
		require.Equal(t, 78, code, out)
		require.Contains(t, out, "pool_mode = transaction")
	}
	through := processtest.StartPgBouncer(t, own, processtest.PoolTransaction, 10)
	out, code := refusing.Run([]string{"serve"}, key, "WOOTBRIDGE_DATABASE_URL="+through, "WOOTBRIDGE_DATABASE_DIRECT_URL="+through)
	require.Equal(t, 78, code, out)
	require.Contains(t, out, "WOOTBRIDGE_DATABASE_DIRECT_URL leads through a pooler")

	running := processtest.NewBridge(t, sim, key, "WOOTBRIDGE_DATABASE_URL="+through)
	for range 2 {
		running.Start()
		require.Equal(t, 0, running.Stop())
	}
}
