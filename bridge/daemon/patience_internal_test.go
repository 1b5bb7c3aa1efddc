package daemon

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"log/slog"
	"net"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
)

// restarting is a database that refuses its next connections.
type restarting struct {
	driver.Driver
	dsn  string
	left atomic.Int32
}

func (r *restarting) Connect(context.Context) (driver.Conn, error) {
	if r.left.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	return r.Open(r.dsn)
}

type connector struct{ *restarting }

func (c connector) Driver() driver.Driver { return c.restarting.Driver }

// A database that restarts in the middle of the bridge's start is waited for at each of
// its steps.
func TestTheStartOutlivesADatabaseThatRestartsAtAnyStep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := database.Open(t.Context(), database.Config{DataDir: dir})
	require.NoError(t, err)
	require.NoError(t, db.Migrate(t.Context()))
	_, err = db.Exec(`INSERT INTO legacy (name) VALUES ($1)`, legacyOneAddress)
	require.NoError(t, err)
	require.NoError(t, db.Close())

	away := &restarting{Driver: db.Driver(), dsn: database.SQLiteDSN(filepath.Join(dir, database.FileName))}
	pool := sql.OpenDB(connector{away})
	pool.SetMaxIdleConns(0) // each step connects
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	p := &Process{db: &database.DB{DB: pool, Dialect: database.SQLite}, log: slog.New(slog.DiscardHandler)}
	away.left.Store(1)
	before, err := p.hadOneAddress(t.Context())
	require.NoError(t, err)
	require.True(t, before)
	away.left.Store(1)
	require.NoError(t, p.forgetOneAddress(t.Context()))
	before, err = p.hadOneAddress(t.Context())
	require.NoError(t, err)
	require.False(t, before)
}
