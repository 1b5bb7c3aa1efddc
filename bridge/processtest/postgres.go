package processtest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
)

// Postgres is a server of the test's own, which may crash. The one that all
// tests share must not.
type Postgres struct {
	t      testing.TB
	folder string
	port   int
	as     *postgresUser
	server *process
}

// StartPostgres makes an empty server; it ends with the test.
func StartPostgres(t testing.TB) *Postgres {
	t.Helper()
	folder, err := os.MkdirTemp("", "wootbridge-postgres-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	p := &Postgres{t: t, folder: folder, port: freePort(t)}
	if os.Getuid() == 0 { // Postgres refuses to run as root
		p.as, err = lookUpPostgres()
		require.NoError(t, err)
		require.NoError(t, os.Chown(folder, p.as.uid, p.as.gid))
	}
	prepare := p.command("initdb", "-U", "wootbridge", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	out, err := prepare.CombinedOutput()
	require.NoError(t, err, string(out))
	require.NoError(t, p.start())
	t.Cleanup(func() {
		p.Crash()
		if t.Failed() {
			t.Logf("output of Postgres:\n%s", p.server.text())
		}
	})
	return p
}

// URL is the address of an empty database.
func (p *Postgres) URL() string {
	return fmt.Sprintf("postgres://wootbridge@127.0.0.1:%d/postgres?sslmode=disable", p.port)
}

// Crash ends the server at once: sessions and transactions end, and what it had
// not written is lost, such as a commit that did not wait for that.
func (p *Postgres) Crash() {
	p.server.signal(syscall.SIGQUIT)
	<-p.server.ended
}

// Restart starts the server after a crash; it recovers what it had written.
func (p *Postgres) Restart() error { return p.start() }

func (p *Postgres) start() (err error) {
	// What is written survives the server, which is all that crashes here.
	p.server, err = launch(p.t, "postgres", p.command("postgres", "-p", strconv.Itoa(p.port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "shared_buffers=64MB"))
	if err != nil {
		return err
	}
	return p.server.awaitLine("the start", func(line string) bool { return strings.Contains(line, "ready to accept connections") })
}

func (p *Postgres) command(program string, args ...string) *exec.Cmd {
	c := exec.Command(databasetest.PostgresProgram(p.t, program), append([]string{"-D", filepath.Join(p.folder, "data")}, args...)...)
	c.Dir, c.Env = p.folder, []string{"LC_ALL=C"}
	p.as.apply(c)
	return c
}

func freePort(t testing.TB) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().(*net.TCPAddr).Port
}
