package daemon_test

import (
	"context"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"
	gooseDatabase "github.com/pressly/goose/v3/database"
	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/config"
	"github.com/wootbridge/wootbridge/bridge/daemon"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/migrations"
)

// asFound reads settings as a process would that has none of where the admin API is.
// Its default is another port here, because tests run beside each other.
func asFound(t *testing.T, dir string, settings ...string) config.Config {
	t.Helper()
	cfg, err := config.Load(append([]string{"WOOTBRIDGE_LISTEN=127.0.0.1:0", "WOOTBRIDGE_DATA_DIR=" + dir}, settings...))
	require.NoError(t, err)
	if !cfg.AdminListenChosen {
		require.Regexp(t, `^(127\.0\.0\.1)?:8081$`, cfg.AdminListen)
		cfg.AdminListen = freeAddress(t)
	}
	return cfg
}

// begin starts a process and gives what it logged at the start.
func begin(t *testing.T, cfg config.Config) (p *daemon.Process, said string) {
	t.Helper()
	log := &safeBuffer{}
	opts := options(cfg)
	opts.Log = slog.New(slog.NewTextHandler(log, nil))
	p, err := daemon.Start(t.Context(), opts)
	require.NoError(t, err)
	return p, log.String()
}

// serves reports whether the admin API is at an address.
func serves(t *testing.T, url, token string) bool {
	t.Helper()
	client := api.NewClient(url, token)
	defer client.CloseIdle()
	_, err := client.Lines(t.Context())
	if err != nil {
		require.ErrorContains(t, err, "WOOTBRIDGE_ADMIN_LISTEN")
		require.False(t, client.IsAdminAPI(t.Context()))
		return false
	}
	require.True(t, client.IsAdminAPI(t.Context()))
	return true
}

func TestL06_AFreshInstallationHasTwoAddresses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 2 {
		p, said := begin(t, asFound(t, dir))
		require.NotEqual(t, p.URL(), p.AdminURL())
		require.True(t, strings.HasPrefix(p.AdminURL(), "http://127.0.0.1:"), "only this machine reaches it")
		require.False(t, serves(t, p.URL(), p.Token()))
		require.True(t, serves(t, p.AdminURL(), p.Token()))
		status, _ := get(t, p.URL()+"/healthz")
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, p.AdminURL(), daemon.RecordedURL(dir), "where commands look")
		require.Contains(t, said, "admin="+strings.TrimPrefix(p.AdminURL(), "http://"))
		require.NotContains(t, said, "as before")
		require.NoError(t, p.Stop())
		require.Empty(t, daemon.RecordedURL(dir))
	}
}

// A second bridge on a machine starts, although the first one has the default port.
func TestL06_ADefaultThatIsTakenStopsNobody(t *testing.T) {
	t.Parallel()
	other, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer other.Close()
	cfg := asFound(t, t.TempDir())
	cfg.AdminListen = other.Addr().String()
	p, said := begin(t, cfg)
	defer func() { require.NoError(t, p.Stop()) }()
	require.Contains(t, said, "something else listens where the admin API is by default")
	require.Contains(t, said, other.Addr().String())
	require.True(t, serves(t, p.AdminURL(), p.Token()))
	require.False(t, serves(t, p.URL(), p.Token()))
}

func TestL06_OneAddressServesBothWhereItIsSet(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	dir := closedFolder(t)
	p, said := begin(t, asFound(t, dir, "WOOTBRIDGE_LISTEN="+address, "WOOTBRIDGE_ADMIN_LISTEN="+strings.Replace(address, "127.0.0.1", "localhost", 1)))
	require.Equal(t, p.URL(), p.AdminURL())
	require.True(t, serves(t, p.URL(), p.Token()))
	require.NotContains(t, said, "level=WARN")
	require.NoError(t, p.Stop())
}

// An installation of a release in which the admin API was beside the webhooks keeps it
// there, and is told what to do; once somebody has decided, that counts.
func TestL06_AnOlderInstallationKeepsItsCommandsWorking(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, _ := begin(t, asFound(t, dir))
	require.NoError(t, p.Stop())
	age(t, dir)

	for range 2 {
		p, said := begin(t, asFound(t, dir))
		require.Equal(t, p.URL(), p.AdminURL())
		require.True(t, serves(t, p.URL(), p.Token()))
		require.Equal(t, 1, strings.Count(said, "WOOTBRIDGE_ADMIN_LISTEN"), said)
		require.Contains(t, said, "level=WARN")
		require.Equal(t, p.URL(), daemon.RecordedURL(dir))
		require.NoError(t, p.Stop())
	}
	// The image sets the address always, so that says nothing of what the admin wants.
	p, said := begin(t, asFound(t, dir, "WOOTBRIDGE_IMAGE=true", "WOOTBRIDGE_ADMIN_LISTEN=:8081"))
	require.True(t, serves(t, p.URL(), p.Token()))
	require.Contains(t, said, "WOOTBRIDGE_ADMIN_LISTEN")
	require.NoError(t, p.Stop())

	p, said = begin(t, asFound(t, dir, "WOOTBRIDGE_ADMIN_LISTEN=127.0.0.1:0"))
	require.False(t, serves(t, p.URL(), p.Token()))
	require.True(t, serves(t, p.AdminURL(), p.Token()))
	require.NotContains(t, said, "WOOTBRIDGE_ADMIN_LISTEN")
	require.NoError(t, p.Stop())

	p, _ = begin(t, asFound(t, dir))
	require.False(t, serves(t, p.URL(), p.Token()), "what was decided stays so")
	require.NoError(t, p.Stop())
}

// age makes the database of a data folder one of an earlier release.
func age(t *testing.T, dir string) {
	t.Helper()
	ctx := context.Background()
	db, err := database.Open(ctx, database.Config{DataDir: dir, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer db.Close()
	files, err := fs.Sub(migrations.Files, string(database.SQLite))
	require.NoError(t, err)
	store, err := gooseDatabase.NewStore(goose.DialectSQLite3, migrations.VersionTable)
	require.NoError(t, err)
	provider, err := goose.NewProvider("", db.DB, files, goose.WithStore(store))
	require.NoError(t, err)
	_, err = provider.DownTo(ctx, 16)
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(dir, "wootbridge.db"))
}

func TestL04_L08_WhatIsWeakIsWarnedOfAndNeverRefused(t *testing.T) {
	t.Parallel()
	p, said := begin(t, configured(t, closedFolder(t), "WOOTBRIDGE_ADMIN_TOKEN=0123456789abcdef"))
	require.Contains(t, said, "level=WARN")
	require.Contains(t, said, "openssl rand -hex 32")
	require.NotContains(t, said, "0123456789abcdef")
	require.NoError(t, p.Stop())
	p, said = begin(t, configured(t, closedFolder(t), "WOOTBRIDGE_ADMIN_TOKEN="+strings.Repeat("0123456789abcdef", 2)))
	require.NotContains(t, said, "level=WARN")
	require.NoError(t, p.Stop())
	p, said = begin(t, configured(t, closedFolder(t)))
	require.NotContains(t, said, "level=WARN", "the one that is made is strong")
	require.NoError(t, p.Stop())
}

// closedFolder is one that nobody else can read: others are warned of.
func closedFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o700))
	return dir
}
