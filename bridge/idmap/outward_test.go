package idmap_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/idmap"
)

func TestAChatsTimerIsTheLatestOneAndSurvivesAMerge(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		elder, _ := b.resolve(t, "5511888880002@s.whatsapp.net")
		younger, _ := b.resolve(t, "1@lid")
		set := func(chat string, seconds, at int64) {
			b.tx(t, func(ctx context.Context, tx *sql.Tx) error { return b.SetTimer(ctx, tx, "l1", chat, seconds, at) })
		}
		timer := func(chat string) [2]int64 {
			c := b.chat(t, chat)
			return [2]int64{c.Timer, c.TimerSet}
		}
		require.Equal(t, [2]int64{}, timer(elder))
		set(elder, 86400, 100)
		require.Equal(t, [2]int64{86400, 100}, timer(elder))
		set(elder, 0, 90)
		require.Equal(t, [2]int64{86400, 100}, timer(elder))
		set(younger, 604800, 200)
		b.tx(t, func(ctx context.Context, tx *sql.Tx) error {
			return b.MergeChats(ctx, tx, "l1", idmap.Merge{Elder: elder, Younger: younger})
		})
		require.Equal(t, [2]int64{604800, 200}, timer(elder))
		require.Equal(t, [2]int64{604800, 200}, timer(younger), "it names the elder")
	})
}

func TestWhatWasPreparedIsKeptUntilAllHasLeft(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		chat, _ := b.resolve(t, "5511888880002@s.whatsapp.net")
		prepared := func() string {
			text, err := b.Prepared(ctx, "l1", 7)
			require.NoError(t, err)
			return text
		}
		require.Empty(t, prepared())
		link := idmap.Link{Line: "l1", WA: "A", Part: 1, Chat: chat, Message: 7, Origin: idmap.FromAgent, Status: idmap.Sending, Prepared: `{"text":"\u0000é"}`}
		more := idmap.Link{Line: "l1", WA: "B", Part: 2, Chat: chat, Message: 7, Origin: idmap.FromAgent, Status: idmap.Sending}
		b.tx(t, func(ctx context.Context, tx *sql.Tx) error {
			for _, l := range []idmap.Link{link, more} {
				if err := b.LinkMessage(ctx, tx, l); err != nil {
					return err
				}
			}
			link.Prepared = "later"
			return b.LinkMessage(ctx, tx, link)
		})
		require.Equal(t, `{"text":"\u0000é"}`, prepared(), "the first decision stays")
		b.tx(t, func(ctx context.Context, tx *sql.Tx) error { return b.ForgetPrepared(ctx, tx, "l1", 7) })
		require.Empty(t, prepared())

		who, err := b.SignedBy(ctx, chat)
		require.NoError(t, err)
		require.Zero(t, who)
		b.tx(t, func(ctx context.Context, tx *sql.Tx) error { return b.SetSignedBy(ctx, tx, chat, 5) })
		who, err = b.SignedBy(ctx, chat)
		require.NoError(t, err)
		require.EqualValues(t, 5, who)
	})
}

func TestReceiptsOfAGroupAreCounted(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		chat, _ := b.resolve(t, "1@g.us")
		note := func(member string, read bool) idmap.Reached {
			b.tx(t, func(ctx context.Context, tx *sql.Tx) error { return b.NoteMember(ctx, tx, "l1", "A", member, read) })
			known, err := b.In(b.db).Reached(ctx, "l1", "A")
			require.NoError(t, err)
			return known
		}
		b.tx(t, func(ctx context.Context, tx *sql.Tx) error {
			return b.LinkMessage(ctx, tx, idmap.Link{Line: "l1", WA: "A", Chat: chat, Message: 7, Origin: idmap.FromAgent, Status: idmap.Sent, Members: 2})
		})
		require.Equal(t, idmap.Reached{Members: 2, Read: map[string]bool{"1@lid": true}}, note("1@lid", true))
		require.Equal(t, idmap.Reached{Members: 2, Read: map[string]bool{"1@lid": true}}, note("1@lid", false))
		require.Equal(t, idmap.Reached{Members: 2, Read: map[string]bool{"1@lid": true, "2@lid": false}}, note("2@lid", false))
		b.tx(t, func(ctx context.Context, tx *sql.Tx) error {
			if _, err := b.Advance(ctx, tx, "l1", "A", idmap.Read); err != nil {
				return err
			}
			return b.ForgetMembers(ctx, tx, "l1", "A")
		})
		require.Empty(t, note("2@lid", true).Read, "all have read it")
		require.NoError(t, b.PruneMembers(ctx, time.Now()))
	})
}
