package idmap

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/foreign"
)

// Resolved is whose addresses some were.
type Resolved struct {
	Chat string
	// Merge is to be carried out: the addresses belong to two chats of one person, of
	// which Chat is the elder.
	Merge *Merge
	// Moves are the chats whose person has another number than before, or none, as it
	// turned out now.
	Moves []Move
}

// Move says that a chat's person has another number than before. Lost is one that she
// has no more: somebody else has it, or she has shown another one.
type Move struct{ Chat, Lost string }

// Resolve finds the chat that the JIDs name, gives it those that are new, and makes
// one when there is none; sourceID derives the contact's source id from the new chat's
// id. A number that WhatsApp shows with another person's hidden id is that person's from
// now on.
func (m *Map) Resolve(ctx context.Context, tx *sql.Tx, line string, sourceID func(chat string) string, jids ...string) (Resolved, error) {
	jids = keys(jids)
	slices.Sort(jids) // one order for all, so that transactions cannot wait in a circle
	jids = slices.Compact(jids)
	if len(jids) == 0 {
		return Resolved{}, errors.New("resolve a chat: no JID")
	}
	known, err := m.lookUp(ctx, tx, line, jids)
	if err != nil {
		return Resolved{}, err
	}
	return m.carryOut(ctx, tx, line, sourceID, jids, known, decide(jids, known))
}

// Register gives a chat the addresses under which WhatsApp has the account that its own
// number leads to. Somebody who is known under them already is the same person.
func (m *Map) Register(ctx context.Context, tx *sql.Tx, line, chat string, jids ...string) (Resolved, error) {
	jids = keys(jids)
	slices.Sort(jids)
	jids = slices.Compact(jids)
	known, err := m.lookUp(ctx, tx, line, jids)
	if err != nil {
		return Resolved{}, err
	}
	if len(known) == 0 {
		return m.carryOut(ctx, tx, line, nil, jids, nil, decision{chat: chat, fresh: jids})
	}
	d := decide(jids, known)
	if d.chat == "" { // a number of somebody who has it no more
		d.chat = chat
	}
	r, err := m.carryOut(ctx, tx, line, nil, jids, known, d)
	if err != nil || r.Merge != nil || r.Chat == chat {
		return r, err
	}
	elder, younger, err := inOrder(ctx, tx, r.Chat, chat)
	if err != nil {
		return Resolved{}, err
	}
	r.Chat, r.Merge = elder, &Merge{Elder: elder, Younger: younger}
	return r, nil
}

// inOrder gives the elder of two chats first.
func inOrder(ctx context.Context, tx *sql.Tx, a, b string) (elder, younger string, err error) {
	const order = `SELECT id FROM chat WHERE id = $1 OR id = $2 ORDER BY created, id LIMIT 1`
	if err := tx.QueryRowContext(ctx, order, a, b).Scan(&elder); err != nil {
		return "", "", fmt.Errorf("look which chat is the elder: %w", err)
	}
	if elder == a {
		return a, b, nil
	}
	return b, a, nil
}

// Known is Resolve for JIDs of which there is nothing to record; of others it reports
// false, and nothing is written.
func (m *Map) Known(ctx context.Context, line string, jids ...string) (chat string, ok bool, err error) {
	jids = keys(jids)
	if len(jids) == 0 {
		return "", false, errors.New("look up a chat: no JID")
	}
	known, err := m.lookUp(ctx, m.db, line, jids)
	if err != nil {
		return "", false, err
	}
	d := decide(jids, known)
	return d.chat, d.settled(), nil
}

// keys are the JIDs that are there, as stored.
func keys(jids []string) []string {
	jids = slices.DeleteFunc(slices.Clone(jids), func(jid string) bool { return jid == "" })
	for i, jid := range jids {
		jids[i] = foreign.Key(jid)
	}
	return jids
}

// aliasesOfChats finds all addresses of the chats that have one of some; the list of
// these goes between the halves.
const (
	aliasesOfChats = `SELECT a.jid, chat.id, chat.created, a.seen, a.given_up, chat.by_lid FROM chat_alias named
		JOIN chat ON chat.id = named.chat JOIN chat_alias a ON a.chat = chat.id
		WHERE named.line = $1 AND named.jid IN (`
	endOfList = `)`
)

// lookUp gives all addresses of the chats that the JIDs belong to.
func (m *Map) lookUp(ctx context.Context, q database.Queryer, line string, jids []string) (known []alias, err error) {
	args, marks := []any{line}, ""
	for i, jid := range jids {
		args = append(args, jid)
		marks += fmt.Sprintf(", $%d", i+2)
	}
	rows, err := q.QueryContext(ctx, aliasesOfChats+marks[2:]+endOfList, args...)
	if err != nil {
		return nil, fmt.Errorf("look up a chat: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var a alias
		var givenUp int64
		if err := rows.Scan(&a.jid, &a.chat, &a.created, &a.seen, &givenUp, &a.byLID); err != nil {
			return nil, fmt.Errorf("look up a chat: %w", err)
		}
		a.givenUp = givenUp != 0
		a.seen = cmp.Or(a.seen, a.created) // of a process before there were times
		if !slices.Contains(known, a) {
			known = append(known, a)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look up a chat: %w", err)
	}
	return known, nil
}

// carryOut records what was decided about addresses.
func (m *Map) carryOut(ctx context.Context, tx *sql.Tx, line string, sourceID func(string) string, jids []string, known []alias, d decision) (r Resolved, err error) {
	made := d.chat == ""
	if made {
		if d.chat, err = m.create(ctx, tx, line, sourceID, d.fresh); err != nil {
			return r, err
		}
	} else {
		for _, jid := range d.fresh {
			if err := m.addAlias(ctx, tx, line, jid, d.chat); err != nil {
				return r, err
			}
		}
	}
	r.Chat, r.Merge = d.chat, d.merge
	if d.moved != (alias{}) {
		if err := m.moveAlias(ctx, tx, line, d.moved, d.chat); err != nil {
			return r, err
		}
		if !d.moved.givenUp { // its chat knows
			r.Moves = append(r.Moves, Move{d.moved.chat, d.moved.jid})
		}
	}
	for _, jid := range d.left {
		if err := m.giveUp(ctx, tx, line, jid, d.chat); err != nil {
			return r, err
		}
		r.Moves = append(r.Moves, Move{d.chat, jid})
	}
	gained := d.moved != (alias{}) || slices.ContainsFunc(d.fresh, IsNumber) || d.touched
	if gained && len(d.left) == 0 && slices.ContainsFunc(known, func(a alias) bool { return a.chat == d.chat && a.byLID }) {
		r.Moves = append(r.Moves, Move{Chat: d.chat}) // the contact does not show it by itself
	}
	if d.settled() || made && d.moved == (alias{}) {
		return r, nil
	}
	if err := m.touch(ctx, tx, line, d.chat, jids); err != nil {
		return r, err
	}
	return r, m.RaiseEpoch(ctx, tx, line) // cached copies of the chat are as before
}

// create makes a chat. Of two transactions that do it at once, the second
// waits at the first alias and then finds the winner's.
func (m *Map) create(ctx context.Context, tx *sql.Tx, line string, sourceID func(string) string, jids []string) (string, error) {
	id := m.newID()
	const insert = `INSERT INTO chat (id, line, source_id, created) VALUES ($1, $2, $3, $4)`
	if _, err := tx.ExecContext(ctx, insert, id, line, source(sourceID(id)), m.clock().UnixMilli()); err != nil {
		return "", fmt.Errorf("create a chat: %w", err)
	}
	if len(jids) == 0 {
		return id, nil
	}
	for _, jid := range jids {
		if err := m.addAlias(ctx, tx, line, jid, id); err != nil {
			return "", err
		}
	}
	known, err := m.lookUp(ctx, tx, line, jids)
	if err != nil {
		return "", err
	}
	elder := slices.MinFunc(known, func(a, b alias) int {
		return cmp.Or(cmp.Compare(a.created, b.created), cmp.Compare(a.chat, b.chat))
	})
	if elder.chat == id {
		return id, nil
	}
	if _, err := tx.ExecContext(ctx, `UPDATE chat_alias SET chat = $2 WHERE chat = $1`, id, elder.chat); err != nil {
		return "", fmt.Errorf("join a chat: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM chat WHERE id = $1`, id); err != nil {
		return "", fmt.Errorf("join a chat: %w", err)
	}
	return elder.chat, nil
}

func (m *Map) addAlias(ctx context.Context, tx *sql.Tx, line, jid, chat string) error {
	const insert = `INSERT INTO chat_alias (line, jid, chat, since, seen) VALUES ($1, $2, $3, $4, $4) ON CONFLICT (line, jid) DO NOTHING`
	if _, err := tx.ExecContext(ctx, insert, line, jid, chat, m.clock().UnixMilli()); err != nil {
		return fmt.Errorf("add an alias to a chat: %w", err)
	}
	return nil
}

// moveAlias makes a number that was one chat's another's.
func (m *Map) moveAlias(ctx context.Context, tx *sql.Tx, line string, a alias, chat string) error {
	const move = `UPDATE chat_alias SET chat = $3, since = $4, seen = $4, given_up = 0 WHERE line = $1 AND jid = $2`
	if _, err := tx.ExecContext(ctx, move, line, a.jid, chat, m.clock().UnixMilli()); err != nil {
		return fmt.Errorf("move a number to another chat: %w", err)
	}
	m.log.Info("WhatsApp shows a chat's number with another person; the two are kept apart", "line", line, "chat", a.chat, "now", chat)
	return byLID(ctx, tx, a.chat)
}

// giveUp notes that a chat's person has another number now than this one.
func (m *Map) giveUp(ctx context.Context, tx *sql.Tx, line, jid, chat string) error {
	const giveUp = `UPDATE chat_alias SET given_up = $3 WHERE line = $1 AND jid = $2`
	if _, err := tx.ExecContext(ctx, giveUp, line, jid, m.clock().UnixMilli()); err != nil {
		return fmt.Errorf("note that a number is given up: %w", err)
	}
	return byLID(ctx, tx, chat)
}

// byLID notes that a number has left a chat.
func byLID(ctx context.Context, tx *sql.Tx, chat string) error {
	if _, err := tx.ExecContext(ctx, `UPDATE chat SET by_lid = 1 WHERE id = $1`, chat); err != nil {
		return fmt.Errorf("note that a number has left a chat: %w", err)
	}
	return nil
}

// touch notes that a chat's person was seen with addresses of hers.
func (m *Map) touch(ctx context.Context, tx *sql.Tx, line, chat string, jids []string) error {
	const seen = `UPDATE chat_alias SET seen = $4, given_up = 0 WHERE line = $1 AND jid = $2 AND chat = $3`
	now := m.clock().UnixMilli()
	for _, jid := range jids {
		if _, err := tx.ExecContext(ctx, seen, line, jid, chat, now); err != nil {
			return fmt.Errorf("note when an address was seen: %w", err)
		}
	}
	return nil
}
