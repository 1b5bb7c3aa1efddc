package idmap

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wootbridge/wootbridge/bridge/foreign"
)

// Picture is what is known of the profile picture of a chat's contact.
type Picture struct {
	ID      string    // WhatsApp's; "" = none
	Contact int64     // the contact in Chatwoot that it is for
	Ours    bool      // the bridge has put it there
	Checked time.Time // when it was looked for last; zero = never
}

// Picture reads what is known of a chat's picture.
func (m *Map) Picture(ctx context.Context, chat string) (Picture, error) {
	var p Picture
	var checked, ours int64
	err := m.db.QueryRowContext(ctx, `SELECT picture, picture_contact, picture_ours, picture_checked FROM chat WHERE id = $1`, chat).
		Scan(&p.ID, &p.Contact, &ours, &checked)
	if errors.Is(err, sql.ErrNoRows) {
		return p, ErrUnknown
	}
	if err != nil {
		return p, fmt.Errorf("read what is known of a picture: %w", err)
	}
	if p.Ours = ours != 0; checked != 0 {
		p.Checked = time.UnixMilli(checked)
	}
	return p, nil
}

// SetPicture records what is known of a chat's picture.
func (m *Map) SetPicture(ctx context.Context, chat string, p Picture) error {
	ours := 0
	if p.Ours {
		ours = 1
	}
	const set = `UPDATE chat SET picture = $2, picture_contact = $3, picture_ours = $4, picture_checked = $5 WHERE id = $1`
	if _, err := m.db.ExecContext(ctx, set, chat, foreign.Key(p.ID), p.Contact, ours, p.Checked.UnixMilli()); err != nil {
		return fmt.Errorf("record what is known of a picture: %w", err)
	}
	return nil
}
