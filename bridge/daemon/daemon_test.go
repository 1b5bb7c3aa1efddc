package daemon_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/config"
	"github.com/wootbridge/wootbridge/bridge/daemon"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashIn); dir != "" {
		crash(dir)
	}
	goleak.VerifyTestMain(m,
		// idle connections of the HTTP clients.
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
	)
}

// patience bounds every wait: only a failing test uses it up.
const patience = 60 * time.Second

// configured reads settings as a process would; it listens on free ports.
func configured(t *testing.T, dir string, settings ...string) config.Config {
	t.Helper()
	cfg, err := config.Load(append([]string{"WOOTBRIDGE_LISTEN=127.0.0.1:0", "WOOTBRIDGE_ADMIN_LISTEN=127.0.0.1:0", "WOOTBRIDGE_DATA_DIR=" + dir}, settings...))
	require.NoError(t, err)
	return cfg
}

func options(cfg config.Config) daemon.Options {
	return daemon.Options{Config: cfg, Log: slog.New(slog.DiscardHandler), Command: "wootbridge", Version: "v1.2.3"}
}

func started(t *testing.T, opts daemon.Options) *daemon.Process {
	t.Helper()
	p, err := daemon.Start(t.Context(), opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Stop()) })
	return p
}

func TestEmbeddedWithoutAnySetting(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	opts := options(configured(t, dir))
	var said bytes.Buffer
	opts.Out = &said
	p := started(t, opts)

	require.Contains(t, said.String(), "Wootbridge v1.2.3 runs at "+p.URL())
	require.Contains(t, said.String(), filepath.Join(dir, "admin-token"))
	require.NotContains(t, said.String(), p.Token())
	require.Contains(t, said.String(), "There is no line yet.")
	require.Contains(t, said.String(), "WOOTBRIDGE_DATA_DIR="+dir+" WOOTBRIDGE_URL="+p.AdminURL()+" wootbridge lines create")
	for _, name := range []string{"admin-token", "encryption-key", "instance", "lock"} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode(), name)
	}
	client := api.NewClient(p.AdminURL(), p.Token())
	lines, err := client.Lines(t.Context())
	require.NoError(t, err)
	require.Empty(t, lines)
	require.NoError(t, client.Ready(t.Context()))

	_, err = client.CreateLine(t.Context(), api.NewLine{Name: "x", ChatwootURL: "https://chat.example.com", ChatwootToken: "t", AccountID: 1, Settings: []byte(`{"listen":"webhook"}`)})
	var refused *fault.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, fault.CodeInvalid, refused.Code)
	require.Contains(t, refused.Message, "WOOTBRIDGE_PUBLIC_URL", "webhooks from a Chatwoot elsewhere need to know where the bridge is")
}

func TestAStartAfterAnotherKeepsWhatWasMade(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := func() (all [][]byte) {
		for _, name := range []string{"admin-token", "encryption-key", "instance"} {
			content, err := os.ReadFile(filepath.Join(dir, name))
			require.NoError(t, err)
			all = append(all, content)
		}
		return all
	}
	p, err := daemon.Start(t.Context(), options(configured(t, dir)))
	require.NoError(t, err)
	token, before := p.Token(), files()
	require.NoError(t, p.Stop())
	p, err = daemon.Start(t.Context(), options(configured(t, dir)))
	require.NoError(t, err)
	require.Equal(t, token, p.Token())
	require.Equal(t, before, files())
	require.NoError(t, p.Stop())
}

// A database whose key was lost must not be given a new one: nothing in it
// could be read, and what is written next would need yet another backup.
func TestALostKeyIsNotReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, err := daemon.Start(t.Context(), options(configured(t, dir)))
	require.NoError(t, err)
	require.NoError(t, p.Stop())
	require.NoError(t, os.Remove(filepath.Join(dir, "encryption-key")))
	_, err = daemon.Start(t.Context(), options(configured(t, dir)))
	var setup *daemon.SetupError
	require.ErrorAs(t, err, &setup)
	require.ErrorContains(t, err, "put the file encryption-key of your backup into the data folder")
	require.NoFileExists(t, filepath.Join(dir, "encryption-key"))
}

// So does one whose file is there and empty, as a full disk leaves it.
func TestM9_AnEmptyKeyIsALostOne(t *testing.T) {
	t.Parallel()
	i := withFile(t)
	require.NoError(t, i.migrate())
	require.NoError(t, os.WriteFile(filepath.Join(i.dir, "encryption-key"), []byte("\n"), 0o600))
	require.ErrorContains(t, i.migrate(), "put the file encryption-key of your backup into the data folder")
	require.Empty(t, i.file("encryption-key"))
}

// A backup from before the key was replaced, in the folder that has the old key too.
func TestM9_AnOldBackupFindsItsKey(t *testing.T) {
	t.Parallel()
	i := withFile(t)
	require.NoError(t, i.migrate())
	first, database := i.file("encryption-key"), filepath.Join(i.dir, "wootbridge.db")
	i.fill(first)
	backup, err := os.ReadFile(database)
	require.NoError(t, err)
	_, err = i.newKey()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(database, backup, 0o600))
	kept := filepath.Join(i.dir, "encryption-key."+keyID(t, first))
	require.ErrorContains(t, i.migrate(), "that key is in "+kept)
	require.NoError(t, os.Rename(kept, filepath.Join(i.dir, "encryption-key")))
	require.NoError(t, i.migrate())
	require.True(t, i.opens(first))
}

func TestStandardMode(t *testing.T) {
	t.Parallel()
	metrics := freeAddress(t)
	settings := []string{
		"WOOTBRIDGE_DATABASE_URL=" + databasetest.PostgresURL(t), "WOOTBRIDGE_REDIS_URL=" + databasetest.RedisURL(t),
		"WOOTBRIDGE_ENCRYPTION_KEY=BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=", "WOOTBRIDGE_ADMIN_TOKEN=0123456789abcdef",
		"WOOTBRIDGE_METRICS_LISTEN=" + metrics,
	}
	dir := t.TempDir()
	require.NoError(t, daemon.Migrate(t.Context(), configured(t, dir, settings...), slog.New(slog.DiscardHandler)))
	p := started(t, options(configured(t, dir, settings...)))
	require.Equal(t, "0123456789abcdef", p.Token())
	require.NoFileExists(t, filepath.Join(dir, "admin-token"))
	require.NoFileExists(t, filepath.Join(dir, "encryption-key"))
	require.NoFileExists(t, filepath.Join(dir, "wootbridge.db"))
	status, _ := get(t, p.AdminURL()+"/metrics")
	require.Equal(t, http.StatusNotFound, status, "metrics have a listener of their own")
	status, body := get(t, "http://"+metrics+"/metrics")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "wootbridge_panics_total 0")
	require.Contains(t, body, "go_goroutines")
}

// freeAddress is one at which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer free.Close()
	return free.Addr().String()
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

func TestWhatIsTakenIsNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := started(t, options(configured(t, dir)))
	_, err := daemon.Start(t.Context(), options(configured(t, dir)))
	var locked *daemon.LockedError
	require.ErrorAs(t, err, &locked)
	require.Equal(t, os.Getpid(), locked.PID)
	require.ErrorAs(t, daemon.Migrate(t.Context(), configured(t, dir), slog.New(slog.DiscardHandler)), &locked)

	address := strings.TrimPrefix(p.URL(), "http://")
	for _, variable := range []string{"WOOTBRIDGE_LISTEN", "WOOTBRIDGE_ADMIN_LISTEN", "WOOTBRIDGE_METRICS_LISTEN"} {
		other := t.TempDir()
		_, err = daemon.Start(t.Context(), options(configured(t, other, variable+"="+address)))
		var setup *daemon.SetupError
		require.ErrorAs(t, err, &setup)
		require.ErrorContains(t, err, variable+` is "`+address+`"`)
		started(t, options(configured(t, other))) // nothing was left behind
	}
}

// A process whose web server dies must end, so that it is started again.
func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	p, err := daemon.Start(t.Context(), options(configured(t, t.TempDir())))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Wait(ctx) }()
	cancel()
	require.NoError(t, <-ended)
	_, err = net.DialTimeout("tcp", strings.TrimPrefix(p.URL(), "http://"), time.Second)
	require.Error(t, err, "nothing listens any more")
}

// A Chatwoot that starts later than the bridge, as in one compose file, is
// waited for; the line's webhook then leads to the local address.
func TestTheFirstLineWaitsForChatwoot(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	desk := chatwoottest.New(chatwoottest.Options{Addr: address})
	log := &safeBuffer{}
	opts := options(configured(t, t.TempDir(), "WOOTBRIDGE_CHATWOOT_URL=http://"+address,
		"WOOTBRIDGE_CHATWOOT_TOKEN="+desk.AdminToken(), "WOOTBRIDGE_CHATWOOT_ACCOUNT_ID=1"))
	opts.Log = slog.New(slog.NewTextHandler(log, nil))
	p := started(t, opts)
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "cannot be made yet") }, patience, time.Millisecond)
	require.NoError(t, desk.Start())
	t.Cleanup(func() { require.NoError(t, desk.Close()) })
	client := api.NewClient(p.AdminURL(), p.Token())
	defer client.CloseIdle()
	require.Eventually(t, func() bool {
		lines, err := client.Lines(t.Context())
		return err == nil && len(lines) == 1
	}, patience, time.Millisecond)
	require.Len(t, desk.Inboxes(), 1)
	require.True(t, strings.HasPrefix(desk.Inboxes()[0].WebhookURL, p.URL()+"/webhooks/"))
}

func TestAFirstLineThatIsRefusedIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	desk := chatwoottest.New(chatwoottest.Options{})
	require.NoError(t, desk.Start())
	t.Cleanup(func() { require.NoError(t, desk.Close()) })
	log := &safeBuffer{}
	opts := options(configured(t, t.TempDir(), "WOOTBRIDGE_CHATWOOT_URL="+desk.URL(),
		"WOOTBRIDGE_CHATWOOT_TOKEN=hunter2", "WOOTBRIDGE_CHATWOOT_ACCOUNT_ID=1"))
	opts.Log = slog.New(slog.NewTextHandler(log, nil))
	p, err := daemon.Start(t.Context(), opts)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "correct the settings and start again") }, patience, time.Millisecond)
	require.Contains(t, log.String(), "does not accept the token")
	require.NotContains(t, log.String(), "hunter2")
	require.NoError(t, p.Stop())
	require.Empty(t, desk.Inboxes())
}

// An unreachable database ends the start, and what was opened is closed again.
func TestR15_AWrongDatabaseIsOneClearError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cfg := configured(t, dir, "WOOTBRIDGE_ENCRYPTION_KEY=BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=",
		"WOOTBRIDGE_DATABASE_URL="+strings.Replace(databasetest.PostgresURL(t), "wootbridge@", "nobody:hunter2@", 1))
	_, err := daemon.Start(t.Context(), options(cfg))
	require.ErrorContains(t, err, "connect to the database")
	require.NotContains(t, err.Error(), "hunter2")
	var setup *daemon.SetupError
	require.False(t, errors.As(err, &setup))
	started(t, options(configured(t, dir)))
}
