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
//
// All of them write through one connection. What a connection has read of the
// file it forgets when another one has written; the one that writes never does.
func openSQLite(path string) *sql.DB {
	return sql.OpenDB(newSQLiteConnector(path))
}

type sqliteConnector struct {
	dsn  string
	disk *disk
	lite sqlite.Driver

	turn   chan struct{} // holds a token while somebody writes
	writer *liteConn     // of who has the turn; nil = not open
}

func newSQLiteConnector(path string) *sqliteConnector {
	return &sqliteConnector{dsn: ownDSN(path), disk: newDisk(path + "-wal"), turn: make(chan struct{}, 1)}
}

// liteConn is a connection of the driver's, with what it has prepared.
type liteConn struct {
	driverConn
	statements
}

// driverConn is what database/sql uses of the driver's connections.
type driverConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

func (c *sqliteConnector) open() (*liteConn, error) {
	conn, err := c.lite.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	complete, ok := conn.(driverConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the SQLite driver's connections are not as expected: %T", conn), conn.Close())
	}
	return &liteConn{complete, statements{conn: complete}}, nil
}

func (c *liteConn) close() error { return errors.Join(c.statements.close(), c.driverConn.Close()) }

// Connect implements driver.Connector.
func (c *sqliteConnector) Connect(context.Context) (driver.Conn, error) {
	reader, err := c.open()
	if err != nil {
		return nil, err
	}
	return &sqliteConn{driverConn: reader.driverConn, reader: reader, of: c}, nil
}

// Driver implements driver.Connector.
func (c *sqliteConnector) Driver() driver.Driver { return &c.lite }

// Close implements io.Closer; sql.DB calls it when all connections are closed.
func (c *sqliteConnector) Close() error {
	c.turn <- struct{}{}
	defer c.give()
	if c.writer == nil {
		return c.disk.close()
	}
	defer func() { c.writer = nil }()
	return errors.Join(c.writer.close(), c.disk.close())
}

// take waits for the turn to write.
func (c *sqliteConnector) take(ctx context.Context) (*liteConn, error) {
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if c.writer == nil {
		var err error
		if c.writer, err = c.open(); err != nil {
			c.give()
			return nil, err
		}
	}
	return c.writer, nil
}

func (c *sqliteConnector) give() { <-c.turn }

// drop gives the writing connection up: the next writer gets a new one.
func (c *sqliteConnector) drop() {
	_ = c.writer.close()
	c.writer = nil
}

// sqliteConn is a connection for reading, which writes through the one that
// writes. database/sql uses it from one goroutine at a time. What is prepared
// outside of a transaction must only read.
type sqliteConn struct {
	driverConn // the reader's
	reader     *liteConn
	of         *sqliteConnector
	writer     *liteConn // inside a transaction
}

// BeginTx implements driver.ConnBeginTx. Every transaction is one that writes:
// the DSN makes them immediate.
func (c *sqliteConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	writer, err := c.of.take(ctx)
	if err != nil {
		return nil, err
	}
	tx, err := writer.BeginTx(whole(ctx), opts)
	if err != nil {
		c.of.give()
		return nil, err
	}
	c.writer = writer
	return &sqliteTx{tx, c, IsRelaxed(ctx)}, nil
}

// ExecContext implements driver.ExecerContext.
func (c *sqliteConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.writer != nil {
		return c.writer.exec(whole(ctx), query, args)
	}
	writer, err := c.of.take(ctx)
	if err != nil {
		return nil, err
	}
	result, err := writer.exec(whole(ctx), query, args)
	c.of.give()
	if err == nil && !IsRelaxed(ctx) {
		err = c.of.disk.wait()
	}
	return result, err
}

// QueryContext implements driver.QueryerContext.
func (c *sqliteConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.writer != nil {
		return c.writer.query(whole(ctx), query, args)
	}
	return c.reader.query(whole(ctx), query, args)
}

// whole lets a statement that has begun run to its end. The driver starts a
// goroutine for each one that could be interrupted, which takes longer than most
// of ours; database/sql begins none whose context has ended, and rolls back the
// transaction of one that ends meanwhile.
func whole(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }

// PrepareContext implements driver.ConnPrepareContext.
func (c *sqliteConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if c.writer != nil {
		return c.writer.PrepareContext(ctx, query)
	}
	return c.reader.PrepareContext(ctx, query)
}

// Close implements driver.Conn.
func (c *sqliteConn) Close() error { return c.reader.close() }

type sqliteTx struct {
	driver.Tx
	conn    *sqliteConn
	relaxed bool
}

// Commit implements driver.Tx.
func (t *sqliteTx) Commit() error {
	err := t.Tx.Commit()
	if err != nil {
		t.conn.of.drop()
	}
	t.over()
	if err == nil && !t.relaxed {
		err = t.conn.of.disk.wait()
	}
	return err
}

// Rollback implements driver.Tx. It fails where SQLite has rolled back by
// itself, too; what state the connection is in is not known then.
func (t *sqliteTx) Rollback() error {
	err := t.Tx.Rollback()
	if err != nil {
		t.conn.of.drop()
	}
	t.over()
	return err
}

func (t *sqliteTx) over() {
	t.conn.writer = nil
	t.conn.of.give()
}
