package idmap

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/wootbridge/wootbridge/bridge/database"
)

// A Chatwoot that is restored from a backup gives the ids of the messages it has lost to
// others. The ledger remembers when each message was written: an id with a later time is
// another message. Then the line's count of restores is raised; what the ledger has of
// the lost ids steps aside, and whose conversation is which is asked anew.

// Restores is how often a line's Chatwoot was found restored, and the lowest id that was
// met again.
type Restores struct{ Times, From int64 }

// Of is after how many restores a message has got its id, as far as is known: 0 for
// those that no restore has touched.
func (r Restores) Of(message int64) int64 {
	if r.Times == 0 || message < r.From {
		return 0
	}
	return r.Times
}

// Restores reads a line's.
func (r Reader) Restores(ctx context.Context, line string) (Restores, error) {
	var found Restores
	err := r.q.QueryRowContext(ctx, `SELECT restores, restored_from FROM line WHERE id = $1`, line).Scan(&found.Times, &found.From)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return found, fmt.Errorf("read how often Chatwoot was restored: %w", err)
	}
	return found, nil
}

// unsaid is how much later than the ledger's row of a message must be when Chatwoot says
// that it was written, where the row does not tell when that was: clocks differ.
const unsaid = time.Hour

// meeting is what the ledger has under an id that is met.
type meeting struct {
	own      bool // the bridge has posted it
	written  int64
	created  int64 // 0 = unknown
	restores int64
}

// isAnother reports whether a message, which the bridge has posted or an agent has
// written, is not the one that the ledger has under its id.
func (m meeting) isAnother(own bool, written time.Time) bool {
	switch {
	case m.written != 0 && !written.IsZero():
		return written.Unix() > m.written
	case m.own != own:
		return true
	case written.IsZero():
		return false
	default:
		return m.created != 0 && written.Sub(time.UnixMilli(m.created)) > unsaid
	}
}

// metUnder is what the ledger has under an id, and first what is known of restores.
const metUnder = `SELECT 'line' AS direction, restored_from AS written, 0 AS created, restores FROM line WHERE id = $1
	UNION ALL SELECT 'out', written, 0, restores FROM agent_message WHERE line = $1 AND message_id = $2 AND written <> 0
	UNION ALL SELECT direction, written, created, restores FROM message_link WHERE line = $1 AND message_id = $2 AND wa_id <> $3`

func met(ctx context.Context, q database.Queryer, line string, message int64, except string) (known Restores, all []meeting, err error) {
	rows, err := q.QueryContext(ctx, metUnder, line, message, except)
	if err != nil {
		return known, nil, fmt.Errorf("look whether an id is known: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var m meeting
		var origin string
		if err := rows.Scan(&origin, &m.written, &m.created, &m.restores); err != nil {
			return known, nil, fmt.Errorf("look whether an id is known: %w", err)
		}
		if origin == "line" {
			known = Restores{Times: m.restores, From: m.written}
			continue
		}
		m.own = Origin(origin) != FromAgent
		all = append(all, m)
	}
	return known, all, rows.Err()
}

// Meet looks at the id of an agent's message. Where the ledger has another message under
// it, Chatwoot was restored, which is recorded.
func (m *Map) Meet(ctx context.Context, line string, message int64, written time.Time) (Restores, error) {
	restores, known, err := met(ctx, m.db, line, message, "")
	if err != nil {
		return Restores{}, err
	}
	for _, k := range known {
		if k.isAnother(false, written) {
			return m.NoteRestored(ctx, line, message, k.restores)
		}
	}
	return restores, nil
}

// meetOwn is Meet for a message that the bridge has posted itself.
func (m *Map) meetOwn(ctx context.Context, tx *sql.Tx, l Link, key string) error {
	_, known, err := met(ctx, tx, l.Line, l.Message, key)
	if err != nil {
		return err
	}
	for _, k := range known {
		if k.isAnother(true, l.Written) {
			return m.meetAnother(ctx, tx, l.Line, l.Message, k.restores)
		}
	}
	return nil
}

// NoteRestored records that Chatwoot gives ids again, from one on that the journal still
// has of before.
func (m *Map) NoteRestored(ctx context.Context, line string, message, before int64) (Restores, error) {
	err := m.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return m.meetAnother(ctx, tx, line, message, before) })
	if err != nil {
		return Restores{}, err
	}
	return m.Restores(ctx, line)
}

// lostMessages is when the first and the last message were written that the ledger has
// from an id on, up to another.
const lostMessages = `SELECT COALESCE(MIN(written), 0), COALESCE(MAX(written), 0) FROM (
	SELECT written FROM agent_message WHERE line = $1 AND message_id >= $2 AND message_id <= $3 AND restores <= $4 AND written <> 0
	UNION ALL SELECT written FROM message_link WHERE line = $1 AND message_id >= $2 AND message_id <= $3 AND restores <= $4 AND written <> 0) AS lost`

// noteLost records, for people, which messages Chatwoot has lost: with a restore that was
// not known all from an id on, else the one that has it.
func (m *Map) noteLost(ctx context.Context, tx *sql.Tx, line string, message, before int64, fresh bool) error {
	upTo := message
	if fresh {
		upTo = math.MaxInt64
	}
	var since, until int64
	err := tx.QueryRowContext(ctx, lostMessages, line, message, upTo, before).Scan(&since, &until)
	if err == nil && fresh {
		const found = `UPDATE line SET restored_at = $2, lost_since = $3, lost_until = $4 WHERE id = $1`
		_, err = tx.ExecContext(ctx, found, line, m.clock().UnixMilli(), since, until)
	} else if err == nil && since != 0 {
		const widen = `UPDATE line SET lost_since = CASE WHEN lost_since = 0 OR lost_since > $2 THEN $2 ELSE lost_since END,
			lost_until = CASE WHEN lost_until < $3 THEN $3 ELSE lost_until END WHERE id = $1`
		_, err = tx.ExecContext(ctx, widen, line, since, until)
	}
	if err != nil {
		return fmt.Errorf("record which messages Chatwoot has lost: %w", err)
	}
	return nil
}

// meetAnother records that an id is another message's than the ledger's row says, which
// was written after so many restores. Of a restore that is known, only the id is noted.
func (m *Map) meetAnother(ctx context.Context, tx *sql.Tx, line string, message, before int64) error {
	const raise = `UPDATE line SET restores = restores + 1 WHERE id = $1 AND restores = $2`
	raised, err := changes(ctx, tx, raise, line, before)
	if err != nil {
		return fmt.Errorf("record that Chatwoot was restored: %w", err)
	}
	if err := m.noteLost(ctx, tx, line, message, before, raised); err != nil {
		return err
	}
	aside := []string{
		`DELETE FROM agent_message WHERE line = $1 AND message_id = $2 AND restores <= $3`,
		`UPDATE message_link SET message_id = -message_id WHERE line = $1 AND message_id = $2 AND restores <= $3`,
	}
	if raised {
		aside = []string{
			`DELETE FROM agent_message WHERE line = $1 AND message_id >= $2 AND restores <= $3`,
			`UPDATE message_link SET message_id = -message_id WHERE line = $1 AND message_id >= $2 AND restores <= $3`,
		}
		m.log.Warn("Chatwoot gives the ids of earlier messages to new ones: it was restored from a backup. Messages are told apart by when they were written, and nothing is sent again; what customers and agents wrote between the backup and its restoring is on WhatsApp only",
			slog.String("line", line), slog.Int64("message", message))
		for _, forget := range []string{
			`UPDATE chat SET contact_id = 0, conversation_id = 0, resolved = 0, moved_by = 0 WHERE line = $1`,
			`DELETE FROM conversation_link WHERE line = $1`,
		} {
			if _, err := tx.ExecContext(ctx, forget, line); err != nil {
				return fmt.Errorf("forget the conversations of before: %w", err)
			}
		}
	}
	for _, query := range aside {
		if _, err := tx.ExecContext(ctx, query, line, message, before); err != nil {
			return fmt.Errorf("put the lost messages aside: %w", err)
		}
	}
	const from = `UPDATE line SET generation = generation + 1,
		restored_from = CASE WHEN restored_from = 0 OR restored_from > $2 THEN $2 ELSE restored_from END,
		watermark = CASE WHEN watermark >= $2 THEN $2 - 1 ELSE watermark END WHERE id = $1`
	if _, err := tx.ExecContext(ctx, from, line, message); err != nil {
		return fmt.Errorf("record from which message on Chatwoot was restored: %w", err)
	}
	return nil
}
