package lines_test

import (
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

// comparing runs a test with two lines, a and b.
func comparing(t *testing.T, test func(t *testing.T, db *database.DB, store *lines.Store)) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		key, err := seal.NewKey(make([]byte, seal.KeySize))
		require.NoError(t, err)
		store := lines.NewStore(db, key)
		for _, id := range []lines.ID{"a", "b"} {
			require.NoError(t, store.Insert(t.Context(), lines.Line{ID: id, Settings: lines.DefaultSettings()}))
		}
		test(t, db, store)
	})
}

// What is behind is kept by line and conversation, the next to be tried first.
func TestT14_WhatIsBehindIsRemembered(t *testing.T) {
	comparing(t, func(t *testing.T, db *database.DB, store *lines.Store) {
		ctx := t.Context()
		at := func(seconds int64) time.Time { return time.UnixMilli(1_800_000_000_000 + seconds*1000) }
		first := lines.Behind{Conversation: 7, Watermark: 70, Since: at(-60), Failures: 1, Due: at(10)}
		second := lines.Behind{Conversation: 8, Watermark: 80, Since: at(-60), Due: at(5)}
		require.NoError(t, store.SetBehind(ctx, "a", []lines.Behind{first, second}, lines.Swept{}))
		require.NoError(t, store.SetBehind(ctx, "b", []lines.Behind{first}, lines.Swept{}))
		behind := func(id lines.ID) []lines.Behind {
			all, err := store.Behind(ctx, id)
			require.NoError(t, err)
			return all
		}
		require.Equal(t, []lines.Behind{second, first}, behind("a"))

		first.Failures, first.Due = 2, at(1)
		require.NoError(t, store.SetBehind(ctx, "a", []lines.Behind{first}, lines.Swept{}))
		require.Equal(t, []lines.Behind{first, second}, behind("a"))
		require.NoError(t, store.CaughtUp(ctx, "a", 8))
		require.Equal(t, []lines.Behind{first}, behind("a"))
		require.Len(t, behind("b"), 1)

		require.NoError(t, store.SetDeleted(ctx, "a", at(0)))
		require.NoError(t, db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			_, err := store.DeleteLine(ctx, tx, "a", 10)
			return err
		}))
		require.NoError(t, store.SetBehind(ctx, "a", []lines.Behind{first}, lines.Swept{}))
		require.Empty(t, behind("a"), "its owner has learned of the deletion too late")
		require.Len(t, behind("b"), 1)
	})
}

// How far a long comparison has come is kept until one is finished.
func TestT14_ALongComparisonRemembersHowFarItHasCome(t *testing.T) {
	comparing(t, func(t *testing.T, _ *database.DB, store *lines.Store) {
		ctx := t.Context()
		swept := func(id lines.ID) lines.Swept {
			mark, err := store.Mark(ctx, id)
			require.NoError(t, err)
			return mark.Swept
		}
		require.Zero(t, swept("a"))
		at := lines.Swept{At: time.UnixMilli(2000), To: time.UnixMilli(1000)}
		require.NoError(t, store.SetBehind(ctx, "a", nil, at))
		require.Equal(t, at, swept("a"))
		require.NoError(t, store.SetBehind(ctx, "a", []lines.Behind{{Conversation: 1}}, lines.Swept{}))
		require.Equal(t, at, swept("a"))
		require.Zero(t, swept("b"))
		require.NoError(t, store.SetForeign(ctx, "a", 3))
		require.NoError(t, store.ConfirmForeign(ctx, "a"))
		require.Equal(t, at, swept("a"))
		require.NoError(t, store.SetMark(ctx, "a", lines.Mark{Watermark: 5, At: time.UnixMilli(3000)}))
		require.Zero(t, swept("a"))
	})
}
