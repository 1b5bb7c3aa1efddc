package idmap

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// LateRun is a run of messages of a chat that came late, one after the other.
type LateRun struct {
	Sent time.Time // as agents were last told
	Pos  int64     // of the newest one's job in its lane
}

// LateRun reads a chat's newest run, the zero value if it never had one.
func (m *Map) LateRun(ctx context.Context, chat string) (LateRun, error) {
	var sent, pos int64
	err := m.db.QueryRowContext(ctx, `SELECT late_sent, late_pos FROM chat WHERE id = $1`, chat).Scan(&sent, &pos)
	if errors.Is(err, sql.ErrNoRows) {
		return LateRun{}, ErrUnknown
	}
	if err != nil {
		return LateRun{}, fmt.Errorf("read which messages came late: %w", err)
	}
	return LateRun{Sent: time.UnixMilli(sent), Pos: pos}, nil
}

// SetLateRun records a chat's newest run.
func (m *Map) SetLateRun(ctx context.Context, tx *sql.Tx, chat string, run LateRun) error {
	if _, err := tx.ExecContext(ctx, `UPDATE chat SET late_sent = $2, late_pos = $3 WHERE id = $1`, chat, run.Sent.UnixMilli(), run.Pos); err != nil {
		return fmt.Errorf("record which messages came late: %w", err)
	}
	return nil
}
