package idmap

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wootbridge/wootbridge/bridge/foreign"
)

// RemarkKind tells what was said of an earlier message. It is stored, so it never changes.
type RemarkKind string

// The kinds of remarks.
const (
	RemarkPoll     RemarkKind = "poll"     // the answers of the poll that it is
	RemarkVote     RemarkKind = "vote"     // what a person has chosen in it
	RemarkTally    RemarkKind = "tally"    // up to when the votes were counted
	RemarkUnread   RemarkKind = "unread"   // that something about it could not be read yet
	RemarkReaction RemarkKind = "reaction" // a person's
	RemarkEdit     RemarkKind = "edit"     // how it reads since it was edited
	RemarkTag      RemarkKind = "tag"      // what a group calls a member; of no message
	RemarkSealed   RemarkKind = "sealed"   // what waits for its secret; the person is a message's id
)

// About is an earlier message, and what is said of it.
type About struct {
	Line, Chat, Message string
	Kind                RemarkKind
}

// Remark is what was said last, of a message or by one person.
type Remark struct {
	Person string // JID, or empty
	Value  string
	At     time.Time
}

// mostRemarks is how many people's remarks are read: a group has at most 1024 members,
// but they come and go.
const mostRemarks = 5000

// Remark reads what a person said last, the zero value if that was nothing.
func (m *Map) Remark(ctx context.Context, about About, person string) (Remark, error) {
	r := Remark{Person: person}
	var at int64
	const find = `SELECT value, at FROM remark WHERE line = $1 AND chat = $2 AND wa_id = $3 AND kind = $4 AND person = $5`
	err := m.db.QueryRowContext(ctx, find, about.Line, about.Chat, foreign.Key(about.Message), string(about.Kind), foreign.Key(person)).Scan(&r.Value, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return Remark{}, nil
	}
	if err != nil {
		return Remark{}, fmt.Errorf("read a remark: %w", err)
	}
	r.At = time.UnixMilli(at)
	return r, nil
}

// Remarks reads what everybody said last, whoever said it first before the others.
func (m *Map) Remarks(ctx context.Context, about About) ([]Remark, error) {
	const find = `SELECT person, value, at FROM remark WHERE line = $1 AND chat = $2 AND wa_id = $3 AND kind = $4 ORDER BY at, person LIMIT $5`
	rows, err := m.db.QueryContext(ctx, find, about.Line, about.Chat, foreign.Key(about.Message), string(about.Kind), mostRemarks)
	if err != nil {
		return nil, fmt.Errorf("read remarks: %w", err)
	}
	defer rows.Close()
	var all []Remark
	for rows.Next() {
		var r Remark
		var at int64
		if err := rows.Scan(&r.Person, &r.Value, &at); err != nil {
			return nil, fmt.Errorf("read a remark: %w", err)
		}
		r.At = time.UnixMilli(at)
		all = append(all, r)
	}
	return all, rows.Err()
}

// SetRemark records what was said last.
func (m *Map) SetRemark(ctx context.Context, tx *sql.Tx, about About, r Remark) error {
	const set = `INSERT INTO remark (line, chat, wa_id, kind, person, value, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (line, chat, wa_id, kind, person) DO UPDATE SET value = excluded.value, at = excluded.at`
	_, err := tx.ExecContext(ctx, set, about.Line, about.Chat, foreign.Key(about.Message), string(about.Kind), foreign.Key(r.Person), r.Value, r.At.UnixMilli())
	if err != nil {
		return fmt.Errorf("record a remark: %w", err)
	}
	return nil
}

// DeleteRemarks forgets what everybody said.
func (m *Map) DeleteRemarks(ctx context.Context, tx *sql.Tx, about About) error {
	const forget = `DELETE FROM remark WHERE line = $1 AND chat = $2 AND wa_id = $3 AND kind = $4`
	if _, err := tx.ExecContext(ctx, forget, about.Line, about.Chat, foreign.Key(about.Message), string(about.Kind)); err != nil {
		return fmt.Errorf("forget remarks: %w", err)
	}
	return nil
}
