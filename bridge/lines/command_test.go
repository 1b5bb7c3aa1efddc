package lines_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/seal"
)

// A command is taken once, answered, and forgotten; one that is too old is not taken.
func TestT07_ACommandIsTakenOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		key, err := seal.NewKey(make([]byte, seal.KeySize))
		require.NoError(t, err)
		store, now := lines.NewStore(db, key), time.UnixMilli(1_800_000_000_000)
		require.NoError(t, store.Insert(ctx, lines.Line{ID: "one", Name: "Shop", Created: now, Settings: lines.DefaultSettings()}))
		old := lines.Command{ID: "a", Line: "one", Kind: lines.CommandReconnect, Asked: now.Add(-time.Minute)}
		pair := lines.Command{ID: "b", Line: "one", Kind: lines.CommandPair, Argument: "5511999990001", Asked: now}
		require.NoError(t, store.Ask(ctx, old))
		require.NoError(t, store.Ask(ctx, pair))
		asked, err := store.Asked(ctx, now.Add(-time.Second))
		require.NoError(t, err)
		require.Equal(t, []lines.Command{pair}, asked)
		for _, first := range []bool{true, false} {
			taken, err := store.Take(ctx, pair.ID, now)
			require.NoError(t, err)
			require.Equal(t, first, taken)
		}
		_, done, err := store.Answer(ctx, pair.ID)
		require.NoError(t, err)
		require.False(t, done)
		require.NoError(t, store.SetAnswer(ctx, pair.ID, "a phone is linked already", now))
		answer, done, err := store.Answer(ctx, pair.ID)
		require.NoError(t, err)
		require.True(t, done)
		require.Equal(t, "a phone is linked already", answer)
		require.NoError(t, store.ForgetCommands(ctx, now.Add(time.Second)))
		_, done, err = store.Answer(ctx, pair.ID)
		require.NoError(t, err)
		require.False(t, done)
	})
}

// What a line shows is stored by its owner alone, and not in the clear.
func TestT07_OnlyTheOwnerShowsALine(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		key, err := seal.NewKey(make([]byte, seal.KeySize))
		require.NoError(t, err)
		store := lines.NewStore(db, key)
		require.NoError(t, store.Insert(ctx, lines.Line{ID: "one", Name: "Shop", Created: time.UnixMilli(1), Settings: lines.DefaultSettings()}))
		_, err = db.Exec(`UPDATE line SET owner = 'me'`)
		require.NoError(t, err)
		for owner, ours := range map[string]bool{"me": true, "another": false} {
			stored, err := store.SetShown(ctx, "one", owner, []byte("a code of "+owner))
			require.NoError(t, err)
			require.Equal(t, ours, stored)
		}
		require.NoError(t, store.NoteLost(ctx, "one"))
		require.NoError(t, store.AskComparison(ctx, "one"))
		all, err := store.List(ctx)
		require.NoError(t, err)
		require.Equal(t, "a code of me", all[0].Shown.Reveal())
		require.EqualValues(t, 1, all[0].Lost)
		require.EqualValues(t, 1, all[0].CompareAsked)
		var raw []byte
		require.NoError(t, db.QueryRow(`SELECT shown FROM line`).Scan(&raw))
		require.NotContains(t, string(raw), "code")
	})
}
