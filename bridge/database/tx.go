package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	txTimeout  = 30 * time.Second
	txAttempts = 5
)

// InTx runs fn in one transaction and commits it. It goes on when ctx is
// cancelled, within a limit of its own, and runs fn again when the database
// resolved a conflict against it; fn must therefore have no effect outside.
// Any error or panic of fn rolls back.
func (db *DB) InTx(ctx context.Context, fn func(ctx context.Context, tx *sql.Tx) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), txTimeout)
	defer cancel()
	for attempt := 1; ; attempt++ {
		err := db.once(ctx, fn)
		if err == nil || attempt == txAttempts || !isConflict(err) {
			return err
		}
	}
}

// Queryer is what runs statements: a transaction, or the database itself.
type Queryer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// InOne is InTx for an fn that runs a single statement. On Postgres that is a
// transaction of its own, which saves two round trips; there Relaxed says
// nothing, and the statement itself says whether its commit waits for the disk.
func (db *DB) InOne(ctx context.Context, fn func(ctx context.Context, q Queryer) error) error {
	if db.Dialect != Postgres {
		return db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return fn(ctx, tx) })
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), txTimeout)
	defer cancel()
	for attempt := 1; ; attempt++ {
		err := fn(ctx, db.DB)
		if err == nil || attempt == txAttempts || !isConflict(err) {
			return err
		}
	}
}

func (db *DB) once(ctx context.Context, fn func(ctx context.Context, tx *sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if err := fn(ctx, tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// isConflict reports whether the same transaction may succeed when repeated.
func isConflict(err error) bool {
	var pgErr *pq.Error
	if errors.As(err, &pgErr) {
		return pgErr.Code == "40001" || pgErr.Code == "40P01" // serialization failure, deadlock
	}
	var liteErr *sqlite.Error
	return errors.As(err, &liteErr) && liteErr.Code()&0xff == sqlite3.SQLITE_BUSY
}
