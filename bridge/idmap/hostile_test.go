package idmap_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/idmap"
)

// What others call themselves and their messages decides nothing about the
// ledger: each is recorded, told from the others, and found again.
func TestC3_HostileIDsAreRecordedAndFoundAgain(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		hostile := databasetest.HostileIDs()
		inTx := func(what string, do func(ctx context.Context, tx *sql.Tx) error) {
			require.NoError(t, b.db.InTx(ctx, do), what)
		}
		message := int64(0)
		chats := map[string]bool{}
		for what, id := range hostile {
			jid := id + "@s.whatsapp.net"
			_, known, err := b.Known(ctx, "l1", jid)
			require.NoError(t, err, what)
			require.False(t, known, what)
			var chat string
			for range 2 {
				inTx(what, func(ctx context.Context, tx *sql.Tx) (err error) {
					found, err := b.Resolve(ctx, tx, "l1", func(string) string { return "source" + id }, jid, id+"@lid")
					chat = found.Chat
					return err
				})
			}
			require.False(t, chats[chat], "%s is a chat of its own", what)
			chats[chat] = true
			same, known, err := b.Known(ctx, "l1", id+"@lid")
			require.NoError(t, err, what)
			require.True(t, known, what)
			require.Equal(t, chat, same)
			found, err := b.ChatByAlias(ctx, "l1", jid)
			require.NoError(t, err, what)
			require.Equal(t, chat, found.ID)
			require.Len(t, found.Aliases, 2)
			found, err = b.ChatBySource(ctx, "l1", "source"+id)
			require.NoError(t, err, what)
			require.Equal(t, chat, found.ID)
			same, err = b.ChatIDBySource(ctx, "l1", "source"+id)
			require.NoError(t, err, what)
			require.Equal(t, chat, same)

			message++
			found.Contact, found.Conversation, found.Name, found.Identifier = message, message, id, id
			inTx(what, func(ctx context.Context, tx *sql.Tx) error { return b.SetContact(ctx, tx, found) })
			inTx(what, func(ctx context.Context, tx *sql.Tx) error { return b.SetIdentity(ctx, tx, found) })
			epoch, err := b.Epoch(ctx, "l1")
			require.NoError(t, err)
			inTx(what, func(ctx context.Context, tx *sql.Tx) error { return b.SetContact(ctx, tx, found) })
			after, err := b.Epoch(ctx, "l1")
			require.NoError(t, err)
			require.Equal(t, epoch, after, "%s: the same again changes nothing", what)

			link := idmap.Link{
				Line: "l1", WA: id, Chat: chat, Message: message, Conversation: message, Origin: idmap.FromCustomer, Sender: jid,
			}
			inTx(what, func(ctx context.Context, tx *sql.Tx) error { return b.LinkMessage(ctx, tx, link) })
			inTx(what, func(ctx context.Context, tx *sql.Tx) error {
				return b.LinkMessage(ctx, tx, idmap.Link{Line: "l1", WA: id})
			})
		}
		epoch, err := b.Epoch(ctx, "l1")
		require.NoError(t, err)
		for what, id := range hostile {
			linked, err := b.Linked(ctx, "l1", id)
			require.NoError(t, err, what)
			require.Equal(t, id, linked.WA)
			for range 2 { // from the ledger, and from the cache
				cached, err := b.LinkByWA(ctx, "l1", id, epoch)
				require.NoError(t, err, what)
				require.Equal(t, id, cached.WA)
				require.Equal(t, linked.Message, cached.Message, what)
			}
			unread, err := b.Unread(ctx, linked.Chat, 10)
			require.NoError(t, err)
			require.Len(t, unread, 1, what)
			inTx(what, func(ctx context.Context, tx *sql.Tx) error { return b.MarkRead(ctx, tx, "l1", unread) })
			unread, err = b.Unread(ctx, linked.Chat, 10)
			require.NoError(t, err)
			require.Empty(t, unread, "%s: under the id as it was stored", what)
			inTx(what, func(ctx context.Context, tx *sql.Tx) error {
				moved, err := b.Advance(ctx, tx, "l1", id, idmap.Sent)
				require.False(t, moved, what)
				return err
			})
			_, err = b.Linked(ctx, "l1", id+"?")
			require.ErrorIs(t, err, idmap.ErrUnknown, what)
		}
	})
}
