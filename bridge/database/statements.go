package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"
)

// statements keeps what a connection has prepared: the databases parse and plan
// a query anew each time otherwise, which takes longer than most of ours run. It
// belongs to one connection and is used like it, from one goroutine at a time.
type statements struct {
	conn preparer
	// pooled, if set, says that nothing may be kept: the session is another's after
	// the transaction.
	pooled *atomic.Bool
	kept   map[string]*statement
}

// preparer is what it needs of a driver's connection.
type preparer interface {
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

// keptMost bounds how many statements a connection keeps. The bridge and the
// library have fewer; queries put together for the moment must not pile up.
const keptMost = 128

// statement is a prepared query, which runs once at a time.
type statement struct {
	driverStmt
	busy bool // its rows are being read
}

// driverStmt is what database/sql uses of the driver's statements.
type driverStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// prepared gives the kept statement of a query, or nil when the query is to be
// run by itself: scripts, which have no arguments, and a query inside another
// one of the same text.
func (s *statements) prepared(ctx context.Context, query string, args []driver.NamedValue) (*statement, error) {
	if len(args) == 0 || s.pooled != nil && s.pooled.Load() {
		return nil, nil
	}
	if kept, ok := s.kept[query]; ok {
		if kept.busy {
			return nil, nil
		}
		return kept, nil
	}
	if len(s.kept) >= keptMost {
		if err := s.close(); err != nil {
			return nil, err
		}
	}
	stmt, err := s.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	whole, ok := stmt.(driverStmt)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the driver's statements are not as expected: %T", stmt), stmt.Close())
	}
	if s.kept == nil {
		s.kept = map[string]*statement{}
	}
	s.kept[query] = &statement{driverStmt: whole}
	return s.kept[query], nil
}

func (s *statements) exec(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	kept, err := s.prepared(ctx, query, args)
	if err != nil {
		return nil, err
	}
	if kept == nil {
		return s.conn.ExecContext(ctx, query, args)
	}
	result, err := kept.ExecContext(ctx, args)
	if err != nil {
		s.forget(query)
	}
	return result, err
}

func (s *statements) query(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	kept, err := s.prepared(ctx, query, args)
	if err != nil {
		return nil, err
	}
	if kept == nil {
		return s.conn.QueryContext(ctx, query, args)
	}
	rows, err := kept.QueryContext(ctx, args)
	if err != nil {
		s.forget(query)
		return nil, err
	}
	kept.busy = true
	return &statementRows{rows, kept}, nil
}

// forget ends a statement that has failed: Postgres lets one fail for ever whose
// tables have changed.
func (s *statements) forget(query string) {
	_ = s.kept[query].Close()
	delete(s.kept, query)
}

// close ends all statements that are not in use; one that is ends with its
// connection.
func (s *statements) close() error {
	var failed error
	for query, kept := range s.kept {
		if !kept.busy {
			failed = errors.Join(failed, kept.Close())
			delete(s.kept, query)
		}
	}
	return failed
}

// statementRows gives the statement back when its rows were read.
type statementRows struct {
	driver.Rows
	of *statement
}

// Close implements driver.Rows.
func (r *statementRows) Close() error {
	r.of.busy = false
	return r.Rows.Close()
}
