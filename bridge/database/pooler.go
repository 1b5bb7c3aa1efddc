package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/lib/pq"
)

// A pooler, such as PgBouncer in transaction mode, gives each transaction whichever
// session is free. What outlives a transaction is then lost, or another's: prepared
// statements, locks, LISTEN. So the bridge finds out, keeps nothing in a session
// there, and listens by an address past the pooler, or not at all.

// PoolerError says that the database cannot be used by the address that is set. Its
// text is for people, and says what to do.
type PoolerError struct{ sentence string }

func (e *PoolerError) Error() string { return e.sentence }

const (
	sentenceStatements = "WOOTBRIDGE_DATABASE_URL leads through a pooler in statement mode, which allows no transactions: set it to transaction or session mode (PgBouncer: pool_mode = transaction), or enter Postgres's own address"
	sentenceDirect     = "WOOTBRIDGE_DATABASE_DIRECT_URL leads through a pooler that gives each transaction another session: enter the address of Postgres itself, or leave it empty"
	sentenceOther      = "WOOTBRIDGE_DATABASE_DIRECT_URL does not lead to the database of WOOTBRIDGE_DATABASE_URL: what is told by one is not heard by the other. Enter the address of the same database on Postgres itself, or leave it empty"
)

// learn finds out what stands between the process and Postgres.
func (db *DB) learn(ctx context.Context, log *slog.Logger) error {
	if db.Dialect != Postgres {
		return nil
	}
	pooled, err := sharesSessions(ctx, db.url)
	if err != nil {
		return err
	}
	db.pooled.Store(pooled)
	if pooled && db.direct == "" && log != nil {
		log.Info("the database is reached through a pooler that gives each transaction another session; if several processes run, set WOOTBRIDGE_DATABASE_DIRECT_URL, so that they hear of each other at once")
	}
	if db.direct == "" {
		return nil
	}
	switch shared, err := sharesSessions(ctx, db.direct); {
	case err != nil:
		return err
	case shared:
		return &PoolerError{sentenceDirect}
	}
	return db.proveListening(ctx)
}

// sessionTries is how many connections are looked at beside the first one.
const sessionTries = 3

// sharesSessions reports whether a session belongs to a connection only for the time
// of a transaction. Then the next connection gets the one that has just become free,
// or the first one gets another while that is in use.
func sharesSessions(ctx context.Context, address string) (bool, error) {
	pool, err := openPostgres(address, new(atomic.Bool))
	if err != nil {
		return false, err
	}
	defer pool.Close()
	first, err := pool.Conn(ctx)
	if err != nil {
		return false, scrub(err)
	}
	defer first.Close()
	mine, err := session(ctx, first)
	if err != nil {
		return false, err
	}
	for range sessionTries {
		tx, err := pool.BeginTx(ctx, nil)
		if err != nil {
			return false, refusesTransactions(ctx, first, err)
		}
		defer func() { _ = tx.Rollback() }()
		theirs, err := session(ctx, tx)
		if err != nil || theirs == mine {
			return err == nil, err
		}
		// A pool that has only so many sessions makes it wait.
		waiting, cancel := context.WithTimeout(ctx, sessionWait)
		now, err := session(waiting, first)
		waited := waiting.Err() != nil && ctx.Err() == nil
		cancel()
		if waited || err == nil && now != mine {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
	return false, nil
}

const sessionWait = 5 * time.Second

// session is the number of a connection's session.
func session(ctx context.Context, q interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
},
) (number int64, err error) {
	if err := q.QueryRowContext(ctx, `SELECT pg_backend_pid()`).Scan(&number); err != nil {
		return 0, fmt.Errorf("ask for the session: %w", scrub(err))
	}
	return number, nil
}

// refusesTransactions makes a sentence of the end of a connection that came with its
// first transaction, while another connection goes on.
func refusesTransactions(ctx context.Context, other *sql.Conn, err error) error {
	if errors.Is(err, driver.ErrBadConn) {
		if _, ended := session(ctx, other); ended == nil {
			return &PoolerError{sentenceStatements}
		}
	}
	return scrub(err)
}

// listenWait is how long a word may take from one address to the other.
const listenWait = 10 * time.Second

// proveListening proves that what is told by one address is heard by the other.
func (db *DB) proveListening(ctx context.Context) error {
	listener := pq.NewListener(db.direct, time.Second, time.Minute, nil)
	defer listener.Close()
	channel := "wootbridge_proof_" + strconv.FormatInt(time.Now().UnixNano(), 36)
	if err := listener.Listen(channel); err != nil {
		return fmt.Errorf("listen by the direct address: %w", scrub(err))
	}
	if _, err := db.ExecContext(ctx, `SELECT pg_notify($1, '')`, channel); err != nil {
		return fmt.Errorf("prove the direct address: %w", scrub(err))
	}
	select {
	case <-listener.NotificationChannel():
		return nil
	case <-time.After(listenWait):
		return &PoolerError{sentenceOther}
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Try proves that the database does what the program needs of it: it writes something, by
// a statement with arguments.
func (db *DB) Try(ctx context.Context, now time.Time) error {
	const write = `INSERT INTO probe (id, at) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET at = excluded.at`
	if _, err := db.ExecContext(ctx, write, 1, now.UnixMilli()); err != nil {
		return fmt.Errorf("try the database: %w", scrub(err))
	}
	return nil
}

// IsAddressError reports whether an address cannot work, however often it is tried.
func IsAddressError(err error) bool {
	var pooler *PoolerError
	return errors.As(err, &pooler) || errors.Is(err, errForm) || errors.Is(err, errOptions) || errors.Is(err, errUnusable)
}
