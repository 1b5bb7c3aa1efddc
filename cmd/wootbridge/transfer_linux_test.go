package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

const (
	largeFile = 200 << 20
	// maxResident is what the process may have in memory at any time.
	maxResident = 150 << 20
	// transferPatience bounds a wait of the slowest machine that runs tests.
	transferPatience = 3 * time.Minute
)

// The simulators live in this process, the bridge in one of its own: what it
// has had in memory at its worst is all its own, and the race detector, which
// multiplies memory, is not in it.
func TestD39_LargeFilesPassInLittleMemory(t *testing.T) {
	t.Parallel()
	wa := whatsapptest.New(whatsapptest.Options{})
	require.NoError(t, wa.Start())
	t.Cleanup(wa.Close)
	desk := chatwoottest.New(chatwoottest.Options{Dir: t.TempDir()})
	require.NoError(t, desk.Start())
	t.Cleanup(func() { require.NoError(t, desk.Close()) })
	phone, alice := wa.NewPeer("5511999990001", "Shop"), wa.NewPeer("5511888880002", "Alice")
	process := startServer(t, wa, desk)
	process.pair(t, phone)

	sent := newLargeFile()
	_, err := alice.SendFile(phone, "document", sent, whatsapptest.WithFileName("large.bin"), whatsapptest.WithCaption("here it is"))
	require.NoError(t, err)
	m, err := desk.WaitMessage(transferPatience, func(m chatwoottest.Message) bool { return len(m.Files) == 1 })
	require.NoError(t, err)
	require.Equal(t, sent.sum(), m.Files[0].SHA256)
	require.EqualValues(t, largeFile, m.Files[0].Size)
	require.Less(t, process.peak(t), int64(maxResident), "from WhatsApp to Chatwoot")

	back := newLargeFile()
	_, err = desk.Reply(m.Conversation, "", chatwoottest.WithFileFrom("back.bin", "application/octet-stream", back))
	require.NoError(t, err)
	got, err := alice.WaitMessage(transferPatience, func(r whatsapptest.Received) bool { return r.Message.GetDocumentMessage() != nil })
	require.NoError(t, err)
	require.Equal(t, "back.bin", got.Message.GetDocumentMessage().GetFileName())
	received := sha256.New()
	require.NoError(t, alice.DownloadTo(received, got))
	require.Equal(t, back.sum(), hex.EncodeToString(received.Sum(nil)))
	require.Less(t, process.peak(t), int64(maxResident), "from Chatwoot to WhatsApp")
}

// pattern is a large file that exists only while it is read. No two blocks of
// it are the same.
type pattern struct {
	io.Reader
	hash hash.Hash
}

func newLargeFile() *pattern {
	p := &pattern{hash: sha256.New()}
	p.Reader = io.TeeReader(io.LimitReader(&counter{}, largeFile), p.hash)
	return p
}

func (p *pattern) sum() string { return hex.EncodeToString(p.hash.Sum(nil)) }

type counter struct{ n int }

func (c *counter) Read(p []byte) (int, error) {
	n := 0
	for len(p)-n >= 16 {
		n += copy(p[n:], fmt.Sprintf("%015d\n", c.n))
		c.n++
	}
	if n == 0 {
		n = copy(p, "                ")
	}
	return n, nil
}

// server is a bridge in a process of its own.
type server struct {
	pid    int
	client *api.Client
}

var greeting = regexp.MustCompile(`runs at (http://\S+)`)

func startServer(t *testing.T, wa *whatsapptest.Server, desk *chatwoottest.Server) *server {
	t.Helper()
	folder := t.TempDir()
	binary := filepath.Join(folder, "wootbridge")
	out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	const token = "a-token-for-this-test"
	key := wa.RootKey()
	cmd := exec.Command(binary, "serve")
	cmd.Env = append(os.Environ(),
		"WOOTBRIDGE_LISTEN=127.0.0.1:0", "WOOTBRIDGE_DATA_DIR="+filepath.Join(folder, "data"), "WOOTBRIDGE_ADMIN_TOKEN="+token,
		"WOOTBRIDGE_SIMULATOR="+wa.Addr(), "WOOTBRIDGE_SIMULATOR_ROOT_KEY="+hex.EncodeToString(key[:]),
		"WOOTBRIDGE_CHATWOOT_URL="+desk.URL(), "WOOTBRIDGE_CHATWOOT_TOKEN="+desk.AdminToken(), "WOOTBRIDGE_CHATWOOT_ACCOUNT_ID="+strconv.Itoa(desk.Account()),
	)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Logf("the server ended with %v and said:\n%s", err, complaints.String())
		}
	})
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if found := greeting.FindStringSubmatch(lines.Text()); found != nil {
			s := &server{pid: cmd.Process.Pid, client: api.NewClient(found[1], token)}
			t.Cleanup(s.client.CloseIdle)
			return s
		}
	}
	t.Fatalf("the server does not start")
	return nil
}

// pair links the phone to the line that the server makes by itself.
func (s *server) pair(t *testing.T, phone *whatsapptest.Peer) {
	t.Helper()
	line := s.waitLine(t, func(api.Line) bool { return true })
	require.NoError(t, s.client.Pair(context.Background(), line.ID, api.Pair{Method: "qr"}))
	line = s.waitLine(t, func(l api.Line) bool { return l.QR != "" })
	require.NoError(t, phone.ScanQR(line.QR))
	s.waitLine(t, func(l api.Line) bool { return l.State == "connected" })
}

func (s *server) waitLine(t *testing.T, fits func(api.Line) bool) (found api.Line) {
	t.Helper()
	require.Eventually(t, func() bool {
		lines, err := s.client.Lines(context.Background())
		if err != nil || len(lines) == 0 || !fits(lines[0]) {
			return false
		}
		found = lines[0]
		return true
	}, time.Minute, 20*time.Millisecond)
	return found
}

// peak is the most that the process has had in memory, in bytes.
func (s *server) peak(t *testing.T) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.pid))
	require.NoError(t, err)
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	require.NotNil(t, found)
	kilobytes, err := strconv.ParseInt(string(found[1]), 10, 64)
	require.NoError(t, err)
	t.Logf("%d MB at its worst", kilobytes>>10)
	return kilobytes << 10
}
