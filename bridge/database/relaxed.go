package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/lib/pq"
)

type relaxedKey struct{}

// Relaxed marks a context. A transaction begun under it holds against the death
// of the process at once, and against a power cut as soon as any later
// transaction that is not relaxed has committed: both databases write one log,
// and a commit that waits for the disk takes all before it along. It is for
// what such a commit follows before anybody outside learns of it, and for what
// may be done again.
//
// It is a fact about the call, not a dependency; a context is the one thing
// that reaches the driver through a library's code.
func Relaxed(ctx context.Context) context.Context {
	return context.WithValue(ctx, relaxedKey{}, true)
}

// IsRelaxed reports whether a context is marked.
func IsRelaxed(ctx context.Context) bool { return ctx.Value(relaxedKey{}) != nil }

// InTxRelaxed is InTx for a transaction that need not wait for the disk; see
// Relaxed.
func (db *DB) InTxRelaxed(ctx context.Context, fn func(ctx context.Context, tx *sql.Tx) error) error {
	return db.InTx(Relaxed(ctx), fn)
}

// relaxingConnector makes connections to Postgres that know relaxed
// transactions.
type relaxingConnector struct{ *pq.Connector }

// pqConn is what database/sql uses of the driver's connections.
type pqConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// Connect implements driver.Connector.
func (c *relaxingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	whole, ok := conn.(pqConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the Postgres driver's connections are not as expected: %T", conn), conn.Close())
	}
	return &relaxingConn{whole}, nil
}

type relaxingConn struct{ pqConn }

// BeginTx implements driver.ConnBeginTx.
func (c *relaxingConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	tx, err := c.pqConn.BeginTx(ctx, opts)
	if err != nil || !IsRelaxed(ctx) {
		return tx, err
	}
	if _, err := c.ExecContext(ctx, `SET LOCAL synchronous_commit TO off`, nil); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return tx, nil
}
