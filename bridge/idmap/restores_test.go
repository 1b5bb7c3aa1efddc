package idmap_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/idmap"
)

// An id that is known with an earlier time is another message's: Chatwoot was restored.
func TestT09_AKnownIDWithALaterTimeIsAnotherMessage(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		chat, _ := b.resolve(t, lid, pn)
		written := time.Unix(1_800_000_000, 0)
		link := func(wa string, message int64, origin idmap.Origin, at time.Time) {
			b.tx(t, func(ctx context.Context, tx *sql.Tx) error {
				return b.LinkMessage(ctx, tx, idmap.Link{Line: "l1", WA: wa, Chat: chat, Message: message, Conversation: 7, Origin: origin, Status: idmap.Sent, Written: at})
			})
		}
		meet := func(message int64, at time.Time) idmap.Restores {
			restores, err := b.Meet(ctx, "l1", message, at)
			require.NoError(t, err)
			return restores
		}
		links := func(message int64) (ids []string) {
			found, err := b.LinksByMessage(ctx, "l1", message)
			require.NoError(t, err)
			for _, l := range found {
				ids = append(ids, l.WA)
			}
			return ids
		}
		b.tx(t, func(ctx context.Context, tx *sql.Tx) error {
			if err := b.SetContact(ctx, tx, idmap.Chat{ID: chat, Line: "l1", Contact: 5, Conversation: 7}); err != nil {
				return err
			}
			return b.SetAgentMessage(ctx, tx, "l1", 11, written, idmap.AgentSent)
		})
		link("first", 10, idmap.FromCustomer, written)
		link("second", 11, idmap.FromAgent, written)
		link("third", 12, idmap.FromAgent, written.Add(time.Minute))

		none := idmap.Restores{}
		require.Equal(t, none, meet(11, written), "the same one, told again")
		require.Equal(t, none, meet(11, written.Add(time.Millisecond)), "by a way that tells more of its time")
		require.Equal(t, none, meet(11, time.Time{}), "by a way that tells none")
		require.Equal(t, none, meet(13, written.Add(time.Hour)), "a new one")
		link("first", 10, idmap.FromCustomer, written)
		require.Equal(t, none, meet(9, written))
		before := b.epoch(t)

		require.Equal(t, idmap.Restores{Times: 1, From: 11}, meet(11, written.Add(2*time.Hour)))
		require.Greater(t, b.epoch(t), before)
		require.Equal(t, []string{"first"}, links(10))
		require.Empty(t, links(11))
		require.Empty(t, links(12))
		require.Equal(t, []string{"second"}, links(-11))
		a, err := b.AgentMessage(ctx, "l1", 11)
		require.NoError(t, err)
		require.Equal(t, idmap.AgentMessage{Restores: idmap.Restores{Times: 1, From: 11}}, a)
		found := b.chat(t, chat)
		require.Zero(t, found.Contact)
		require.Zero(t, found.Conversation)
		_, err = b.ChatByConversation(ctx, "l1", 7)
		require.ErrorIs(t, err, idmap.ErrUnknown)
		linked, err := b.Linked(ctx, "l1", "third")
		require.NoError(t, err, "what is known of WhatsApp's messages stays")
		require.EqualValues(t, -12, linked.Message)

		again := idmap.Restores{Times: 1, From: 11}
		link("fourth", 11, idmap.FromAgent, written.Add(2*time.Hour))
		require.Equal(t, again, meet(11, written.Add(2*time.Hour)), "one restore is one")
		link("fifth", 12, idmap.FromCustomer, written.Add(2*time.Hour))
		require.Equal(t, again, meet(13, written.Add(3*time.Hour)))
		require.Zero(t, again.Of(10))
		require.EqualValues(t, 1, again.Of(11))

		link("sixth", 11, idmap.FromOwnPhone, written.Add(9*time.Hour)) // restored once more
		restores, err := b.Restores(ctx, "l1")
		require.NoError(t, err)
		require.Equal(t, idmap.Restores{Times: 2, From: 11}, restores)
		require.Equal(t, []string{"sixth"}, links(11))
		require.Empty(t, links(12))
	})
}

// When a restore was noticed, and what is known of the messages that were lost by it, is
// kept for people.
func TestT09_WhatARestoreHasLostIsKeptForPeople(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		chat, _ := b.resolve(t, lid, pn)
		written := time.Unix(1_800_000_000, 0)
		b.tx(t, func(ctx context.Context, tx *sql.Tx) error {
			for i, origin := range []idmap.Origin{idmap.FromCustomer, idmap.FromAgent, idmap.FromCustomer, idmap.FromCustomer} {
				at := written.Add(time.Duration(i) * time.Minute)
				err := b.LinkMessage(ctx, tx, idmap.Link{Line: "l1", WA: string(origin) + at.String(), Chat: chat, Message: int64(10 + i), Conversation: 7, Origin: origin, Written: at})
				if err != nil {
					return err
				}
			}
			return b.SetAgentMessage(ctx, tx, "l1", 14, written.Add(4*time.Minute), idmap.AgentSent)
		})
		kept := func() (at int64, since, until time.Time) {
			var from, to int64
			require.NoError(t, b.db.QueryRow(`SELECT restored_at, lost_since, lost_until FROM line WHERE id = 'l1'`).Scan(&at, &from, &to))
			return at, time.Unix(from, 0), time.Unix(to, 0)
		}
		at, _, _ := kept()
		require.Zero(t, at)
		meet := func(message int64, ago time.Duration) {
			_, err := b.Meet(ctx, "l1", message, written.Add(ago))
			require.NoError(t, err)
		}
		meet(12, 2*time.Hour)
		at, since, until := kept()
		require.NotZero(t, at)
		require.Equal(t, written.Add(2*time.Minute), since)
		require.Equal(t, written.Add(4*time.Minute), until)
		meet(11, time.Hour) // which was told late
		again, since, until := kept()
		require.Equal(t, at, again, "one restore is one")
		require.Equal(t, written.Add(time.Minute), since)
		require.Equal(t, written.Add(4*time.Minute), until)
	})
}

// What the ledger has from before it remembered times is told apart by what it is.
func TestT09_WhatWasKnownWithoutATimeIsToldApart(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		chat, _ := b.resolve(t, lid)
		for wa, message := range map[string]int64{"hers": 20, "an agent's": 21} {
			origin := idmap.FromAgent
			if wa == "hers" {
				origin = idmap.FromCustomer
			}
			b.tx(t, func(ctx context.Context, tx *sql.Tx) error {
				return b.LinkMessage(ctx, tx, idmap.Link{Line: "l1", WA: wa, Chat: chat, Message: message, Origin: origin, Status: idmap.Sent})
			})
		}
		for _, met := range []struct {
			message int64
			at      time.Time
			times   int64
		}{
			{21, time.UnixMilli(0).Add(time.Minute), 0}, // the clocks may differ
			{21, time.UnixMilli(0).Add(2 * time.Hour), 1},
			{20, time.UnixMilli(0), 1}, // the restore is known
		} {
			restores, err := b.Meet(ctx, "l1", met.message, met.at)
			require.NoError(t, err)
			require.Equal(t, met.times, restores.Times)
		}
		restores, err := b.Restores(ctx, "l1")
		require.NoError(t, err)
		require.EqualValues(t, 20, restores.From)
	})
}

// A conversation's number that is another chat's now is not the first one's any more.
func TestT09_AConversationIsOfOneChat(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		first, _ := b.resolve(t, pn)
		second, _ := b.resolve(t, lid)
		for _, chat := range []string{first, second} {
			require.Zero(t, b.chat(t, chat).Conversation)
			b.tx(t, func(ctx context.Context, tx *sql.Tx) error {
				return b.SetContact(ctx, tx, idmap.Chat{ID: chat, Line: "l1", Contact: 5, Conversation: 7})
			})
			require.EqualValues(t, 7, b.chat(t, chat).Conversation)
		}
		require.Zero(t, b.chat(t, first).Conversation)
	})
}

// A number goes with the hidden id with which it is shown; the chat that had it keeps
// everything else.
func TestT08_ANumberMovesToAnotherChat(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		const other, second = "8240002@lid", "5511000000002@s.whatsapp.net"
		hers, _ := b.resolve(t, lid, pn)
		his, _ := b.resolve(t, other)
		resolve := func(jids ...string) (found idmap.Resolved) {
			b.tx(t, func(ctx context.Context, tx *sql.Tx) (err error) {
				found, err = b.Resolve(ctx, tx, "l1", func(chat string) string { return "src-" + chat }, jids...)
				return err
			})
			return found
		}
		require.Equal(t, idmap.Resolved{Chat: his, Moves: []idmap.Move{{Chat: hers, Lost: pn}}}, resolve(other, pn))
		require.Equal(t, []string{lid}, b.chat(t, hers).Aliases)
		require.ElementsMatch(t, []string{other, pn}, b.chat(t, his).Aliases)
		require.True(t, b.chat(t, hers).ByLID)
		require.False(t, b.chat(t, his).ByLID)

		require.Equal(t, idmap.Resolved{Chat: hers, Moves: []idmap.Move{{Chat: hers}}}, resolve(lid, second))
		require.Equal(t, second, b.chat(t, hers).Number())
		require.Equal(t, idmap.Resolved{Chat: his, Moves: []idmap.Move{{Chat: hers, Lost: second}, {Chat: his, Lost: pn}}}, resolve(other, second))
		require.Equal(t, second, b.chat(t, his).Number())
		require.Equal(t, []string{pn}, b.chat(t, his).Former)
		_, known, err := b.Known(ctx, "l1", pn)
		require.NoError(t, err)
		require.False(t, known, "nobody knows whose it is")
		require.NotEqual(t, his, resolve(pn).Chat)
		chat, known, err := b.Known(ctx, "l1", other, second)
		require.NoError(t, err)
		require.True(t, known)
		require.Equal(t, his, chat)
	})
}
