package lines

import (
	"context"
	"fmt"
	"time"

	"github.com/wootbridge/wootbridge/bridge/foreign"
)

// Closure says that Chatwoot does not reach a line's webhook. The zero value says
// that it does, as far as is known.
type Closure struct {
	At     time.Time // since when
	Reason string    // a code of package listen
	Detail string    // what Chatwoot said
	Tried  time.Time // when it was last tried whether that is still so
}

// Closure reads whether Chatwoot reaches a line's webhook.
func (s *Store) Closure(ctx context.Context, id ID) (Closure, error) {
	var at, tried int64
	var c Closure
	const find = `SELECT webhook_closed, webhook_reason, webhook_detail, webhook_tried FROM line WHERE id = $1`
	if err := s.db.QueryRowContext(ctx, find, string(id)).Scan(&at, &c.Reason, &c.Detail, &tried); err != nil {
		return Closure{}, fmt.Errorf("read whether Chatwoot reaches the webhook: %w", err)
	}
	if at == 0 {
		return Closure{}, nil
	}
	c.At, c.Tried = time.UnixMilli(at), time.UnixMilli(tried)
	return c, nil
}

// SetClosure remembers whether Chatwoot reaches a line's webhook.
func (s *Store) SetClosure(ctx context.Context, id ID, c Closure) error {
	at, tried := int64(0), int64(0)
	if !c.At.IsZero() {
		at, tried = c.At.UnixMilli(), c.Tried.UnixMilli()
	}
	return s.exec(ctx, `UPDATE line SET webhook_closed = $2, webhook_reason = $3, webhook_detail = $4, webhook_tried = $5 WHERE id = $1`,
		"remember whether Chatwoot reaches the webhook", string(id), at, c.Reason, foreign.Text(c.Detail), tried)
}

// NoteWebhook remembers that a webhook of a line came to a process that does not
// hold the line: the one that does must not take the way for closed.
func (s *Store) NoteWebhook(ctx context.Context, id ID, at time.Time) error {
	return s.exec(ctx, `UPDATE line SET webhook_heard = $2 WHERE id = $1`, "remember that a webhook came", string(id), at.UnixMilli())
}

// WebhookNoted is when NoteWebhook was last called for a line.
func (s *Store) WebhookNoted(ctx context.Context, id ID) (time.Time, error) {
	var at int64
	if err := s.db.QueryRowContext(ctx, `SELECT webhook_heard FROM line WHERE id = $1`, string(id)).Scan(&at); err != nil {
		return time.Time{}, fmt.Errorf("read when a webhook came: %w", err)
	}
	return time.UnixMilli(at), nil
}
