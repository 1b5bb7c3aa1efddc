package idmap_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/idmap"
)

// Of each person the last word counts, in the order in which they spoke.
func TestRemarksAreWhatEverybodySaidLast(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		at := time.UnixMilli(1_800_000_000_000)
		about := idmap.About{Line: "l1", Chat: "c1", Message: "3EB0A\x00" + strings.Repeat("x", 3000), Kind: idmap.RemarkVote}
		say := func(about idmap.About, person, value string, after time.Duration) {
			b.tx(t, func(ctx context.Context, tx *sql.Tx) error {
				return b.SetRemark(ctx, tx, about, idmap.Remark{Person: person, Value: value, At: at.Add(after)})
			})
		}
		say(about, lid, "a", 0)
		say(about, pn, "b", time.Second)
		say(about, lid, "", 2*time.Second)
		other := about
		other.Chat = "c2"
		say(other, pn, "elsewhere", 0)
		all, err := b.Remarks(ctx, about)
		require.NoError(t, err)
		require.Equal(t, []idmap.Remark{{pn, "b", at.Add(time.Second)}, {lid, "", at.Add(2 * time.Second)}}, all)
		one, err := b.Remark(ctx, about, pn)
		require.NoError(t, err)
		require.Equal(t, all[0], one)
		none, err := b.Remark(ctx, about, "nobody")
		require.NoError(t, err)
		require.Zero(t, none)
		b.tx(t, func(ctx context.Context, tx *sql.Tx) error { return b.DeleteRemarks(ctx, tx, about) })
		all, err = b.Remarks(ctx, about)
		require.NoError(t, err)
		require.Empty(t, all)
		one, err = b.Remark(ctx, other, pn)
		require.NoError(t, err)
		require.Equal(t, "elsewhere", one.Value)
	})
}

// What was said in either of two chats is known in the one that they become, and nothing
// is left of a line that is deleted.
func TestRemarksGoWithTheirChatAndTheirLine(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		elder, _ := b.resolve(t, lid)
		younger, _ := b.resolve(t, pn)
		about := func(chat, message string) idmap.About {
			return idmap.About{Line: "l1", Chat: chat, Message: message, Kind: idmap.RemarkReaction}
		}
		b.tx(t, func(ctx context.Context, tx *sql.Tx) error {
			for _, said := range []struct{ chat, message, value string }{{elder, "A", "elder"}, {younger, "A", "younger"}, {younger, "B", "younger"}} {
				if err := b.SetRemark(ctx, tx, about(said.chat, said.message), idmap.Remark{Person: lid, Value: said.value}); err != nil {
					return err
				}
			}
			return b.MergeChats(ctx, tx, "l1", idmap.Merge{Elder: elder, Younger: younger})
		})
		for message, want := range map[string]string{"A": "elder", "B": "younger"} {
			got, err := b.Remark(ctx, about(elder, message), lid)
			require.NoError(t, err)
			require.Equal(t, want, got.Value)
		}
		for left := 1; left > 0; {
			b.tx(t, func(ctx context.Context, tx *sql.Tx) (err error) {
				left, err = b.DeleteLine(ctx, tx, "l1", 2)
				return err
			})
			if left < 2 {
				break
			}
		}
		got, err := b.Remark(ctx, about(elder, "A"), lid)
		require.NoError(t, err)
		require.Zero(t, got)
	})
}
