package lines_test

import (
	"bytes"
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/seal"
)

func keyOf(t *testing.T, b byte) *seal.Key {
	t.Helper()
	key, err := seal.NewKey(bytes.Repeat([]byte{b}, seal.KeySize))
	require.NoError(t, err)
	return key
}

func TestM9_LinesAreSealedWithAnotherKey(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		ctx, from, to := t.Context(), keyOf(t, 1), keyOf(t, 2)
		store := lines.NewStore(db, from)
		want := lines.Line{ID: "l1", Name: "Shop", Account: 1, Inbox: 1, Token: "t", WebhookSecret: "w", PathSecret: "p", SourceKey: "s"}
		require.NoError(t, store.Insert(ctx, want))
		other := lines.Line{ID: "l2", Name: "Night", Account: 1, Inbox: 2, Token: "t"}
		require.NoError(t, store.Insert(ctx, other))
		_, err := db.Exec(`UPDATE line SET owner = 'a/1' WHERE id = 'l1'`)
		require.NoError(t, err)
		ours, err := store.SetShown(ctx, "l1", "a/1", []byte(`{"qr":"x"}`))
		require.NoError(t, err)
		require.True(t, ours)
		_, err = db.Exec(`UPDATE line SET token = (SELECT token FROM line WHERE id = 'l1'), deleted = 1 WHERE id = 'l2'`)
		require.NoError(t, err)

		var unread int
		require.NoError(t, db.InLongTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
			unread, err = lines.Reseal(ctx, tx, from, to)
			return err
		}))
		require.Equal(t, 1, unread, "the one that was moved from another line")
		_, err = store.List(ctx)
		require.ErrorIs(t, err, seal.ErrOpen)
		all, err := lines.NewStore(db, to).List(ctx)
		require.NoError(t, err)
		require.Len(t, all, 1)
		got := all[0]
		require.Equal(t, want.Token, got.Token)
		require.Equal(t, want.WebhookSecret, got.WebhookSecret)
		require.Equal(t, want.PathSecret, got.PathSecret)
		require.Equal(t, want.SourceKey, got.SourceKey)
		require.EqualValues(t, `{"qr":"x"}`, got.Shown)
	})
}

func TestM9_LinesThatOthersHold(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		store, now := lines.NewStore(db, keyOf(t, 1)), time.UnixMilli(1_000_000)
		for id, owner := range map[lines.ID]struct {
			name  string
			until int64
		}{
			"ours": {"ab/1", 1_000_001}, "an earlier run of ours": {"ab/0", 1_000_001}, "nobody's": {"", 1_000_001},
			"theirs": {"abc/1", 1_000_001}, "of one that died": {"abc/1", 1_000_000},
		} {
			require.NoError(t, store.Insert(t.Context(), lines.Line{ID: id, Account: 1, ChatwootURL: string(id), JID: "jid of " + string(id)}))
			_, err := db.Exec(`UPDATE line SET owner = $2, owned_until = $3 WHERE id = $1`, string(id), owner.name, owner.until)
			require.NoError(t, err)
		}
		held, err := lines.Elsewhere(t.Context(), db, "ab", now)
		require.NoError(t, err)
		require.Equal(t, map[lines.ID]string{"theirs": "jid of theirs"}, held)
	})
}
