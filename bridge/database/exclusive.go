package database

import (
	"context"
	"database/sql"
	"fmt"
)

// migrationLock is an arbitrary number that only Wootbridge's migrations use.
const migrationLock = 0x776f6f74

// Exclusively runs fn while no other process runs one on the same database:
// processes that start at once must not change the schema together. It uses a
// connection of its own, so that it works with a pool of one. The lock is a
// transaction's: behind a pooler a session's would outlive the process. On SQLite
// the data folder's lock keeps other processes away already.
func (db *DB) Exclusively(ctx context.Context, fn func(ctx context.Context) error) error {
	if db.Dialect != Postgres {
		return fn(ctx)
	}
	own, err := sql.Open("postgres", db.url)
	if err != nil {
		return fmt.Errorf("connect for the migration lock: %w", scrub(err))
	}
	defer own.Close() // which also ends the lock
	tx, err := own.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("connect for the migration lock: %w", scrub(err))
	}
	defer func() { _ = tx.Rollback() }()
	// It does nothing else for as long as the migrations take.
	if _, err := tx.ExecContext(ctx, `SET LOCAL idle_in_transaction_session_timeout = 0`); err != nil {
		return fmt.Errorf("prepare for the migration lock: %w", scrub(err))
	}
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, migrationLock); err != nil {
		return fmt.Errorf("wait for the migration lock: %w", scrub(err))
	}
	return fn(ctx)
}
