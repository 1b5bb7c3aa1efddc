package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"modernc.org/sqlite"
)

// openSQLite opens a file whose writers in this process take turns. SQLite lets
// one transaction write at a time and makes the others poll, with growing
// pauses: under load a writer can be passed by for seconds, and a webhook or a
// message waits. Here they queue, first come, first served. Another process on
// the same file is still met by polling.
func openSQLite(path string) *sql.DB {
	return sql.OpenDB(newTurnsConnector(path))
}

type turnsConnector struct {
	dsn  string
	turn chan struct{} // holds a token while somebody writes
	disk *disk
	lite sqlite.Driver
}

func newTurnsConnector(path string) *turnsConnector {
	return &turnsConnector{dsn: ownDSN(path), turn: make(chan struct{}, 1), disk: newDisk(path + "-wal")}
}

// sqliteConn is what database/sql uses of the driver's connections.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// Connect implements driver.Connector.
func (c *turnsConnector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.lite.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	whole, ok := conn.(sqliteConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the SQLite driver's connections are not as expected: %T", conn), conn.Close())
	}
	return &turnsConn{sqliteConn: whole, turn: c.turn, disk: c.disk, statements: statements{conn: whole}}, nil
}

// Driver implements driver.Connector.
func (c *turnsConnector) Driver() driver.Driver { return &c.lite }

// turnsConn is a connection whose writes wait for their turn. database/sql uses
// a connection from one goroutine at a time.
type turnsConn struct {
	sqliteConn
	turn    chan struct{}
	disk    *disk
	writing bool // inside a transaction
	statements
}

func (c *turnsConn) take(ctx context.Context) error {
	select {
	case c.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// BeginTx implements driver.ConnBeginTx. Every transaction is one that writes:
// the DSN makes them immediate.
func (c *turnsConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if err := c.take(ctx); err != nil {
		return nil, err
	}
	tx, err := c.sqliteConn.BeginTx(ctx, opts)
	if err != nil {
		<-c.turn
		return nil, err
	}
	c.writing = true
	return &turnsTx{tx, c, IsRelaxed(ctx)}, nil
}

// ExecContext implements driver.ExecerContext.
func (c *turnsConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.writing {
		return c.statements.exec(ctx, query, args)
	}
	if err := c.take(ctx); err != nil {
		return nil, err
	}
	result, err := c.statements.exec(ctx, query, args)
	<-c.turn
	if err == nil && !IsRelaxed(ctx) {
		err = c.disk.wait()
	}
	return result, err
}

// QueryContext implements driver.QueryerContext.
func (c *turnsConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.statements.query(ctx, query, args)
}

// Close implements driver.Conn.
func (c *turnsConn) Close() error {
	return errors.Join(c.statements.close(), c.sqliteConn.Close())
}

type turnsTx struct {
	driver.Tx
	conn    *turnsConn
	relaxed bool
}

// Commit implements driver.Tx.
func (t *turnsTx) Commit() error {
	err := t.Tx.Commit()
	t.over()
	if err == nil && !t.relaxed {
		err = t.conn.disk.wait()
	}
	return err
}

// Rollback implements driver.Tx.
func (t *turnsTx) Rollback() error {
	defer t.over()
	return t.Tx.Rollback()
}

func (t *turnsTx) over() {
	t.conn.writing = false
	<-t.conn.turn
}
