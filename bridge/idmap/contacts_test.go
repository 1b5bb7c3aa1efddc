package idmap

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
)

// onBoth runs a test with a map of the lines l1 and l2 on both databases.
func onBoth(t *testing.T, test func(t *testing.T, m *Map, k known)) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		for _, line := range []string{"l1", "l2"} {
			_, err := db.Exec(`INSERT INTO line (id, name, chatwoot_url, account_id, inbox_id, settings, created) VALUES ($1, '', '', 1, 1, '{}', 0)`, line)
			require.NoError(t, err)
		}
		n := 0
		m := New(db, Options{Cache: NewMemory(100, time.Now), Clock: time.Now, NewID: func() string { n++; return fmt.Sprint("chat", n) }})
		test(t, m, known{t, m})
	})
}

// known makes chats that have their contact and conversation.
type known struct {
	t *testing.T
	m *Map
}

func (k known) chat(line, jid, name string, contact, conversation int64) (id string) {
	k.t.Helper()
	k.inTx(func(ctx context.Context, tx *sql.Tx) (err error) {
		source := func(chat string) string { return "source of " + chat }
		found, err := k.m.Resolve(ctx, tx, line, source, jid)
		if err != nil {
			return err
		}
		id = found.Chat
		return k.m.SetContact(ctx, tx, Chat{ID: id, Line: line, SourceID: source(id), Contact: contact, Conversation: conversation, Name: name})
	})
	return id
}

func (k known) inTx(do func(ctx context.Context, tx *sql.Tx) error) {
	k.t.Helper()
	require.NoError(k.t, k.m.db.InTx(k.t.Context(), do))
}

func TestTheChatsOfAContact(t *testing.T) {
	onBoth(t, func(t *testing.T, m *Map, k known) {
		first := k.chat("l1", "1@s.whatsapp.net", "Ana", 7, 1)
		k.chat("l1", "2@s.whatsapp.net", "Bob", 8, 2)
		k.chat("l2", "1@s.whatsapp.net", "Ana", 7, 3)
		unknown := k.chat("l1", "3@s.whatsapp.net", "", 0, 0)
		of := func(line string, contact int64) []Chat {
			chats, err := m.ChatsOfContact(t.Context(), line, contact)
			require.NoError(t, err)
			return chats
		}
		require.Equal(t, []Chat{{ID: first, Line: "l1", Contact: 7, Name: "Ana"}}, of("l1", 7))
		require.Empty(t, of("l1", 9))
		require.Empty(t, of("nobody's", 7))
		require.Len(t, of("l2", 7), 1, "each line has its own")

		// Two that were merged in Chatwoot have one contact.
		second := k.chat("l1", "3@s.whatsapp.net", "Ana", 7, 4)
		require.Equal(t, unknown, second)
		require.ElementsMatch(t, []Chat{{ID: first, Line: "l1", Contact: 7, Name: "Ana"}, {ID: second, Line: "l1", Contact: 7, Name: "Ana"}}, of("l1", 7))
	})
}

func TestTheLatestConversations(t *testing.T) {
	onBoth(t, func(t *testing.T, m *Map, k known) {
		latest := func(line string, n int) (found []string) {
			chats, err := m.LatestConversations(t.Context(), line, n)
			require.NoError(t, err)
			for _, c := range chats {
				require.Equal(t, line, c.Line)
				found = append(found, fmt.Sprint(c.Conversation, " ", c.SourceID))
			}
			return found
		}
		require.Empty(t, latest("l1", 3))
		ana := k.chat("l1", "1@s.whatsapp.net", "Ana", 7, 5)
		bob := k.chat("l1", "2@s.whatsapp.net", "Bob", 8, 20)
		k.chat("l2", "1@s.whatsapp.net", "Ana", 7, 99)
		k.chat("l1", "4@s.whatsapp.net", "", 9, 0)
		// One chat may have had more than one.
		k.inTx(func(ctx context.Context, tx *sql.Tx) error {
			return m.SetContact(ctx, tx, Chat{ID: ana, Line: "l1", Contact: 7, Conversation: 30, Name: "Ana"})
		})
		require.Equal(t, []string{"30 source of " + ana, "20 source of " + bob, "5 source of " + ana}, latest("l1", 3))
		require.Equal(t, []string{"30 source of " + ana}, latest("l1", 1))
		require.Len(t, latest("l1", 50), 3)
		require.Empty(t, latest("nobody's", 3))

		// What was merged into another chat is that one's: its contact has them.
		k.inTx(func(ctx context.Context, tx *sql.Tx) error {
			return m.MergeChats(ctx, tx, "l1", Merge{Elder: bob, Younger: ana})
		})
		require.Equal(t, []string{"30 source of " + bob, "20 source of " + bob, "5 source of " + bob}, latest("l1", 3))
	})
}

// An account tells of each of its contacts with each of their messages, and a line
// has all conversations that it ever had: neither may read them all.
func TestContactsAndConversationsAreFoundByTheirIndexes(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		databasetest.IndexesOnly(t, db)
		plan := databasetest.Plan(t, db, chatsOfContact, "l1", 7)
		require.Contains(t, plan, "chat_contact")
		require.NotRegexp(t, `(?i)Seq Scan|SCAN chat`, plan)

		plan = databasetest.Plan(t, db, latestConversations, "l1", 3)
		require.Regexp(t, `conversation_link_pkey|sqlite_autoindex_conversation_link`, plan)
		require.NotRegexp(t, `(?i)\bsort\b|TEMP B-TREE|Seq Scan|SCAN c`, plan)
	})
}
