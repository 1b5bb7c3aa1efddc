package daemon_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/config"
	"github.com/wootbridge/wootbridge/bridge/daemon"
)

// crashIn makes the test program a server in that folder, which panics in a
// goroutine that nobody guards, as a fault of a library would.
const crashIn = "WOOTBRIDGE_TEST_CRASH_IN"

func crash(dir string) {
	cfg, err := config.Load([]string{"WOOTBRIDGE_LISTEN=127.0.0.1:0", "WOOTBRIDGE_ADMIN_LISTEN=127.0.0.1:0", "WOOTBRIDGE_DATA_DIR=" + dir})
	if err != nil {
		os.Exit(3)
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	process, err := daemon.Start(context.Background(), daemon.Options{Config: cfg, Log: log, RecordCrashes: true})
	if err != nil {
		os.Exit(4)
	}
	if os.Getenv("CLEAN") != "" {
		_ = process.Stop()
		os.Exit(0)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		panic("a fault of a library")
	}()
	<-ended
	select {}
}

func TestACrashIsToldFromAStop(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := func(env ...string) string {
		t.Helper()
		command := exec.Command(os.Args[0])
		command.Env = append(append(os.Environ(), crashIn+"="+dir), env...)
		out, _ := command.CombinedOutput() // it fails, on purpose
		return string(out)
	}
	const told = "the last run ended by a fault of the program"
	require.NotContains(t, run(), told, "the first run")
	require.Contains(t, run(), told)
	record, err := os.ReadFile(filepath.Join(dir, "crash.last"))
	require.NoError(t, err)
	require.Contains(t, string(record), "a fault of a library")
	require.Contains(t, string(record), "daemon_test.crash")
	require.Contains(t, run("CLEAN=1"), told)
	require.NotContains(t, run("CLEAN=1"), told, "after a clean stop")
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
