package bridge

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// lineStore keeps lines in SQL, their secrets sealed.
type lineStore struct {
	db  *database.DB
	key *seal.Key
}

const lineColumns = `id, name, chatwoot_url, account_id, inbox_id, inbox_identifier,
	settings, jid, phone, paused, created, token, webhook_secret, path_secret, source_key,
	owner, owned_until, connects, strange`

func (s *lineStore) insert(ctx context.Context, l Line) error {
	settings, err := json.Marshal(l.Settings)
	if err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	sealed := map[string][]byte{}
	for purpose, secret := range map[string]string{
		"token": l.token, "webhook_secret": l.webhookSecret, "path_secret": l.pathSecret, "source_key": l.sourceKey,
	} {
		if sealed[purpose], err = s.key.Seal(sealPurpose(l.ID, purpose), secret); err != nil {
			return fmt.Errorf("seal %s: %w", purpose, err)
		}
	}
	const insertLine = `INSERT INTO line (id, name, chatwoot_url, account_id, inbox_id, inbox_identifier,
		settings, jid, phone, paused, created, token, webhook_secret, path_secret, path_hash, source_key, watermark)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, insertLine, string(l.ID), l.Name, l.ChatwootURL, l.Account, int64(l.Inbox),
			l.InboxIdentifier, string(settings), l.JID, l.Phone, l.Paused, l.Created.UnixMilli(),
			sealed["token"], sealed["webhook_secret"], sealed["path_secret"], pathHash(l.pathSecret), sealed["source_key"], int64(l.watermark))
		return err
	})
	if err != nil {
		return fmt.Errorf("insert line: %w", err)
	}
	return nil
}

func (s *lineStore) list(ctx context.Context) ([]Line, error) {
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

func (s *lineStore) scan(row interface{ Scan(...any) error }) (Line, error) {
	var (
		l                                      Line
		settings                               string
		created, inbox, until                  int64
		token, webhookSecret, pathSecret, skey []byte
	)
	err := row.Scan(&l.ID, &l.Name, &l.ChatwootURL, &l.Account, &inbox, &l.InboxIdentifier,
		&settings, &l.JID, &l.Phone, &l.Paused, &created, &token, &webhookSecret, &pathSecret, &skey,
		&l.held.owner, &until, &l.held.connects, &l.strange)
	if err != nil {
		return Line{}, fmt.Errorf("read line: %w", err)
	}
	l.Inbox, l.Created, l.held.until = chatwoot.InboxID(inbox), time.UnixMilli(created), time.UnixMilli(until)
	l.Settings = DefaultSettings()
	if err := json.Unmarshal([]byte(settings), &l.Settings); err != nil {
		return Line{}, fmt.Errorf("read settings of line %s: %w", l.ID, err)
	}
	for purpose, secret := range map[string]struct {
		sealed []byte
		plain  *string
	}{
		"token": {token, &l.token}, "webhook_secret": {webhookSecret, &l.webhookSecret},
		"path_secret": {pathSecret, &l.pathSecret}, "source_key": {skey, &l.sourceKey},
	} {
		if *secret.plain, err = s.key.Open(sealPurpose(l.ID, purpose), secret.sealed); err != nil {
			return Line{}, fmt.Errorf("open %s of line %s: %w", purpose, l.ID, err)
		}
	}
	return l, nil
}

// setDevice remembers which WhatsApp device the line is paired with.
func (s *lineStore) setDevice(ctx context.Context, id LineID, jid, phone string) error {
	return s.exec(ctx, `UPDATE line SET jid = $2, phone = $3 WHERE id = $1`, "remember the device", string(id), jid, phone)
}

// setPaused stores the sentence that says why a line does not run; "" resumes
// it, with a clean record of its connects.
func (s *lineStore) setPaused(ctx context.Context, id LineID, sentence string) error {
	return s.exec(ctx, `UPDATE line SET paused = $2, connects = 0 WHERE id = $1`, "store the pause", string(id), sentence)
}

func (s *lineStore) setSettings(ctx context.Context, id LineID, name string, settings Settings) error {
	encoded, err := json.Marshal(settings)
	if err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	return s.exec(ctx, `UPDATE line SET name = $2, settings = $3 WHERE id = $1`, "store the settings", string(id), name, string(encoded))
}

// passMark is how far passes over Chatwoot's messages have come.
type passMark struct {
	watermark chatwoot.MessageID // nothing up to it is sent by a pass
	at        time.Time          // when the last finished pass began
	strange   int64              // how many messages the ledger lacks; confirmed once an admin has said so
}

// confirmed is passMark.strange until the pass that an admin has asked for is
// finished.
const confirmed = -1

func (s *lineStore) reconciled(ctx context.Context, id LineID) (passMark, error) {
	var watermark, at, strange, created int64
	const find = `SELECT watermark, reconciled, strange, created FROM line WHERE id = $1`
	if err := s.db.QueryRowContext(ctx, find, string(id)).Scan(&watermark, &at, &strange, &created); err != nil {
		return passMark{}, fmt.Errorf("read how far messages were compared: %w", err)
	}
	return passMark{watermark: chatwoot.MessageID(watermark), at: time.UnixMilli(max(at, created)), strange: strange}, nil
}

func (s *lineStore) setReconciled(ctx context.Context, id LineID, mark passMark) error {
	return s.exec(ctx, `UPDATE line SET watermark = $2, reconciled = $3, strange = 0 WHERE id = $1`, "remember how far messages were compared",
		string(id), int64(mark.watermark), mark.at.UnixMilli())
}

// setStrange notes how many messages the ledger lacks, unless an admin has
// confirmed meanwhile that they may be passed over.
func (s *lineStore) setStrange(ctx context.Context, id LineID, messages int64) error {
	return s.exec(ctx, `UPDATE line SET strange = $2 WHERE id = $1 AND strange <> $3`, "note unknown messages", string(id), messages, confirmed)
}

// setConfirmed notes that an admin has confirmed that.
func (s *lineStore) setConfirmed(ctx context.Context, id LineID) error {
	return s.exec(ctx, `UPDATE line SET strange = $2 WHERE id = $1`, "note the confirmation", string(id), confirmed)
}

// setDeleted ends a line for ever. The row stays, without its secrets, so that
// the id is never used again.
func (s *lineStore) setDeleted(ctx context.Context, id LineID, at time.Time) error {
	return s.exec(ctx, `UPDATE line SET deleted = $2, jid = '', phone = '', token = NULL, webhook_secret = NULL, path_secret = NULL,
		source_key = NULL, path_hash = '' WHERE id = $1`, "delete", string(id), at.UnixMilli())
}

func (s *lineStore) setWebhookSecret(ctx context.Context, id LineID, secret string) error {
	sealed, err := s.key.Seal(sealPurpose(id, "webhook_secret"), secret)
	if err != nil {
		return fmt.Errorf("seal webhook secret: %w", err)
	}
	return s.exec(ctx, `UPDATE line SET webhook_secret = $2 WHERE id = $1`, "store the webhook secret", string(id), sealed)
}

func (s *lineStore) exec(ctx context.Context, query, what string, args ...any) error {
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
func sealPurpose(id LineID, column string) string { return "line/" + string(id) + "/" + column }

func pathHash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
