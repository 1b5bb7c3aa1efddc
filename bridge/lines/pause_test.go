package lines_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/seal"
)

// What an admin has paused is neither paused for another cause nor resumed for one.
func TestK1_OnlyTheCauseOfAPauseEndsIt(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := t.Context()
		key, err := seal.NewKey(make([]byte, seal.KeySize))
		require.NoError(t, err)
		store := lines.NewStore(db, key)
		require.NoError(t, store.Insert(ctx, lines.Line{ID: "a", Token: "x", Settings: lines.DefaultSettings()}))
		paused := func() lines.Pause {
			all, err := store.List(ctx)
			require.NoError(t, err)
			return all[0].Pause
		}
		token := lines.Pause{Cause: lines.PausedByToken, Sentence: "The token."}
		require.NoError(t, store.SetPaused(ctx, "a", token))
		require.Equal(t, token, paused())
		resumed, err := store.ResumeFrom(ctx, "a", lines.PausedByInbox)
		require.NoError(t, err)
		require.False(t, resumed)
		resumed, err = store.ResumeFrom(ctx, "a", lines.PausedByToken)
		require.NoError(t, err)
		require.True(t, resumed)
		require.Equal(t, lines.Pause{}, paused())

		admin := lines.Pause{Cause: lines.PausedByAdmin, Sentence: "An admin."}
		require.NoError(t, store.SetPaused(ctx, "a", token))
		require.NoError(t, store.SetPaused(ctx, "a", admin))
		require.NoError(t, store.SetPaused(ctx, "a", token))
		require.Equal(t, admin, paused())
		require.NoError(t, store.Resume(ctx, "a"))
		require.Equal(t, lines.Pause{}, paused())
	})
}
