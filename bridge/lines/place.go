package lines

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// Place names an inbox among those of all Chatwoots; however an address is written,
// it gives one place. It is empty where nothing is named.
func Place(address string, account int64, inbox chatwoot.InboxID) string {
	parsed, err := url.Parse(strings.TrimSpace(address))
	if err != nil || parsed.Host == "" || inbox == 0 {
		return ""
	}
	scheme := strings.ToLower(parsed.Scheme)
	host := strings.TrimSuffix(strings.ToLower(parsed.Hostname()), ".")
	if port := parsed.Port(); port != "" && port != map[string]string{"http": "80", "https": "443"}[scheme] {
		host = net.JoinHostPort(host, port)
	}
	below := strings.TrimSuffix(path.Clean("/"+parsed.Path), "/")
	return scheme + "://" + host + below + "|" + strconv.FormatInt(account, 10) + "|" + strconv.FormatInt(int64(inbox), 10)
}

// place is where the line is.
func (l Line) place() string { return Place(l.ChatwootURL, l.Account, l.Inbox) }

// TakenError says that an inbox is another line's.
type TakenError struct {
	ID   ID
	Name string
}

// Error implements error.
func (e *TakenError) Error() string {
	return fmt.Sprintf("the line %q (%s) has this inbox", e.Name, e.ID)
}

const (
	holderOf = `SELECT id, name FROM line WHERE place = $1 AND place <> '' AND id <> $2`
	// sharerOf finds the same inbox under another address by its identifier, which
	// Chatwoot draws by lot.
	sharerOf = `SELECT id, name FROM line WHERE inbox_identifier = $1 AND inbox_identifier <> '' AND account_id = $2 AND inbox_id = $3 AND deleted = 0 AND id <> $4`
	// takePlace does nothing where another line is; two that are as fast as each
	// other are kept apart by the index.
	takePlace = `UPDATE line SET place = $2 WHERE id = $1 AND deleted = 0 AND place <> $2
		AND NOT EXISTS (SELECT 1 FROM line AS other WHERE other.place = $2 AND other.place <> '' AND other.id <> $1)`
)

// Free reports, by its error, whether a line may have the inbox that it names: a
// TakenError says which other line has it, be it under another address.
func (s *Store) Free(ctx context.Context, l Line) error {
	if err := s.taken(ctx, holderOf, l.place(), string(l.ID)); err != nil {
		return err
	}
	return s.taken(ctx, sharerOf, l.InboxIdentifier, l.Account, int64(l.Inbox), string(l.ID))
}

// taken gives the line that a query finds as an error; nil where it finds none.
func (s *Store) taken(ctx context.Context, query string, args ...any) error {
	taken := &TakenError{}
	err := s.db.QueryRowContext(ctx, query, args...).Scan(&taken.ID, &taken.Name)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("look for the line of an inbox: %w", err)
	}
	return taken
}

// TakePlace makes a line the only one of its inbox. It gives a TakenError where
// another one is.
func (s *Store) TakePlace(ctx context.Context, l Line) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, takePlace, string(l.ID), l.place())
		return err
	})
	return s.settle(ctx, l, err, "take the inbox")
}

// Move gives a line another address of Chatwoot, and a token for it. What was known
// of the way from there is forgotten. It gives a TakenError where another line has
// the inbox already.
func (s *Store) Move(ctx context.Context, l Line, address string, token seal.Secret) error {
	sealed, err := s.key.Seal(sealPurpose(l.ID, "token"), token.Reveal())
	if err != nil {
		return fmt.Errorf("seal token: %w", err)
	}
	l.ChatwootURL = address
	const move = `UPDATE line SET chatwoot_url = $3, token = $4, webhook_closed = 0, webhook_reason = '', webhook_detail = '', webhook_tried = 0
		WHERE id = $1 AND place = $2 AND deleted = 0`
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, takePlace, string(l.ID), l.place()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, move, string(l.ID), l.place(), address, sealed)
		return err
	})
	return s.settle(ctx, l, err, "move")
}

// settle says what became of an attempt to take an inbox.
func (s *Store) settle(ctx context.Context, l Line, err error, what string) error {
	if taken := s.taken(ctx, holderOf, l.place(), string(l.ID)); taken != nil {
		return taken
	}
	if err != nil {
		return fmt.Errorf("%s of a line: %w", what, err)
	}
	return nil
}
