package processtest

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// PoolMode is how long a connection keeps its session.
type PoolMode string

// PgBouncer's modes.
const (
	PoolSession     PoolMode = "session"
	PoolTransaction PoolMode = "transaction"
	PoolStatement   PoolMode = "statement"
)

// StartPgBouncer puts a PgBouncer with so many sessions in front of the database at
// an address, and gives the address there. It ends with the test. Where the program
// is not installed, the test does not run.
func StartPgBouncer(t testing.TB, database string, mode PoolMode, sessions int) (address string) {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program = "/usr/sbin/pgbouncer"
	}
	if _, err := os.Stat(program); err != nil {
		t.Skip("pgbouncer is not installed")
	}
	folder, err := os.MkdirTemp("", "wootbridge-pgbouncer-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	var as *postgresUser
	if os.Getuid() == 0 { // it refuses to run as root
		as, err = lookUpPostgres()
		require.NoError(t, err)
		require.NoError(t, os.Chown(folder, as.uid, as.gid))
	}
	there, err := url.Parse(database)
	require.NoError(t, err)
	name, port := strings.TrimPrefix(there.Path, "/"), freePort(t)
	target := fmt.Sprintf("host=%s port=%s dbname=%s user=%s", there.Hostname(), there.Port(), name, there.User.Username())
	if password, set := there.User.Password(); set {
		target += " password=" + password
	}
	settings := fmt.Sprintf(`[databases]
%s = %s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = %s
default_pool_size = %d
max_client_conn = 200
`, name, target, port, mode, sessions)
	file := filepath.Join(folder, "pgbouncer.ini")
	require.NoError(t, os.WriteFile(file, []byte(settings), 0o644)) // another user reads it
	command := exec.Command(program, file)
	command.Dir = folder
	as.apply(command)
	p, err := launch(t, "pgbouncer", command)
	require.NoError(t, err)
	t.Cleanup(func() {
		p.signal(os.Kill)
		<-p.ended
		if t.Failed() {
			t.Logf("output of PgBouncer:\n%s", p.text())
		}
	})
	p.waitLine("the start", func(line string) bool { return strings.Contains(line, "process up") })
	there.Host = fmt.Sprintf("127.0.0.1:%d", port)
	return there.String()
}
