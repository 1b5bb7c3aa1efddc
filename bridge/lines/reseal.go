package lines

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/seal"
)

// sealedColumns are those of a line that are sealed, each for its own purpose.
var sealedColumns = [...]string{"token", "webhook_secret", "path_secret", "source_key", "shown"}

// Sealed is a sealed value of a line.
type Sealed struct {
	Line   ID
	Column string
	Value  []byte
}

// Purpose is what the value is sealed for.
func (s Sealed) Purpose() string { return sealPurpose(s.Line, s.Column) }

// ReadSealed gives all that is sealed of all lines, of deleted ones too.
func ReadSealed(ctx context.Context, q database.Queryer) (all []Sealed, err error) {
	rows, err := q.QueryContext(ctx, `SELECT id, token, webhook_secret, path_secret, source_key, shown FROM line ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read what is sealed of lines: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id ID
		var values [len(sealedColumns)][]byte
		if err := rows.Scan(&id, &values[0], &values[1], &values[2], &values[3], &values[4]); err != nil {
			return nil, fmt.Errorf("read what is sealed of lines: %w", err)
		}
		for i, value := range values {
			if len(value) > 0 {
				all = append(all, Sealed{id, sealedColumns[i], value})
			}
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read what is sealed of lines: %w", err)
	}
	return all, nil
}

// Reseal seals with one key what another one has sealed of lines. It gives the number of
// values that from does not open, which stay as they are.
func Reseal(ctx context.Context, tx *sql.Tx, from, to *seal.Key) (unread int, err error) {
	all, err := ReadSealed(ctx, tx)
	if err != nil {
		return 0, err
	}
	for _, s := range all {
		value, err := from.Reseal(s.Purpose(), s.Value, to)
		if err != nil {
			unread++
			continue
		}
		if _, err := tx.ExecContext(ctx, `UPDATE line SET `+s.Column+` = $2 WHERE id = $1`, string(s.Line), value); err != nil {
			return unread, fmt.Errorf("seal %s of a line with another key: %w", s.Column, err)
		}
	}
	return unread, nil
}

// Elsewhere gives the lines that other installations hold at a time, each with the JID of
// its device.
func Elsewhere(ctx context.Context, q database.Queryer, instance string, now time.Time) (map[ID]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, jid, owner FROM line WHERE owner <> '' AND owned_until > $1`, now.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("look which lines others hold: %w", err)
	}
	defer rows.Close()
	held := map[ID]string{}
	for rows.Next() {
		var id ID
		var jid, owner string
		if err := rows.Scan(&id, &jid, &owner); err != nil {
			return nil, fmt.Errorf("look which lines others hold: %w", err)
		}
		if !strings.HasPrefix(owner, instance+"/") {
			held[id] = jid
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look which lines others hold: %w", err)
	}
	return held, nil
}
