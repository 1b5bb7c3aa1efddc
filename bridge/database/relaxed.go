package database

import (
	"context"
	"database/sql"
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
