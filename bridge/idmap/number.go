package idmap

import (
	"context"
	"database/sql"
	"slices"
)

// ChangeNumber is Register for the addresses that a chat's person has from now on. The
// numbers that she had are given up, unless she is to be merged with somebody first.
func (m *Map) ChangeNumber(ctx context.Context, tx *sql.Tx, line string, chat Chat, now ...string) (Resolved, error) {
	r, err := m.Register(ctx, tx, line, chat.ID, now...)
	if err != nil || r.Merge != nil || r.Chat != chat.ID || !slices.ContainsFunc(now, IsNumber) {
		return r, err
	}
	for _, jid := range chat.Aliases {
		if !IsNumber(jid) || slices.Contains(now, jid) {
			continue
		}
		if err := m.giveUp(ctx, tx, line, jid, chat.ID); err != nil {
			return r, err
		}
		r.Moves = append(r.Moves, Move{chat.ID, jid})
	}
	if err := m.touch(ctx, tx, line, chat.ID, keys(now)); err != nil {
		return r, err
	}
	return r, m.RaiseEpoch(ctx, tx, line)
}
