package idmap

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/foreign"
)

// Resolve finds the chat that any of the JIDs names, adds the aliases that are
// new, and makes a chat when there is none; sourceID derives the contact's
// source id from the new chat's id. When the JIDs belong to two chats it gives
// the elder and a Merge to be carried out.
func (m *Map) Resolve(ctx context.Context, tx *sql.Tx, line string, sourceID func(chat string) string, jids ...string) (string, *Merge, error) {
	jids = keys(jids)
	slices.Sort(jids) // one order for all, so that transactions cannot wait in a circle
	jids = slices.Compact(jids)
	if len(jids) == 0 {
		return "", nil, errors.New("resolve a chat: no JID")
	}
	chats, unknown, err := m.lookUp(ctx, tx, line, jids)
	if err != nil {
		return "", nil, err
	}
	if len(chats) == 0 {
		return m.create(ctx, tx, line, sourceID, jids)
	}
	for _, jid := range unknown {
		if err := addAlias(ctx, tx, line, jid, chats[0]); err != nil {
			return "", nil, err
		}
	}
	if len(unknown) > 0 { // cached copies of the chat lack them
		if err := m.RaiseEpoch(ctx, tx, line); err != nil {
			return "", nil, err
		}
	}
	if len(chats) > 1 {
		return chats[0], &Merge{Elder: chats[0], Younger: chats[1]}, nil
	}
	return chats[0], nil, nil
}

// Known is Resolve for JIDs that all belong to one chat already; of others it
// reports false, and nothing is written.
func (m *Map) Known(ctx context.Context, line string, jids ...string) (chat string, ok bool, err error) {
	jids = keys(jids)
	if len(jids) == 0 {
		return "", false, errors.New("look up a chat: no JID")
	}
	chats, unknown, err := m.lookUp(ctx, m.db, line, jids)
	if err != nil || len(unknown) > 0 || len(chats) != 1 {
		return "", false, err
	}
	return chats[0], true, nil
}

// keys are the JIDs that are there, as stored.
func keys(jids []string) []string {
	jids = slices.DeleteFunc(slices.Clone(jids), func(jid string) bool { return jid == "" })
	for i, jid := range jids {
		jids[i] = foreign.Key(jid)
	}
	return jids
}

// lookUp gives the chats that the JIDs belong to, the elder first, and the
// JIDs that belong to none.
func (m *Map) lookUp(ctx context.Context, q database.Queryer, line string, jids []string) (chats, unknown []string, err error) {
	type found struct {
		chat    string
		created int64
	}
	var all []found
	args, marks := []any{line}, ""
	for i, jid := range jids {
		args = append(args, jid)
		marks += fmt.Sprintf(", $%d", i+2)
	}
	find := `SELECT chat_alias.jid, chat.id, chat.created FROM chat_alias JOIN chat ON chat.id = chat_alias.chat
		WHERE chat_alias.line = $1 AND chat_alias.jid IN (` + marks[2:] + `)`
	rows, err := q.QueryContext(ctx, find, args...)
	if err != nil {
		return nil, nil, fmt.Errorf("look up a chat: %w", err)
	}
	defer rows.Close()
	unknown = slices.Clone(jids)
	for rows.Next() {
		var jid string
		var f found
		if err := rows.Scan(&jid, &f.chat, &f.created); err != nil {
			return nil, nil, fmt.Errorf("look up a chat: %w", err)
		}
		unknown = slices.DeleteFunc(unknown, func(other string) bool { return other == jid })
		if !slices.Contains(all, f) {
			all = append(all, f)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, nil, fmt.Errorf("look up a chat: %w", err)
	}
	slices.SortFunc(all, func(a, b found) int {
		if a.created != b.created {
			return int(a.created - b.created)
		}
		return slices.Compare([]byte(a.chat), []byte(b.chat))
	})
	for _, f := range all {
		chats = append(chats, f.chat)
	}
	return chats, unknown, nil
}

// create makes a chat. Of two transactions that do it at once, the second
// waits at the first alias and then finds the winner's.
func (m *Map) create(ctx context.Context, tx *sql.Tx, line string, sourceID func(string) string, jids []string) (string, *Merge, error) {
	id := m.newID()
	const insert = `INSERT INTO chat (id, line, source_id, created) VALUES ($1, $2, $3, $4)`
	if _, err := tx.ExecContext(ctx, insert, id, line, source(sourceID(id)), m.clock().UnixMilli()); err != nil {
		return "", nil, fmt.Errorf("create a chat: %w", err)
	}
	for _, jid := range jids {
		if err := addAlias(ctx, tx, line, jid, id); err != nil {
			return "", nil, err
		}
	}
	chats, _, err := m.lookUp(ctx, tx, line, jids)
	if err != nil {
		return "", nil, err
	}
	if chats[0] == id {
		return id, nil, nil
	}
	if _, err := tx.ExecContext(ctx, `UPDATE chat_alias SET chat = $2 WHERE chat = $1`, id, chats[0]); err != nil {
		return "", nil, fmt.Errorf("join a chat: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM chat WHERE id = $1`, id); err != nil {
		return "", nil, fmt.Errorf("join a chat: %w", err)
	}
	return chats[0], nil, nil
}

func addAlias(ctx context.Context, tx *sql.Tx, line, jid, chat string) error {
	const insert = `INSERT INTO chat_alias (line, jid, chat) VALUES ($1, $2, $3) ON CONFLICT (line, jid) DO NOTHING`
	if _, err := tx.ExecContext(ctx, insert, line, jid, chat); err != nil {
		return fmt.Errorf("add an alias to a chat: %w", err)
	}
	return nil
}
