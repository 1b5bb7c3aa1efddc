package lines_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/lines"
)

// Whether Chatwoot reaches a line's webhook outlives the process, on both databases.
func TestT17_AClosedWebhookIsRemembered(t *testing.T) {
	comparing(t, func(t *testing.T, _ *database.DB, store *lines.Store) {
		ctx := t.Context()
		closure := func(id lines.ID) lines.Closure {
			c, err := store.Closure(ctx, id)
			require.NoError(t, err)
			return c
		}
		require.Zero(t, closure("a"))
		at := func(seconds int64) time.Time { return time.UnixMilli(1_800_000_000_123 + seconds*1000) }
		closed := lines.Closure{At: at(0), Reason: "private", Detail: "Hostname 'bridge' has no public ip addresses", Tried: at(0)}
		require.NoError(t, store.SetClosure(ctx, "a", closed))
		require.Equal(t, closed, closure("a"))
		require.Zero(t, closure("b"), "each line has its own")

		closed.Tried = at(86_400)
		require.NoError(t, store.SetClosure(ctx, "a", closed))
		require.Equal(t, closed, closure("a"))

		require.NoError(t, store.SetClosure(ctx, "a", lines.Closure{}))
		require.Zero(t, closure("a"), "it works again")
		require.NoError(t, store.SetClosure(ctx, "a", closed))
		require.Equal(t, closed, closure("a"), "and is closed once more")

		_, err := store.Closure(ctx, "nobody's")
		require.Error(t, err)
		require.NoError(t, store.SetClosure(ctx, "nobody's", closed))
	})
}

// What Chatwoot said comes from a Chatwoot, and may hold anything: it must not keep
// the line from knowing that its webhook is closed.
func TestWhateverChatwootSaidOfAWebhookIsRemembered(t *testing.T) {
	details := databasetest.HostileIDs()
	details["1 MB"] = strings.Repeat("502 Bad Gateway ", 1<<16)
	comparing(t, func(t *testing.T, _ *database.DB, store *lines.Store) {
		for name, detail := range details {
			closed := lines.Closure{At: time.UnixMilli(1000), Reason: "unanswered", Detail: detail, Tried: time.UnixMilli(2000)}
			require.NoError(t, store.SetClosure(t.Context(), "a", closed), name)
			got, err := store.Closure(t.Context(), "a")
			require.NoError(t, err, name)
			require.Equal(t, []any{closed.At, closed.Reason, closed.Tried}, []any{got.At, got.Reason, got.Tried}, name)
		}
	})
}

func TestWhenAWebhookCameToAnotherProcess(t *testing.T) {
	comparing(t, func(t *testing.T, _ *database.DB, store *lines.Store) {
		ctx := t.Context()
		noted := func(id lines.ID) time.Time {
			at, err := store.WebhookNoted(ctx, id)
			require.NoError(t, err)
			return at
		}
		require.Equal(t, time.UnixMilli(0), noted("a"), "never")
		at := time.UnixMilli(1_800_000_000_123)
		require.NoError(t, store.NoteWebhook(ctx, "a", at))
		require.Equal(t, at, noted("a"))
		require.Equal(t, time.UnixMilli(0), noted("b"))
		require.NoError(t, store.NoteWebhook(ctx, "a", at.Add(time.Second+time.Microsecond)))
		require.Equal(t, at.Add(time.Second), noted("a"), "to the millisecond")
		_, err := store.WebhookNoted(ctx, "nobody's")
		require.Error(t, err)

		// It neither opens the way nor closes it.
		closed := lines.Closure{At: at, Reason: "never_came", Tried: at}
		require.NoError(t, store.SetClosure(ctx, "a", closed))
		require.NoError(t, store.NoteWebhook(ctx, "a", at))
		got, err := store.Closure(ctx, "a")
		require.NoError(t, err)
		require.Equal(t, closed, got)
	})
}

// A database that is away is an error, not a webhook that works.
func TestADatabaseThatIsAwaySaysNothingOfTheWebhook(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := store.Closure(ended, "a")
	require.ErrorIs(t, err, context.Canceled)
	_, err = store.WebhookNoted(ended, "a")
	require.ErrorIs(t, err, context.Canceled)
}
