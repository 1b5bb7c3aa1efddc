package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// errLogInUse says that the log could not be emptied.
var errLogInUse = errors.New("somebody reads the database")

// Rewrite writes what the database keeps anew, so that nothing is left in its files of
// what was replaced or deleted: on SQLite the whole file, on Postgres the tables named. It
// needs as much room again, and others wait meanwhile.
func (db *DB) Rewrite(ctx context.Context, tables ...string) error {
	if db.Dialect == Postgres {
		return db.rewriteTables(ctx, tables)
	}
	if _, err := db.ExecContext(ctx, `VACUUM`); err != nil {
		return fmt.Errorf("write the database anew: %w", err)
	}
	// The file itself is as before until the log is brought into it, by the connection
	// that writes: it would stand in another one's way.
	if _, err := db.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return fmt.Errorf("bring the database's log into its file: %w", err)
	}
	var busy, pages, moved int
	if err := db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(PASSIVE)`).Scan(&busy, &pages, &moved); err != nil {
		return fmt.Errorf("look into the database's log: %w", err)
	}
	if pages > 0 {
		return fmt.Errorf("bring the database's log into its file: %w", errLogInUse)
	}
	return nil
}

const (
	// lockPatience is how long a table is waited for: whoever else wants it waits behind
	// us, and somebody may have it for hours, such as a backup.
	lockPatience = 5 * time.Second
	// pooledPatience bounds the work itself where nothing can bound the wait: what is set
	// for a session stays with one of the pooler's.
	pooledPatience = time.Minute
)

func (db *DB) rewriteTables(ctx context.Context, tables []string) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect to write tables anew: %w", scrub(err))
	}
	defer conn.Close()
	if db.pooled.Load() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, pooledPatience)
		defer cancel()
	} else {
		if _, err := conn.ExecContext(ctx, fmt.Sprintf(`SET lock_timeout = %d`, lockPatience.Milliseconds())); err != nil {
			return fmt.Errorf("prepare to write tables anew: %w", scrub(err))
		}
		defer func() { _, _ = conn.ExecContext(context.WithoutCancel(ctx), `RESET lock_timeout`) }()
	}
	for _, table := range tables {
		if _, err := conn.ExecContext(ctx, `VACUUM FULL `+table); err != nil {
			return fmt.Errorf("write the table %s anew: %w", table, scrub(err))
		}
	}
	return nil
}

// InLongTx is InTx for what may take as long as it needs, such as a change of every row
// of a table. It runs fn once, and ends with ctx.
func (db *DB) InLongTx(ctx context.Context, fn func(ctx context.Context, tx *sql.Tx) error) error {
	return db.once(ctx, fn)
}
