package lines

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// Store keeps lines in SQL, their secrets sealed.
type Store struct {
	db  *database.DB
	key *seal.Key
}

// NewStore makes a Store of a migrated database.
func NewStore(db *database.DB, key *seal.Key) *Store { return &Store{db: db, key: key} }

const lineColumns = `id, name, chatwoot_url, account_id, inbox_id, inbox_identifier,
	settings, jid, phone, paused, pause_cause, created, token, webhook_secret, path_secret, source_key,
	owner, owned_until, connects, strange, watermark, webhook_closed, shown, lost, compare_asked, phone_seen, phone_asked,
	restored_at, lost_since, lost_until`

// Insert adds a line. It gives a TakenError where another one has the inbox.
func (s *Store) Insert(ctx context.Context, l Line) error {
	settings, err := json.Marshal(l.Settings)
	if err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	sealed := map[string][]byte{}
	for purpose, secret := range map[string]seal.Secret{
		"token": l.Token, "webhook_secret": l.WebhookSecret, "path_secret": l.PathSecret, "source_key": l.SourceKey,
	} {
		if sealed[purpose], err = s.key.Seal(sealPurpose(l.ID, purpose), secret.Reveal()); err != nil {
			return fmt.Errorf("seal %s: %w", purpose, err)
		}
	}
	const insertLine = `INSERT INTO line (id, name, chatwoot_url, account_id, inbox_id, inbox_identifier,
		settings, jid, phone, paused, pause_cause, created, token, webhook_secret, path_secret, source_key, watermark, place)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) ON CONFLICT (place) WHERE place <> '' DO NOTHING`
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, insertLine, string(l.ID), l.Name, l.ChatwootURL, l.Account, int64(l.Inbox),
			l.InboxIdentifier, string(settings), l.JID, l.Phone, l.Pause.Sentence, string(l.Pause.Cause), l.Created.UnixMilli(),
			sealed["token"], sealed["webhook_secret"], sealed["path_secret"], sealed["source_key"], int64(l.Watermark), l.place())
		return err
	})
	return s.settle(ctx, l, err, "insert")
}

// List reads all lines, the oldest first.
func (s *Store) List(ctx context.Context) ([]Line, error) {
	const selectLines = `SELECT ` + lineColumns + ` FROM line WHERE deleted = 0 ORDER BY created, id`
	rows, err := s.db.QueryContext(ctx, selectLines)
	if err != nil {
		return nil, fmt.Errorf("list lines: %w", err)
	}
	defer rows.Close()
	var lines []Line
	for rows.Next() {
		l, err := s.scan(rows)
		if err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list lines: %w", err)
	}
	return lines, nil
}

func (s *Store) scan(row interface{ Scan(...any) error }) (Line, error) {
	var (
		l                                      Line
		settings                               string
		created, inbox, until, closed          int64
		phoneSeen, phoneAsked                  int64
		restored, lostSince, lostUntil         int64
		token, webhookSecret, pathSecret, skey []byte
		shown                                  []byte
	)
	err := row.Scan(&l.ID, &l.Name, &l.ChatwootURL, &l.Account, &inbox, &l.InboxIdentifier,
		&settings, &l.JID, &l.Phone, &l.Pause.Sentence, &l.Pause.Cause, &created, &token, &webhookSecret, &pathSecret, &skey,
		&l.Held.Owner, &until, &l.Held.Connects, &l.Foreign, &l.Watermark, &closed,
		&shown, &l.Lost, &l.CompareAsked, &phoneSeen, &phoneAsked,
		&restored, &lostSince, &lostUntil)
	if err != nil {
		return Line{}, fmt.Errorf("read line: %w", err)
	}
	l.Inbox, l.Created, l.Held.Until = chatwoot.InboxID(inbox), time.UnixMilli(created), time.UnixMilli(until)
	l.Unreached = closed != 0
	l.PhoneSeen, l.PhoneAsked = timeOf(phoneSeen), timeOf(phoneAsked)
	l.Restored = Restored{At: timeOf(restored), LostSince: timeOf(1000 * lostSince), LostUntil: timeOf(1000 * lostUntil)} // Chatwoot counts seconds
	l.Settings = DefaultSettings()
	l.Settings.Groups = GroupsAll // of a release without the setting
	if err := l.Settings.readStored([]byte(settings)); err != nil {
		return Line{}, fmt.Errorf("read settings of line %s: %w", l.ID, err)
	}
	for purpose, secret := range map[string]struct {
		sealed []byte
		plain  *seal.Secret
	}{
		"token": {token, &l.Token}, "webhook_secret": {webhookSecret, &l.WebhookSecret},
		"path_secret": {pathSecret, &l.PathSecret}, "source_key": {skey, &l.SourceKey},
	} {
		plain, err := s.key.Open(sealPurpose(l.ID, purpose), secret.sealed)
		if err != nil {
			return Line{}, fmt.Errorf("open %s of line %s: %w", purpose, l.ID, err)
		}
		*secret.plain = seal.Secret(plain)
	}
	if shown != nil {
		plain, err := s.key.Open(sealPurpose(l.ID, "shown"), shown)
		if err != nil {
			return Line{}, fmt.Errorf("open what is shown of line %s: %w", l.ID, err)
		}
		l.Shown = seal.Secret(plain)
	}
	return l, nil
}

// timeOf reads a time of which 0 says that there is none.
func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// SetPhone remembers when a line's phone gave a sign of life last, and when it was
// asked for one; zero times are none.
func (s *Store) SetPhone(ctx context.Context, id ID, seen, asked time.Time) error {
	at := func(t time.Time) int64 {
		if t.IsZero() {
			return 0
		}
		return t.UnixMilli()
	}
	return s.exec(ctx, `UPDATE line SET phone_seen = $2, phone_asked = $3 WHERE id = $1`, "remember the phone", string(id), at(seen), at(asked))
}

// SetDevice remembers which WhatsApp device the line is paired with.
func (s *Store) SetDevice(ctx context.Context, id ID, jid, phone string) error {
	return s.exec(ctx, `UPDATE line SET jid = $2, phone = $3 WHERE id = $1`, "remember the device", string(id), jid, phone)
}

// SetSettings stores a line's name and settings.
func (s *Store) SetSettings(ctx context.Context, id ID, name string, settings Settings) error {
	encoded, err := json.Marshal(settings)
	if err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	return s.exec(ctx, `UPDATE line SET name = $2, settings = $3 WHERE id = $1`, "store the settings", string(id), name, string(encoded))
}

// Mark is how far comparisons with Chatwoot's messages have come.
type Mark struct {
	Watermark chatwoot.MessageID // nothing up to it is sent by a comparison
	At        time.Time          // when the last finished one began
	Foreign   int64              // how many messages the ledger lacks, or ForeignConfirmed
	// Swept is how far one has come since that takes long.
	Swept Swept
	// Restores is how often Chatwoot was found restored from a backup: a comparison
	// that began before does not know how far messages go since.
	Restores int64
}

// ForeignConfirmed is Mark.Foreign from when an admin has said that the messages
// which the ledger lacks may be passed over, until the next comparison ends.
const ForeignConfirmed = -1

// Mark reads how far the comparisons of a line have come.
func (s *Store) Mark(ctx context.Context, id ID) (Mark, error) {
	var watermark, at, foreign, created, sweptAt, sweptTo, restores int64
	const find = `SELECT watermark, reconciled, strange, created, swept_at, swept_to, restores FROM line WHERE id = $1`
	if err := s.db.QueryRowContext(ctx, find, string(id)).Scan(&watermark, &at, &foreign, &created, &sweptAt, &sweptTo, &restores); err != nil {
		return Mark{}, fmt.Errorf("read how far messages were compared: %w", err)
	}
	mark := Mark{Watermark: chatwoot.MessageID(watermark), At: time.UnixMilli(max(at, created)), Foreign: foreign, Restores: restores}
	if sweptAt != 0 {
		mark.Swept = Swept{At: time.UnixMilli(sweptAt), To: time.UnixMilli(sweptTo)}
	}
	return mark, nil
}

// SetMark records a finished comparison; none is under way then.
func (s *Store) SetMark(ctx context.Context, id ID, mark Mark) error {
	return s.exec(ctx, `UPDATE line SET watermark = CASE WHEN restores = $4 THEN $2 ELSE watermark END, reconciled = $3, strange = 0, swept_at = 0, swept_to = 0 WHERE id = $1`,
		"remember how far messages were compared", string(id), int64(mark.Watermark), mark.At.UnixMilli(), mark.Restores)
}

// SetForeign notes how many messages the ledger lacks, unless an admin has
// confirmed meanwhile that they may be passed over.
func (s *Store) SetForeign(ctx context.Context, id ID, messages int64) error {
	return s.exec(ctx, `UPDATE line SET strange = $2 WHERE id = $1 AND strange <> $3`, "note unknown messages", string(id), messages, ForeignConfirmed)
}

// ConfirmForeign notes that an admin has confirmed that messages of this bridge
// which the ledger lacks may be passed over.
func (s *Store) ConfirmForeign(ctx context.Context, id ID) error {
	return s.exec(ctx, `UPDATE line SET strange = $2 WHERE id = $1`, "note the confirmation", string(id), ForeignConfirmed)
}

// SetToken stores another token for Chatwoot's API.
func (s *Store) SetToken(ctx context.Context, id ID, token seal.Secret) error {
	sealed, err := s.key.Seal(sealPurpose(id, "token"), token.Reveal())
	if err != nil {
		return fmt.Errorf("seal token: %w", err)
	}
	return s.exec(ctx, `UPDATE line SET token = $2 WHERE id = $1`, "store the token", string(id), sealed)
}

// SetWebhookSecret stores what signs the inbox's webhooks from now on.
func (s *Store) SetWebhookSecret(ctx context.Context, id ID, secret string) error {
	sealed, err := s.key.Seal(sealPurpose(id, "webhook_secret"), secret)
	if err != nil {
		return fmt.Errorf("seal webhook secret: %w", err)
	}
	return s.exec(ctx, `UPDATE line SET webhook_secret = $2 WHERE id = $1`, "store the webhook secret", string(id), sealed)
}

func (s *Store) exec(ctx context.Context, query, what string, args ...any) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s of a line: %w", what, err)
	}
	return nil
}

// sealPurpose ties a sealed secret to its line and column.
func sealPurpose(id ID, column string) string { return "line/" + string(id) + "/" + column }
