package supervisor

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/lines"
)

// DefaultOwnerTTL is how long a line is this process's without a renewal.
const DefaultOwnerTTL = 15 * time.Second

// ownership is the lease on the lines whose WhatsApp connection this process
// holds. Two connections of one device throw each other out for ever.
type ownership struct {
	db       *database.DB
	clock    func() time.Time
	ttl      time.Duration
	instance string
	me       string // this run of the instance
}

// margin is how long before the end of its lease an owner that cannot renew it
// disconnects: whoever takes the line next must find it free.
func (o *ownership) margin() time.Duration { return o.ttl / 5 }

// every is how often the lease is renewed.
func (o *ownership) every() time.Duration { return o.ttl / 4 }

// renew extends the lease on every line that is still ours and names them.
func (o *ownership) renew(ctx context.Context) (held map[lines.ID]bool, until time.Time, err error) {
	until = o.clock().Add(o.ttl)
	err = o.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		held = map[lines.ID]bool{}
		const renewLines = `UPDATE line SET owned_until = $2 WHERE owner = $1 AND deleted = 0 RETURNING id`
		rows, err := tx.QueryContext(ctx, renewLines, o.me, until.UnixMilli())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id lines.ID
			if err := rows.Scan(&id); err != nil {
				return err
			}
			held[id] = true
		}
		return rows.Err()
	})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("renew the lease on the lines: %w", err)
	}
	return held, until, nil
}

// free reports whether a line may be claimed: nobody's, left over from an
// earlier run of this instance, or of an owner that is gone.
func (o *ownership) free(h lines.Holding) bool {
	return h.Owner == "" || o.leftOver(h) || o.clock().After(h.Until)
}

func (o *ownership) leftOver(h lines.Holding) bool {
	return h.Owner != o.me && strings.HasPrefix(h.Owner, o.instance+"/")
}

// errNotFree says that somebody else was faster.
var errNotFree = errors.New("the line belongs to another process")

// claim takes a free line. connects is what to write as the number of connects
// that the process did not survive, this one included until settled.
func (o *ownership) claim(ctx context.Context, id lines.ID, was lines.Holding, connects int) error {
	return o.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		const claimLine = `UPDATE line SET owner = $2, owned_until = $3, connects = $4, shown = NULL
			WHERE id = $1 AND owner = $5 AND owned_until = $6 AND deleted = 0 AND paused = ''`
		res, err := tx.ExecContext(ctx, claimLine, string(id), o.me, o.clock().Add(o.ttl).UnixMilli(), connects, was.Owner, was.Until.UnixMilli())
		if err != nil {
			return fmt.Errorf("claim a line: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(errNotFree, err)
		}
		return nil
	})
}

// settled records that the process survived the line's connect.
func (o *ownership) settled(ctx context.Context, id lines.ID) error {
	return o.exec(ctx, "record a connect", `UPDATE line SET connects = 0 WHERE id = $1 AND owner = $2`, string(id), o.me)
}

// relinquish gives a line back.
func (o *ownership) relinquish(ctx context.Context, id lines.ID) error {
	return o.exec(ctx, "give a line back", `UPDATE line SET owner = '', owned_until = 0, connects = 0 WHERE id = $1 AND owner = $2`, string(id), o.me)
}

func (o *ownership) exec(ctx context.Context, what, query string, args ...any) error {
	err := o.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
