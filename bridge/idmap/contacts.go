package idmap

import (
	"context"
	"fmt"
)

const chatsOfContact = `SELECT id, name FROM chat WHERE line = $1 AND contact_id = $2 AND merged_into = ''`

// ChatsOfContact gives the chats whose contact has an id in Chatwoot, with the
// names that the bridge gave it. Usually it is one.
func (m *Map) ChatsOfContact(ctx context.Context, line string, contact int64) ([]Chat, error) {
	rows, err := m.db.QueryContext(ctx, chatsOfContact, line, contact)
	if err != nil {
		return nil, fmt.Errorf("look up a contact's chats: %w", err)
	}
	defer rows.Close()
	var chats []Chat
	for rows.Next() {
		c := Chat{Line: line, Contact: contact}
		if err := rows.Scan(&c.ID, &c.Name); err != nil {
			return nil, fmt.Errorf("look up a contact's chats: %w", err)
		}
		chats = append(chats, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look up a contact's chats: %w", err)
	}
	return chats, nil
}

const latestConversations = `SELECT chat.source_id, conversation_link.conversation_id FROM conversation_link
	JOIN chat ON chat.id = conversation_link.chat
	WHERE conversation_link.line = $1 ORDER BY conversation_link.conversation_id DESC LIMIT $2`

// LatestConversations gives the line's newest conversations, with the source ids
// of their contacts.
func (m *Map) LatestConversations(ctx context.Context, line string, limit int) ([]Chat, error) {
	rows, err := m.db.QueryContext(ctx, latestConversations, line, limit)
	if err != nil {
		return nil, fmt.Errorf("list the newest conversations: %w", err)
	}
	defer rows.Close()
	var chats []Chat
	for rows.Next() {
		c := Chat{Line: line}
		if err := rows.Scan(&c.SourceID, &c.Conversation); err != nil {
			return nil, fmt.Errorf("list the newest conversations: %w", err)
		}
		chats = append(chats, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list the newest conversations: %w", err)
	}
	return chats, nil
}
