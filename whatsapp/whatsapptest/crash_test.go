package whatsapptest_test

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types/events"
	waLog "go.mau.fi/whatsmeow/util/log"

	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// childEnv makes the test binary run as a client that is to be killed. Its
// value is the server's address; more variables begin with it.
const childEnv = "WHATSAPPTEST_CHILD"

// runChild connects the paired client of a folder and writes down what it
// receives. In the middle of one message it stops and waits to be killed.
func runChild(addr, dir string) error {
	_, device, err := openStore(filepath.Join(dir, "client.db"))
	if err != nil {
		return err
	}
	out, err := os.OpenFile(filepath.Join(dir, "received"), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	cli := whatsmeow.NewClient(device, waLog.Noop)
	hc := &http.Client{Transport: whatsapptest.TransportTo(addr)}
	cli.SetWebsocketHTTPClient(hc)
	cli.SetMediaHTTPClient(hc)
	if os.Getenv(childEnv+"_SAFE") != "" {
		safely(cli)
	}
	stopAt := os.Getenv(childEnv + "_STOP")
	cli.AddEventHandlerWithSuccessStatus(func(evt any) bool {
		message, ok := evt.(*events.Message)
		if !ok || textOf(message) == "" {
			return true
		}
		if textOf(message) == stopAt {
			fmt.Println("stopped")
			select {}
		}
		_, err := fmt.Fprintln(out, textOf(message))
		return err == nil
	})
	if err := cli.Connect(); err != nil {
		return err
	}
	select {}
}

// startChild starts a client that stops at a message, and returns it with a
// function that waits until it has.
func startChild(t *testing.T, srv *whatsapptest.Server, dir, stopAt, safe string) (*exec.Cmd, func()) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), childEnv+"="+srv.Addr(), childEnv+"_DIR="+dir, childEnv+"_STOP="+stopAt, childEnv+"_SAFE="+safe)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	return child, func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if lines.Text() == "stopped" {
				return
			}
		}
		require.Fail(t, "the client ended by itself")
	}
}

func killChild(t *testing.T, child *exec.Cmd) {
	t.Helper()
	require.NoError(t, child.Process.Kill())
	_ = child.Wait() // it was killed, so there is an error
}

// TestKilledClient kills a client in the middle of handling a message, again and
// again. With the safe settings every message arrives in order; with whatsmeow's
// defaults those messages are lost, which shows that the test can tell.
func TestKilledClient(t *testing.T) {
	t.Parallel()
	for name, safe := range map[string]string{"safe settings": "yes", "defaults": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			dir := t.TempDir()
			c := openClient(t, w.srv, filepath.Join(dir, "client.db"), safely)
			w.link(c)
			c.cli.Disconnect()

			const total, distance = 100, 20
			var all, interrupted []string
			for i := range total {
				all = append(all, fmt.Sprintf("message %03d", i))
				w.alice.SendText(w.phone, all[i])
			}
			for i := distance / 2; i < total; i += distance {
				interrupted = append(interrupted, all[i])
				child, awaitStop := startChild(t, w.srv, dir, all[i], safe)
				awaitStop()
				killChild(t, child)
			}
			last, _ := startChild(t, w.srv, dir, "", safe)
			require.NoError(t, w.phone.Companion().WaitSettled(patience))
			killChild(t, last)

			raw, err := os.ReadFile(filepath.Join(dir, "received"))
			require.NoError(t, err)
			got := strings.Split(strings.TrimSpace(string(raw)), "\n")
			if safe != "" {
				require.Equal(t, all, got)
				return
			}
			for _, text := range interrupted {
				require.NotContains(t, got, text)
			}
		})
	}
}
