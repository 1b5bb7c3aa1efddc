package idmap

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wootbridge/wootbridge/bridge/foreign"
)

// Origin tells who wrote a linked message.
type Origin string

// The origins of a link.
const (
	FromCustomer Origin = "in"
	FromOwnPhone Origin = "echo"
	FromAgent    Origin = "out"
)

// Status is how far a message towards the customer has come. The order of
// Rank never runs backwards.
type Status string

// The states of a message. A link of a customer's message has "" until it was
// shown as read to the customer, then Read.
const (
	Sending   Status = "sending"
	Failed    Status = "failed"
	Sent      Status = "sent"
	Delivered Status = "delivered"
	Read      Status = "read"
)

// Rank orders states: a receipt never takes a message back.
func (s Status) Rank() int {
	switch s {
	case Sending:
		return 1
	case Failed:
		return 2
	case Sent:
		return 3
	case Delivered:
		return 4
	case Read:
		return 5
	default:
		return 0
	}
}

// Link is one WhatsApp message and its Chatwoot message. An agent's message
// has a link for each of its parts.
type Link struct {
	Line         string
	WA           string // WhatsApp message id; where it cannot be stored, its key
	Part         int
	Chat         string
	Message      int64 // Chatwoot's
	Conversation int64
	Origin       Origin `json:"Direction"` // as in the caches of earlier versions
	Sender       string // JID
	Status       Status
	// Written is when Chatwoot says that its message was, for LinkMessage; it is not
	// read back.
	Written time.Time `json:"-"`
	// Prepared is what was decided about an agent's message, of the part that leaves
	// first, and Members how many others are in its group, 0 = not known. LinkMessage
	// takes them; they are not read back.
	Prepared string `json:"-"`
	Members  int    `json:"-"`
}

const linkColumns = `SELECT line, wa_id, part, chat, message_id, conversation_id, direction, sender, status FROM message_link `

// LinkMessage records a link; the same WhatsApp id again changes nothing. A message that
// the bridge has posted may show that Chatwoot was restored; see Meet.
func (m *Map) LinkMessage(ctx context.Context, tx *sql.Tx, l Link) error {
	key, written := foreign.Key(l.WA), int64(0)
	if !l.Written.IsZero() {
		written = l.Written.Unix()
	}
	if l.Origin != FromAgent && l.Message > 0 {
		if err := m.meetOwn(ctx, tx, l, key); err != nil {
			return err
		}
	}
	const insert = `INSERT INTO message_link (line, wa_id, part, chat, message_id, conversation_id, direction, sender, status, created, written, prepared, members, restores)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, ` + restoresOf + `) ON CONFLICT (line, wa_id) DO NOTHING`
	_, err := tx.ExecContext(ctx, insert, l.Line, key, l.Part, l.Chat, l.Message, l.Conversation,
		string(l.Origin), foreign.Key(l.Sender), string(l.Status), m.clock().UnixMilli(), written, l.Prepared, l.Members)
	if err != nil {
		return fmt.Errorf("link a message: %w", err)
	}
	return nil
}

// LinkByWA finds a link by its WhatsApp id. The status in it may be old; what
// decides on a status reads it in its transaction.
func (m *Map) LinkByWA(ctx context.Context, line, wa string, epoch int64) (Link, error) {
	l, err := cached(ctx, m, cacheKey(line, epoch, "wa", foreign.Key(wa)), func() (Link, bool, error) {
		l, err := m.Linked(ctx, line, wa)
		return l, err == nil && l.Message != 0, err
	})
	return l.named(wa), err
}

// named gives a link that was found the id that it was asked for by.
func (l Link) named(wa string) Link {
	if l.WA != "" {
		l.WA = wa
	}
	return l
}

// Linked finds a link by its WhatsApp id. LinkByWA asks the cache first.
func (r Reader) Linked(ctx context.Context, line, wa string) (Link, error) {
	l, err := scanLink(r.q.QueryRowContext(ctx, linkColumns+`WHERE line = $1 AND wa_id = $2`, line, foreign.Key(wa)))
	return l.named(wa), err
}

// LinksByMessage finds the parts of a Chatwoot message, in order.
func (r Reader) LinksByMessage(ctx context.Context, line string, message int64) ([]Link, error) {
	rows, err := r.q.QueryContext(ctx, linkColumns+`WHERE line = $1 AND message_id = $2 ORDER BY part`, line, message)
	return collectLinks(rows, err)
}

// WrittenBefore is the newest Chatwoot message that was linked before a time;
// without one it is the oldest that the ledger knows, and 0 if it knows none.
func (m *Map) WrittenBefore(ctx context.Context, line string, at time.Time) (int64, error) {
	for _, find := range []struct {
		query string
		args  []any
	}{
		{writtenBefore, []any{line, at.UnixMilli()}},
		{`SELECT MIN(message_id) FROM (SELECT MIN(message_id) AS message_id FROM message_link WHERE line = $1 AND message_id > 0
			UNION ALL SELECT MIN(message_id) FROM agent_message WHERE line = $1 AND message_id > 0) AS oldest`, []any{line}},
	} {
		var message sql.NullInt64
		err := m.db.QueryRowContext(ctx, find.query, find.args...).Scan(&message)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return 0, fmt.Errorf("look for older messages: %w", err)
		}
		if message.Valid {
			return message.Int64, nil
		}
	}
	return 0, nil
}

// writtenBefore goes back from the newest message.
const writtenBefore = `SELECT message_id FROM message_link WHERE line = $1 AND message_id > 0 AND created < $2 ORDER BY message_id DESC LIMIT 1`

// Unread finds a chat's newest customer messages that were not shown as read.
func (m *Map) Unread(ctx context.Context, chat string, limit int) ([]Link, error) {
	rows, err := m.db.QueryContext(ctx, linkColumns+`WHERE chat = $1 AND direction = 'in' AND status = '' ORDER BY created DESC LIMIT $2`, chat, limit)
	return collectLinks(rows, err)
}

// UnreadUpTo is Unread for what was in Chatwoot at a time; Chatwoot counts in seconds.
func (m *Map) UnreadUpTo(ctx context.Context, chat string, at time.Time, limit int) ([]Link, error) {
	const find = linkColumns + `WHERE chat = $1 AND direction = 'in' AND status = '' AND CASE WHEN written = 0 THEN created / 1000 ELSE written END <= $2
		ORDER BY created DESC LIMIT $3`
	rows, err := m.db.QueryContext(ctx, find, chat, at.Unix(), limit)
	return collectLinks(rows, err)
}

// Answered reports whether an agent wrote in the chat after a Chatwoot message.
func (m *Map) Answered(ctx context.Context, line, chat string, message int64) (bool, error) {
	const later = `SELECT 1 FROM message_link WHERE line = $1 AND message_id > $2 AND chat = $3 AND direction = 'out' LIMIT 1`
	var one int
	err := m.db.QueryRowContext(ctx, later, line, message, chat).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for an answer: %w", err)
	}
	return true, nil
}

// MarkRead records that a chat's customer messages, up to the newest of those
// given, were shown as read.
func (m *Map) MarkRead(ctx context.Context, tx *sql.Tx, line string, links []Link) error {
	for _, l := range links {
		if _, err := tx.ExecContext(ctx, `UPDATE message_link SET status = 'read' WHERE line = $1 AND wa_id = $2`, line, foreign.Key(l.WA)); err != nil {
			return fmt.Errorf("record a read mark: %w", err)
		}
	}
	return nil
}

// Advance moves the status of a link forward. It reports false when the link
// is as far already; it gives ErrUnknown when there is no such link. The
// comparison is part of the update: the sender and a receipt may meet here.
func (m *Map) Advance(ctx context.Context, tx *sql.Tx, line, wa string, to Status) (bool, error) {
	wa = foreign.Key(wa)
	const rank = `CASE status WHEN 'sending' THEN 1 WHEN 'failed' THEN 2 WHEN 'sent' THEN 3 WHEN 'delivered' THEN 4 WHEN 'read' THEN 5 ELSE 0 END`
	res, err := tx.ExecContext(ctx, `UPDATE message_link SET status = $3 WHERE line = $1 AND wa_id = $2 AND `+rank+` < $4`, line, wa, string(to), to.Rank())
	if err != nil {
		return false, fmt.Errorf("advance a link: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return n == 1, err
	}
	var known int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM message_link WHERE line = $1 AND wa_id = $2`, line, wa).Scan(&known); err != nil {
		return false, fmt.Errorf("read a link: %w", err)
	}
	if known == 0 {
		return false, ErrUnknown
	}
	return false, nil
}

func collectLinks(rows *sql.Rows, err error) ([]Link, error) {
	if err != nil {
		return nil, fmt.Errorf("read links: %w", err)
	}
	defer rows.Close()
	var links []Link
	for rows.Next() {
		l, err := scanLink(rows)
		if err != nil {
			return nil, err
		}
		links = append(links, l)
	}
	return links, rows.Err()
}

func scanLink(row interface{ Scan(...any) error }) (Link, error) {
	var l Link
	err := row.Scan(&l.Line, &l.WA, &l.Part, &l.Chat, &l.Message, &l.Conversation, &l.Origin, &l.Sender, &l.Status)
	if errors.Is(err, sql.ErrNoRows) {
		return Link{}, ErrUnknown
	}
	if err != nil {
		return Link{}, fmt.Errorf("read a link: %w", err)
	}
	return l, nil
}
