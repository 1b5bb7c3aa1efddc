package idmap_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/idmap"
)

func TestK7_TheChatsConversationIsTheOneOfTheLatestWord(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		id, _ := b.resolve(t, pn)
		chat := idmap.Chat{ID: id, Line: "l1", Contact: 7, Conversation: 70}
		b.tx(t, func(ctx context.Context, tx *sql.Tx) error { return b.SetContact(ctx, tx, chat) })
		resolve := func(conversation int64, over bool) {
			b.tx(t, func(ctx context.Context, tx *sql.Tx) error {
				return b.SetResolved(ctx, tx, idmap.Chat{ID: id, Line: "l1", Conversation: conversation}, over)
			})
		}
		move := func(conversation, message int64, unsure bool) {
			b.tx(t, func(ctx context.Context, tx *sql.Tx) error {
				return b.MoveConversation(ctx, tx, idmap.Chat{ID: id, Line: "l1", Conversation: conversation, Resolved: unsure}, message)
			})
		}
		is := func(conversation int64, resolved bool) {
			t.Helper()
			for range 2 { // the second time from the cache, if it is there
				now := b.chat(t, id)
				require.Equal(t, conversation, now.Conversation)
				require.Equal(t, resolved, now.Resolved)
			}
		}
		is(70, false)
		resolve(70, true)
		is(70, true)
		resolve(70, false)
		is(70, false)
		resolve(60, true) // of another one, which says nothing
		is(70, false)
		resolve(70, true)
		b.tx(t, func(ctx context.Context, tx *sql.Tx) error { return b.SetContact(ctx, tx, chat) })
		is(70, true)
		move(71, 12, false)
		is(71, false)
		move(70, 11, false) // told late
		is(71, false)
		move(72, 13, true)
		is(72, true)
		b.tx(t, func(ctx context.Context, tx *sql.Tx) error { return b.SetContact(ctx, tx, chat) })
		is(70, false)

		latest, err := b.ConversationsOf(ctx, "l1", id, 2)
		require.NoError(t, err)
		require.Equal(t, []int64{72, 71}, latest)
	})
}
