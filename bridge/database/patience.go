package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/wootbridge/wootbridge/internal/wait"
)

// patienceEvery is how often something is tried while the database is away.
const patienceEvery = 500 * time.Millisecond

// Patiently does something again, for at most limit, while the database does not
// answer: a Postgres that starts beside the bridge, or again in the middle of
// the bridge's own start. What it refuses, such as a login, will not get better
// by waiting. log may be nil.
func Patiently(ctx context.Context, limit time.Duration, log *slog.Logger, do func(ctx context.Context) error) error {
	deadline := time.Now().Add(limit)
	for told := false; ; {
		err := do(ctx)
		if err == nil || !IsUnavailable(err) || time.Now().After(deadline) {
			return err
		}
		if !told && log != nil {
			log.Warn("the database does not answer; waiting")
			told = true
		}
		if !wait.Sleep(ctx, patienceEvery) {
			return ctx.Err()
		}
	}
}

// IsUnavailable reports whether err means that the database is away for the
// moment (starting, restarting, unreachable, out of connections), as opposed
// to refusing what was asked.
func IsUnavailable(err error) bool {
	var clean *scrubbed
	if errors.As(err, &clean) {
		return clean.unavailable
	}
	var pgErr *pq.Error
	if errors.As(err, &pgErr) {
		class := pgErr.Code.Class()
		return class == "08" || class == "53" || class == "57" // connection, resources, operator intervention
	}
	var netErr *net.OpError
	return errors.As(err, &netErr) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, context.DeadlineExceeded) || isConflict(err)
}

// scrubbed is a database's error without what a driver may have put in its
// text: addresses, which have passwords in them.
type scrubbed struct {
	text        string
	unavailable bool
}

func (e *scrubbed) Error() string { return e.text }

// scrub removes addresses and passwords from an error for good.
func scrub(err error) error {
	var refused *pq.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused):
		return &scrubbed{refused.Message, IsUnavailable(err)}
	case strings.Contains(err.Error(), "://"):
		return &scrubbed{"the database does not answer", IsUnavailable(err)}
	default:
		return err
	}
}
