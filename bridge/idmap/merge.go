package idmap

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Merge says that two chats turned out to be one counterpart.
type Merge struct{ Elder, Younger string }

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
// second one is made; when both have, the later conversation is the current one.
func (m *Map) MergeChats(ctx context.Context, tx *sql.Tx, line string, merge Merge) error {
	if err := adoptContact(ctx, tx, merge); err != nil {
		return err
	}
	for _, query := range []string{
		`UPDATE chat_alias SET chat = $1 WHERE chat = $2`,
		`UPDATE conversation_link SET chat = $1 WHERE chat = $2`,
		`UPDATE message_link SET chat = $1 WHERE chat = $2`,
		`INSERT INTO remark (line, chat, wa_id, kind, person, value, at) SELECT line, $1, wa_id, kind, person, value, at FROM remark
			WHERE line = $3 AND chat = $2 ON CONFLICT (line, chat, wa_id, kind, person) DO NOTHING`,
		`UPDATE chat SET by_lid = 1 WHERE id = $1 AND EXISTS (SELECT 1 FROM chat AS younger WHERE younger.id = $2 AND younger.by_lid = 1)`,
		`UPDATE chat SET timer = (SELECT timer FROM chat AS younger WHERE younger.id = $2), timer_set = (SELECT timer_set FROM chat AS younger WHERE younger.id = $2)
			WHERE id = $1 AND timer_set < (SELECT timer_set FROM chat AS younger WHERE younger.id = $2)`,
		`UPDATE chat SET merged_into = $1 WHERE id = $2`,
	} {
		arguments := []any{merge.Elder, merge.Younger}
		if strings.Contains(query, "$3") {
			arguments = append(arguments, line)
		}
		if _, err := tx.ExecContext(ctx, query, arguments...); err != nil {
			return fmt.Errorf("merge chats: %w", err)
		}
	}
	return m.RaiseEpoch(ctx, tx, line)
}

// adoptContact moves contact, conversation and source id from the younger chat
// to an elder that has no contact. The source ids change places: the elder's
// was never used in Chatwoot, and the younger's names the contact there.
func adoptContact(ctx context.Context, tx *sql.Tx, merge Merge) error {
	var elder, younger Chat
	for id, c := range map[string]*Chat{merge.Elder: &elder, merge.Younger: &younger} {
		const read = `SELECT source_id, name, identifier, contact_id, conversation_id, resolved FROM chat WHERE id = $1`
		if err := tx.QueryRowContext(ctx, read, id).Scan(&c.SourceID, &c.Name, &c.Identifier, &c.Contact, &c.Conversation, &c.Resolved); err != nil {
			return fmt.Errorf("read a chat to merge: %w", err)
		}
	}
	if elder.Contact != 0 && younger.Conversation > elder.Conversation && !younger.Resolved {
		const follow = `UPDATE chat SET conversation_id = $2, resolved = 0 WHERE id = $1`
		if _, err := tx.ExecContext(ctx, follow, merge.Elder, younger.Conversation); err != nil {
			return fmt.Errorf("take over a conversation: %w", err)
		}
	}
	if elder.Contact != 0 || younger.Contact == 0 {
		return nil
	}
	const set = `UPDATE chat SET source_id = $2, name = $3, identifier = $4, contact_id = $5, conversation_id = $6,
		resolved = CASE WHEN $7 THEN 1 ELSE 0 END WHERE id = $1`
	for _, step := range []struct {
		id string
		c  Chat
	}{
		{merge.Younger, Chat{SourceID: "merging/" + merge.Younger}}, // source ids are unique at every moment
		{merge.Elder, younger},
		{merge.Younger, elder},
	} {
		if _, err := tx.ExecContext(ctx, set, step.id, step.c.SourceID, step.c.Name, step.c.Identifier, step.c.Contact, step.c.Conversation, step.c.Resolved); err != nil {
			return fmt.Errorf("take over a contact: %w", err)
		}
	}
	return nil
}
