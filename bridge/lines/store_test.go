package lines_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/seal"
)

func newStore(t *testing.T) *lines.Store {
	t.Helper()
	key, err := seal.NewKey(make([]byte, seal.KeySize))
	require.NoError(t, err)
	store := lines.NewStore(databasetest.SQLite(t), key)
	require.NoError(t, store.Insert(t.Context(), lines.Line{ID: "a", Token: "hunter2", Settings: lines.DefaultSettings()}))
	return store
}

func TestALineIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	settings := lines.DefaultSettings()
	settings.Formatting, settings.Timezone = new(false), "America/Sao_Paulo"
	require.NoError(t, store.SetSettings(t.Context(), "a", "Shop", settings))
	require.NoError(t, store.SetDevice(t.Context(), "a", "1:2@s.whatsapp.net", "1"))
	require.NoError(t, store.SetWebhookSecret(t.Context(), "a", "whsec"))
	all, err := store.List(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)
	line := all[0]
	require.Equal(t, "Shop", line.Name)
	require.Equal(t, settings, line.Settings)
	require.Equal(t, []string{"1:2@s.whatsapp.net", "1", "hunter2", "whsec"}, []string{line.JID, line.Phone, line.Token.Reveal(), line.WebhookSecret.Reveal()})
}

// A confirmation that comes while a comparison is about to report again is kept.
func TestAConfirmationOutlivesAComparisonThatReports(t *testing.T) {
	t.Parallel()
	ctx, store := t.Context(), newStore(t)
	foreign := func() int64 {
		mark, err := store.Mark(ctx, "a")
		require.NoError(t, err)
		return mark.Foreign
	}
	require.NoError(t, store.SetForeign(ctx, "a", 2))
	require.EqualValues(t, 2, foreign())
	require.NoError(t, store.ConfirmForeign(ctx, "a"))
	require.NoError(t, store.SetForeign(ctx, "a", 2))
	require.EqualValues(t, lines.ForeignConfirmed, foreign())
	require.NoError(t, store.SetMark(ctx, "a", lines.Mark{}))
	require.NoError(t, store.SetForeign(ctx, "a", 3))
	require.EqualValues(t, 3, foreign(), "a confirmation is for one comparison")
}
