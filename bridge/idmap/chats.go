package idmap

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
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
	Aliases      []string
}

// Merge says that two chats turned out to be one counterpart.
type Merge struct{ Elder, Younger string }

// Resolve finds the chat that any of the JIDs names, adds the aliases that are
// new, and makes a chat when there is none; sourceID derives the contact's
// source id from the new chat's id. When the JIDs belong to two chats it gives
// the elder and a Merge to be carried out.
func (m *Map) Resolve(ctx context.Context, tx *sql.Tx, line string, sourceID func(chat string) string, jids ...string) (string, *Merge, error) {
	jids = slices.DeleteFunc(slices.Clone(jids), func(jid string) bool { return jid == "" })
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
		if err := m.RaiseGeneration(ctx, tx, line); err != nil {
			return "", nil, err
		}
	}
	if len(chats) > 1 {
		return chats[0], &Merge{Elder: chats[0], Younger: chats[1]}, nil
	}
	return chats[0], nil, nil
}

// lookUp gives the chats that the JIDs belong to, the elder first, and the
// JIDs that belong to none.
func (m *Map) lookUp(ctx context.Context, tx *sql.Tx, line string, jids []string) (chats, unknown []string, err error) {
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
	rows, err := tx.QueryContext(ctx, find, args...)
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
	if _, err := tx.ExecContext(ctx, insert, id, line, sourceID(id), m.clock().UnixMilli()); err != nil {
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

const chatColumns = `SELECT id, line, source_id, name, identifier, contact_id, conversation_id FROM chat `

// Chat reads a chat; the id of a merged one gives the chat it is part of now.
func (m *Map) Chat(ctx context.Context, line, id string, generation int64) (Chat, error) {
	return cached(ctx, m, cacheKey(line, generation, "chat", id), func() (Chat, bool, error) {
		for range 8 { // merges of merges
			c, mergedInto, err := m.readChat(ctx, chatColumns+`WHERE id = $1 AND line = $2`, id, line)
			if err != nil {
				return c, false, err
			}
			if mergedInto == "" {
				return c, c.Contact != 0 && c.Conversation != 0, nil
			}
			id = mergedInto
		}
		return Chat{}, false, errors.New("read a chat: merged in a circle")
	})
}

// ChatBySource finds a chat by its contact's source id.
func (m *Map) ChatBySource(ctx context.Context, line, sourceID string) (Chat, error) {
	c, mergedInto, err := m.readChat(ctx, chatColumns+`WHERE source_id = $1 AND line = $2`, sourceID, line)
	if err != nil || mergedInto == "" {
		return c, err
	}
	return m.uncached(ctx, line, mergedInto)
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
	generation, err := m.Generation(ctx, line)
	if err != nil {
		return Chat{}, err
	}
	return m.Chat(ctx, line, id, generation)
}

func (m *Map) readChat(ctx context.Context, query string, args ...any) (c Chat, mergedInto string, err error) {
	err = m.db.QueryRowContext(ctx, query, args...).Scan(&c.ID, &c.Line, &c.SourceID, &c.Name, &c.Identifier, &c.Contact, &c.Conversation)
	if errors.Is(err, sql.ErrNoRows) {
		return Chat{}, "", ErrUnknown
	}
	if err != nil {
		return Chat{}, "", fmt.Errorf("read a chat: %w", err)
	}
	if err := m.db.QueryRowContext(ctx, `SELECT merged_into FROM chat WHERE id = $1`, c.ID).Scan(&mergedInto); err != nil {
		return Chat{}, "", fmt.Errorf("read a chat: %w", err)
	}
	rows, err := m.db.QueryContext(ctx, `SELECT jid FROM chat_alias WHERE chat = $1 ORDER BY jid`, c.ID)
	if err != nil {
		return Chat{}, "", fmt.Errorf("read a chat's aliases: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var jid string
		if err := rows.Scan(&jid); err != nil {
			return Chat{}, "", fmt.Errorf("read a chat's aliases: %w", err)
		}
		c.Aliases = append(c.Aliases, jid)
	}
	return c, mergedInto, rows.Err()
}

// SetContact records the chat's contact, conversation, name and identifier. A
// value that replaces one that may be cached makes cached entries unbelievable.
func (m *Map) SetContact(ctx context.Context, tx *sql.Tx, c Chat) error {
	var contact, conversation int64
	var name, identifier string
	const before = `SELECT contact_id, conversation_id, name, identifier FROM chat WHERE id = $1`
	if err := tx.QueryRowContext(ctx, before, c.ID).Scan(&contact, &conversation, &name, &identifier); err != nil {
		return fmt.Errorf("read a chat: %w", err)
	}
	const set = `UPDATE chat SET contact_id = $2, conversation_id = $3, name = $4, identifier = $5 WHERE id = $1`
	if _, err := tx.ExecContext(ctx, set, c.ID, c.Contact, c.Conversation, c.Name, c.Identifier); err != nil {
		return fmt.Errorf("record a contact: %w", err)
	}
	if c.Conversation != 0 {
		const link = `INSERT INTO conversation_link (line, conversation_id, chat) VALUES ($1, $2, $3)
			ON CONFLICT (line, conversation_id) DO UPDATE SET chat = excluded.chat`
		if _, err := tx.ExecContext(ctx, link, c.Line, c.Conversation, c.ID); err != nil {
			return fmt.Errorf("link a conversation: %w", err)
		}
	}
	cacheable := contact != 0 && conversation != 0
	if cacheable && (contact != c.Contact || conversation != c.Conversation || name != c.Name || identifier != c.Identifier) {
		return m.RaiseGeneration(ctx, tx, c.Line)
	}
	return nil
}

// SetIdentity records what the contact is called and known by, and leaves the
// chat's conversation alone.
func (m *Map) SetIdentity(ctx context.Context, tx *sql.Tx, c Chat) error {
	const set = `UPDATE chat SET contact_id = $2, name = $3, identifier = $4 WHERE id = $1`
	if _, err := tx.ExecContext(ctx, set, c.ID, c.Contact, c.Name, c.Identifier); err != nil {
		return fmt.Errorf("record a contact's identity: %w", err)
	}
	return m.RaiseGeneration(ctx, tx, c.Line)
}

// ChatByAlias finds the chat that has a JID.
func (m *Map) ChatByAlias(ctx context.Context, line, jid string) (Chat, error) {
	var id string
	err := m.db.QueryRowContext(ctx, `SELECT chat FROM chat_alias WHERE line = $1 AND jid = $2`, line, jid).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return Chat{}, ErrUnknown
	}
	if err != nil {
		return Chat{}, fmt.Errorf("look up an alias: %w", err)
	}
	return m.uncached(ctx, line, id)
}

// Contacts gives the Chatwoot contacts of two chats that are to be merged, 0
// where there is none.
func (m *Map) Contacts(ctx context.Context, tx *sql.Tx, merge Merge) (elder, younger int64, err error) {
	for id, contact := range map[string]*int64{merge.Elder: &elder, merge.Younger: &younger} {
		if err := tx.QueryRowContext(ctx, `SELECT contact_id FROM chat WHERE id = $1`, id).Scan(contact); err != nil {
			return 0, 0, fmt.Errorf("read a chat to merge: %w", err)
		}
	}
	return elder, younger, nil
}

// MergeChats makes the younger chat part of the elder: its JIDs, its
// conversations and its links. Its id stays as a name for the elder. When only
// the younger has a contact in Chatwoot, the elder takes it over, so that no
// second one is made.
func (m *Map) MergeChats(ctx context.Context, tx *sql.Tx, line string, merge Merge) error {
	if err := adoptContact(ctx, tx, merge); err != nil {
		return err
	}
	for _, query := range []string{
		`UPDATE chat_alias SET chat = $1 WHERE chat = $2`,
		`UPDATE conversation_link SET chat = $1 WHERE chat = $2`,
		`UPDATE message_link SET chat = $1 WHERE chat = $2`,
		`UPDATE chat SET merged_into = $1 WHERE id = $2`,
	} {
		if _, err := tx.ExecContext(ctx, query, merge.Elder, merge.Younger); err != nil {
			return fmt.Errorf("merge chats: %w", err)
		}
	}
	return m.RaiseGeneration(ctx, tx, line)
}

// adoptContact moves contact, conversation and source id from the younger chat
// to an elder that has no contact. The source ids change places: the elder's
// was never used in Chatwoot, and the younger's names the contact there.
func adoptContact(ctx context.Context, tx *sql.Tx, merge Merge) error {
	var elder, younger Chat
	for id, c := range map[string]*Chat{merge.Elder: &elder, merge.Younger: &younger} {
		const read = `SELECT source_id, name, identifier, contact_id, conversation_id FROM chat WHERE id = $1`
		if err := tx.QueryRowContext(ctx, read, id).Scan(&c.SourceID, &c.Name, &c.Identifier, &c.Contact, &c.Conversation); err != nil {
			return fmt.Errorf("read a chat to merge: %w", err)
		}
	}
	if elder.Contact != 0 || younger.Contact == 0 {
		return nil
	}
	const set = `UPDATE chat SET source_id = $2, name = $3, identifier = $4, contact_id = $5, conversation_id = $6 WHERE id = $1`
	for _, step := range []struct {
		id string
		c  Chat
	}{
		{merge.Younger, Chat{SourceID: "merging/" + merge.Younger}}, // source ids are unique at every moment
		{merge.Elder, younger},
		{merge.Younger, elder},
	} {
		if _, err := tx.ExecContext(ctx, set, step.id, step.c.SourceID, step.c.Name, step.c.Identifier, step.c.Contact, step.c.Conversation); err != nil {
			return fmt.Errorf("take over a contact: %w", err)
		}
	}
	return nil
}

// DeleteLine removes all that the map knows of a line.
func (m *Map) DeleteLine(ctx context.Context, tx *sql.Tx, line string) error {
	for _, table := range []string{"agent_message", "message_link", "conversation_link", "chat_alias", "chat"} {
		if _, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE line = $1`, line); err != nil {
			return fmt.Errorf("delete the line's ID map: %w", err)
		}
	}
	return m.RaiseGeneration(ctx, tx, line)
}
