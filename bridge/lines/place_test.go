package lines_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/seal"
)

func TestT15_AnAddressIsOnePlaceHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	want := lines.Place("https://chat.example.com", 1, 12)
	for _, same := range []string{
		"https://chat.example.com/", "https://Chat.EXAMPLE.com", "HTTPS://chat.example.com//", " https://chat.example.com ", "https://chat.example.com:443",
		"https://chat.example.com.", "https://chat.example.com/./", "https://chat.example.com?x=1", "https://chat.example.com/#top", "https://me@chat.example.com",
	} {
		require.Equal(t, want, lines.Place(same, 1, 12), same)
	}
	require.Equal(t, lines.Place("http://chat.example.com:80/desk", 1, 12), lines.Place("http://CHAT.example.com/desk/", 1, 12))
	for name, other := range map[string]string{
		"port": lines.Place("https://chat.example.com:8443", 1, 12), "path": lines.Place("https://chat.example.com/desk", 1, 12),
		"host": lines.Place("https://chat.example.org", 1, 12), "account": lines.Place("https://chat.example.com", 2, 12), "inbox": lines.Place("https://chat.example.com", 1, 13),
	} {
		require.NotEqual(t, want, other, name)
	}
	require.Empty(t, lines.Place("https://chat.example.com", 1, 0), "no inbox")
	require.Empty(t, lines.Place("", 1, 12))
}

func onBoth(t *testing.T, test func(t *testing.T, db *database.DB, store *lines.Store)) {
	t.Helper()
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		key, err := seal.NewKey(make([]byte, seal.KeySize))
		require.NoError(t, err)
		test(t, db, lines.NewStore(db, key))
	})
}

func shop(id lines.ID, address string) lines.Line {
	return lines.Line{ID: id, Name: "Line " + string(id), ChatwootURL: address, Account: 1, Inbox: 12, Settings: lines.DefaultSettings(), Token: "token"}
}

func TestT15_AnInboxHasOneLine(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database.DB, store *lines.Store) {
		ctx := t.Context()
		takenBy := func(err error, id lines.ID) {
			t.Helper()
			var taken *lines.TakenError
			require.ErrorAs(t, err, &taken)
			require.Equal(t, lines.TakenError{ID: id, Name: "Line " + string(id)}, *taken)
		}
		a, b := shop("a", "https://chat.example.com"), shop("b", "https://CHAT.example.com/")
		require.NoError(t, store.Insert(ctx, a))
		takenBy(store.Free(ctx, b), "a")
		takenBy(store.Insert(ctx, b), "a")
		require.NoError(t, store.Free(ctx, a), "its own")

		elsewhere := shop("b", "https://other.example.com")
		require.NoError(t, store.Insert(ctx, elsewhere))
		takenBy(store.Move(ctx, elsewhere, "https://Chat.example.com", "new"), "a")
		all, err := store.List(ctx)
		require.NoError(t, err)
		require.Len(t, all, 2)
		require.Equal(t, "https://other.example.com", all[1].ChatwootURL)
		require.Equal(t, "token", all[1].Token.Reveal())

		require.NoError(t, store.Move(ctx, a, "https://new.example.com", "new"))
		require.NoError(t, store.Move(ctx, elsewhere, "https://chat.example.com", "token"), "the place is free")
		require.NoError(t, store.SetDeleted(ctx, "a", time.UnixMilli(5)))
		require.NoError(t, store.Insert(ctx, shop("c", "https://new.example.com")), "a deleted line has no place")

		// An inbox that is found under another name is still the same.
		_, err = db.Exec(`UPDATE line SET inbox_identifier = 'drawn' WHERE id = 'c'`)
		require.NoError(t, err)
		alias := shop("d", "http://10.0.0.7:3000")
		require.NoError(t, store.Free(ctx, alias))
		alias.InboxIdentifier = "drawn"
		takenBy(store.Free(ctx, alias), "c")
	})
}

// Of two requests at the same moment one wins, whichever it is.
func TestT15_TwoLinesAtOnceDoNotGetOneInbox(t *testing.T) {
	onBoth(t, func(t *testing.T, _ *database.DB, store *lines.Store) {
		const racers = 8
		errs := make([]error, racers)
		var race sync.WaitGroup
		for i := range racers {
			race.Go(func() {
				line := shop(lines.ID(fmt.Sprint("r", i)), "https://chat.example.com")
				if i%2 == 0 {
					errs[i] = store.Insert(t.Context(), line)
					return
				}
				line.ChatwootURL = fmt.Sprintf("https://%d.example.com", i)
				if errs[i] = store.Insert(t.Context(), line); errs[i] == nil {
					errs[i] = store.Move(t.Context(), line, "https://Chat.example.com/", "token")
				}
			})
		}
		race.Wait()
		won := 0
		for _, err := range errs {
			var taken *lines.TakenError
			if err == nil {
				won++
			} else {
				require.True(t, errors.As(err, &taken), err)
			}
		}
		require.Equal(t, 1, won)
	})
}
