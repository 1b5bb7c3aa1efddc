package idmap

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/wootbridge/wootbridge/bridge/foreign"
)

// Chat is a WhatsApp counterpart of a line. Its JIDs are aliases.
type Chat struct {
	ID           string
	Line         string
	SourceID     string
	Name         string // that the bridge gave the contact, "" = somebody else did
	Identifier   string // that the bridge last gave the contact, "" = none yet
	Contact      int64  // Chatwoot's id, 0 = not known yet
	Conversation int64  // Chatwoot's display id, 0 = not known yet
	Resolved     bool   // the conversation was resolved, or may have been
	// ByLID says that a number has left the chat, so that its contact is known by the
	// hidden id.
	ByLID bool
	// Timer is after how many seconds its messages disappear, 0 = never; TimerSet is
	// when that was chosen, in seconds, 0 = not known.
	Timer, TimerSet int64
	// Aliases are the counterpart's addresses, the one that was seen last first; Former
	// are numbers that were hers.
	Aliases, Former []string
}

// LID is the counterpart's hidden id, or "".
func (c Chat) LID() string { return first(c.Aliases, IsLID) }

// Number is the JID of the number that the counterpart was seen with last, or "".
func (c Chat) Number() string { return first(c.Aliases, IsNumber) }

func first(jids []string, is func(string) bool) string {
	if i := slices.IndexFunc(jids, is); i >= 0 {
		return jids[i]
	}
	return ""
}

const chatColumns = `SELECT chat.id, chat.line, source_id, name, identifier, contact_id, conversation_id, resolved, by_lid, timer, timer_set, merged_into,
	chat_alias.jid, chat_alias.given_up FROM chat LEFT JOIN chat_alias ON chat_alias.chat = chat.id `

const aliasOrder = ` ORDER BY chat_alias.seen DESC, chat_alias.jid`

// Chat reads a chat; the id of a merged one gives the chat it is part of now.
func (m *Map) Chat(ctx context.Context, line, id string, epoch int64) (Chat, error) {
	return cached(ctx, m, cacheKey(line, epoch, "chat", id), func() (Chat, bool, error) {
		for range 8 { // merges of merges
			c, mergedInto, err := m.readChat(ctx, chatColumns+`WHERE chat.id = $1 AND chat.line = $2`+aliasOrder, id, line)
			if err != nil {
				return c, false, err
			}
			if mergedInto == "" {
				return c, c.Contact != 0 && c.Conversation != 0 && !c.Resolved, nil
			}
			id = mergedInto
		}
		return Chat{}, false, errors.New("read a chat: merged in a circle")
	})
}

// ChatBySource finds a chat by its contact's source id.
func (m *Map) ChatBySource(ctx context.Context, line, sourceID string) (Chat, error) {
	c, mergedInto, err := m.readChat(ctx, chatColumns+`WHERE source_id = $1 AND chat.line = $2`+aliasOrder, source(sourceID), line)
	if err != nil || mergedInto == "" {
		return c, err
	}
	return m.uncached(ctx, line, mergedInto)
}

// ChatIDBySource is ChatBySource for its id alone.
func (m *Map) ChatIDBySource(ctx context.Context, line, sourceID string) (string, error) {
	return m.chatID(ctx, line, `SELECT id, merged_into FROM chat WHERE line = $1 AND source_id = $2`, source(sourceID))
}

// sourceMost is how long a source id may be, in bytes, that is kept as it is:
// Chatwoot is to be asked for it. It has an index for them itself.
const sourceMost = 2000

func source(id string) string {
	if len(id) <= sourceMost && foreign.IsClean(id) {
		return id
	}
	return foreign.Key(id)
}

// ChatIDByConversation is ChatByConversation for its id alone.
func (m *Map) ChatIDByConversation(ctx context.Context, line string, conversation int64) (string, error) {
	return m.chatID(ctx, line, `SELECT chat.id, merged_into FROM conversation_link JOIN chat ON chat.id = conversation_link.chat
		WHERE conversation_link.line = $1 AND conversation_link.conversation_id = $2`, conversation)
}

func (m *Map) chatID(ctx context.Context, line, query string, by any) (string, error) {
	var id, mergedInto string
	err := m.db.QueryRowContext(ctx, query, line, by).Scan(&id, &mergedInto)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrUnknown
	}
	if err != nil {
		return "", fmt.Errorf("look up a chat: %w", err)
	}
	if mergedInto == "" {
		return id, nil
	}
	chat, err := m.uncached(ctx, line, mergedInto)
	return chat.ID, err
}

// ChatByConversation finds a chat by one of its conversations.
func (m *Map) ChatByConversation(ctx context.Context, line string, conversation int64) (Chat, error) {
	var id string
	const find = `SELECT chat FROM conversation_link WHERE line = $1 AND conversation_id = $2`
	err := m.db.QueryRowContext(ctx, find, line, conversation).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return Chat{}, ErrUnknown
	}
	if err != nil {
		return Chat{}, fmt.Errorf("look up a conversation: %w", err)
	}
	return m.uncached(ctx, line, id)
}

func (m *Map) uncached(ctx context.Context, line, id string) (Chat, error) {
	epoch, err := m.Epoch(ctx, line)
	if err != nil {
		return Chat{}, err
	}
	return m.Chat(ctx, line, id, epoch)
}

func (m *Map) readChat(ctx context.Context, query string, args ...any) (c Chat, mergedInto string, err error) {
	rows, err := m.db.QueryContext(ctx, query, args...)
	if err != nil {
		return Chat{}, "", fmt.Errorf("read a chat: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var jid sql.NullString
		var givenUp sql.NullInt64
		if err := rows.Scan(&c.ID, &c.Line, &c.SourceID, &c.Name, &c.Identifier, &c.Contact, &c.Conversation, &c.Resolved, &c.ByLID, &c.Timer, &c.TimerSet, &mergedInto, &jid, &givenUp); err != nil {
			return Chat{}, "", fmt.Errorf("read a chat: %w", err)
		}
		switch {
		case !jid.Valid:
		case givenUp.Int64 != 0:
			c.Former = append(c.Former, jid.String)
		default:
			c.Aliases = append(c.Aliases, jid.String)
		}
	}
	if err := rows.Err(); err != nil {
		return Chat{}, "", fmt.Errorf("read a chat: %w", err)
	}
	if c.ID == "" {
		return Chat{}, "", ErrUnknown
	}
	return c, mergedInto, nil
}

// SetContact records the chat's contact, conversation, name, identifier and source id; another
// conversation than before is not resolved. A value that replaces one that may be cached makes cached entries unbelievable.
func (m *Map) SetContact(ctx context.Context, tx *sql.Tx, c Chat) error {
	c.Name, c.Identifier = foreign.Text(c.Name), foreign.Text(c.Identifier)
	var contact, conversation int64
	var name, identifier string
	var resolved bool
	const before = `SELECT contact_id, conversation_id, name, identifier, resolved FROM chat WHERE id = $1`
	if err := tx.QueryRowContext(ctx, before, c.ID).Scan(&contact, &conversation, &name, &identifier, &resolved); err != nil {
		return fmt.Errorf("read a chat: %w", err)
	}
	const set = `UPDATE chat SET contact_id = $2, conversation_id = $3, name = $4, identifier = $5,
		source_id = CASE WHEN $6 = '' THEN source_id ELSE $6 END,
		resolved = CASE WHEN conversation_id = $3 THEN resolved ELSE 0 END WHERE id = $1`
	if _, err := tx.ExecContext(ctx, set, c.ID, c.Contact, c.Conversation, c.Name, c.Identifier, source(c.SourceID)); err != nil {
		return fmt.Errorf("record a contact: %w", err)
	}
	if c.Conversation != 0 {
		if err := linkConversation(ctx, tx, c.Line, c.ID, c.Conversation); err != nil {
			return err
		}
	}
	cacheable := contact != 0 && conversation != 0 && !resolved
	if cacheable && (contact != c.Contact || conversation != c.Conversation || name != c.Name || identifier != c.Identifier) {
		return m.RaiseEpoch(ctx, tx, c.Line)
	}
	return nil
}

// SwapContact is SetContact where the chat's contact and conversation still are what
// they were; what somebody else has recorded meanwhile is newer.
func (m *Map) SwapContact(ctx context.Context, tx *sql.Tx, before, after Chat) error {
	var contact, conversation int64
	const now = `SELECT contact_id, conversation_id FROM chat WHERE id = $1`
	if err := tx.QueryRowContext(ctx, now, before.ID).Scan(&contact, &conversation); err != nil {
		return fmt.Errorf("read a chat: %w", err)
	}
	if contact != before.Contact || conversation != before.Conversation {
		return nil
	}
	return m.SetContact(ctx, tx, after)
}

// SetIdentity records what the contact is called and known by, and leaves the
// chat's conversation alone.
func (m *Map) SetIdentity(ctx context.Context, tx *sql.Tx, c Chat) error {
	const set = `UPDATE chat SET contact_id = $2, name = $3, identifier = $4 WHERE id = $1`
	if _, err := tx.ExecContext(ctx, set, c.ID, c.Contact, foreign.Text(c.Name), foreign.Text(c.Identifier)); err != nil {
		return fmt.Errorf("record a contact's identity: %w", err)
	}
	return m.RaiseEpoch(ctx, tx, c.Line)
}

// ChatByAlias finds the chat that has a JID.
func (m *Map) ChatByAlias(ctx context.Context, line, jid string) (Chat, error) {
	var id string
	err := m.db.QueryRowContext(ctx, `SELECT chat FROM chat_alias WHERE line = $1 AND jid = $2`, line, foreign.Key(jid)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return Chat{}, ErrUnknown
	}
	if err != nil {
		return Chat{}, fmt.Errorf("look up an alias: %w", err)
	}
	return m.uncached(ctx, line, id)
}
