package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"sync/atomic"

	"github.com/lib/pq"
)

var (
	errForm    = errors.New("WOOTBRIDGE_DATABASE_URL is not of the form postgres://user:password@host:5432/name")
	errOptions = errors.New("WOOTBRIDGE_DATABASE_URL has an option behind its ? that cannot be used, such as an sslmode that is none of disable, require, verify-ca, verify-full, or a certificate that is not there")
)

// errUnusable says that the address names what is not there, such as a file or a
// parameter of Postgres.
var errUnusable = errors.New("WOOTBRIDGE_DATABASE_URL cannot be used")

// blameAddress tells what is wrong with the address from a database that refuses, or does
// not answer: that waits for nobody.
func blameAddress(err error) error {
	var file *fs.PathError // of a certificate
	var refused *pq.Error
	if errors.As(err, &file) || errors.As(err, &refused) && refused.Code == "42704" { // undefined object: a parameter
		return fmt.Errorf("%w: %w", errUnusable, scrub(err))
	}
	return scrub(err)
}

// openPostgres opens a postgres:// address. Its errors never hold it. While pooled
// is true, connections keep nothing in their sessions.
func openPostgres(address string, pooled *atomic.Bool) (*sql.DB, error) {
	parsed, err := url.Parse(address)
	if err != nil || (parsed.Scheme != "postgres" && parsed.Scheme != "postgresql") || parsed.Host == "" {
		return nil, errForm
	}
	// Parameters go along with the statement: one round trip in place of two.
	options := parsed.Query()
	options.Set("binary_parameters", "yes")
	parsed.RawQuery = options.Encode()
	connector, err := pq.NewConnector(parsed.String())
	if err != nil {
		return nil, errOptions
	}
	return sql.OpenDB(&postgresConnector{connector, pooled}), nil
}

// postgresConnector makes connections that keep what they have prepared, and
// know relaxed transactions.
type postgresConnector struct {
	*pq.Connector
	pooled *atomic.Bool
}

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
func (c *postgresConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	whole, ok := conn.(pqConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the Postgres driver's connections are not as expected: %T", conn), conn.Close())
	}
	return &postgresConn{pqConn: whole, statements: statements{conn: whole, pooled: c.pooled}}, nil
}

// postgresConn is a connection to Postgres. database/sql uses it from one
// goroutine at a time. What it has prepared ends with it.
type postgresConn struct {
	pqConn
	statements
}

// BeginTx implements driver.ConnBeginTx.
func (c *postgresConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	tx, err := c.pqConn.BeginTx(ctx, opts)
	if err != nil || !IsRelaxed(ctx) {
		return tx, err
	}
	if _, err := c.pqConn.ExecContext(ctx, `SET LOCAL synchronous_commit TO off`, nil); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return tx, nil
}

// ExecContext implements driver.ExecerContext.
func (c *postgresConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return c.statements.exec(ctx, query, args)
}

// QueryContext implements driver.QueryerContext.
func (c *postgresConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.statements.query(ctx, query, args)
}
