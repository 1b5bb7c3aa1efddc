package idmap_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/idmap"
)

// open is a cache into which everybody can write.
type open map[string]string

func (o open) Get(_ context.Context, key string) (string, bool) {
	value, ok := o[key]
	return value, ok
}
func (o open) Set(_ context.Context, key, value string)             { o[key] = value }
func (open) Once(_ context.Context, _ string, _ time.Duration) bool { return true }

// mapAt is a map whose line has two chats with contacts and a message in each; refused
// counts what it does not believe.
func mapAt(t *testing.T, db *database.DB, cache idmap.Cache, key idmap.Sealer) (b bundle, ids []string, refused *int) {
	t.Helper()
	_, err := db.Exec(`INSERT INTO line (id, name, chatwoot_url, account_id, inbox_id, settings, created) VALUES ('l1', '', '', 1, 1, '{}', 0)`)
	require.NoError(t, err)
	refused = new(int)
	b = bundle{db: db, cache: cache, Map: idmap.New(db, idmap.Options{
		Cache: cache, Sealer: key, Refused: func() { *refused++ }, Clock: time.Now, NewID: databasetest.Unique,
	})}
	for i, jid := range []string{pn, "5511777770003@s.whatsapp.net"} {
		id, _ := b.resolve(t, jid)
		ids = append(ids, id)
		n := int64(i + 1)
		b.tx(t, func(ctx context.Context, tx *sql.Tx) error {
			if err := b.SetContact(ctx, tx, idmap.Chat{ID: id, Line: "l1", Contact: n, Conversation: 10 * n, Name: "Ana"}); err != nil {
				return err
			}
			return b.LinkMessage(ctx, tx, idmap.Link{Line: "l1", WA: "WA" + id, Chat: id, Message: 100 * n, Conversation: 10 * n, Sender: jid})
		})
	}
	return b, ids, refused
}

// look reads both chats and messages, which puts them into the cache.
func (b bundle) look(t *testing.T, ids []string) (chats []idmap.Chat, links []idmap.Link) {
	t.Helper()
	epoch, err := b.Epoch(t.Context(), "l1")
	require.NoError(t, err)
	for _, id := range ids {
		chats = append(chats, b.chat(t, id))
		link, err := b.LinkByWA(t.Context(), "l1", "WA"+id, epoch)
		require.NoError(t, err)
		links = append(links, link)
	}
	return chats, links
}

// Whoever writes into the cache decides nothing about where a message goes: his entry is
// as if it were not there, and counted.
func TestM7_AForgedEntryIsNotBelieved(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		cache := open{}
		key := sealer(t, 1)
		b, ids, refused := mapAt(t, db, cache, key)
		chats, links := b.look(t, ids)
		require.Len(t, cache, 4)
		require.Zero(t, *refused)
		right := open{}
		for name, value := range cache {
			right[name] = value
			for _, secret := range []string{"5511", "whatsapp.net", "Ana", `"Line"`} {
				require.NotContains(t, value, secret)
			}
		}
		// What is in the cache is used.
		_, err := db.Exec(`UPDATE chat SET name = 'Eve'`)
		require.NoError(t, err)
		again, _ := b.look(t, ids)
		require.Equal(t, chats, again)
		_, err = db.Exec(`UPDATE chat SET name = 'Ana'`)
		require.NoError(t, err)

		names := make([]string, 0, len(right))
		for name := range right {
			names = append(names, name)
		}
		plain, err := key.Open("cache/"+names[0], []byte(right[names[0]]))
		require.NoError(t, err)
		other, err := sealer(t, 2).Seal("cache/"+names[0], plain)
		require.NoError(t, err)
		elsewhere, err := key.Seal("line/l1/token", plain)
		require.NoError(t, err)
		forged := map[string]string{
			"json":                  `{"ID":"` + ids[0] + `","Line":"l1","Contact":1,"Conversation":10,"Aliases":["5566666660000@s.whatsapp.net"]}`,
			"of an earlier version": plain, "nothing": "", "null": "null", "of another key": string(other), "sealed for something else": string(elsewhere),
			"cut": right[names[0]][:len(right[names[0]])-1], "longer": right[names[0]] + "x", "long": strings.Repeat("x", 1<<20),
		}
		for i, name := range names { // those of the other entries: of another chat, of another kind
			forged["swapped "+name] = right[names[(i+1)%len(names)]]
		}
		for what, value := range forged {
			for name := range right {
				if value == right[name] {
					continue // its own
				}
				cache[name] = value
			}
			before := *refused
			gotChats, gotLinks := b.look(t, ids)
			require.Equal(t, chats, gotChats, what)
			require.Equal(t, links, gotLinks, what)
			require.GreaterOrEqual(t, *refused, before+3, what)
			before = *refused
			b.look(t, ids)
			require.Equal(t, before, *refused, "%s: it was replaced", what)
		}
	})
}

// An entry of an earlier epoch is none of this one, even if somebody writes it there.
func TestM7_AnEntryOfAnEarlierEpochIsNotBelieved(t *testing.T) {
	t.Parallel()
	cache := open{}
	b, ids, refused := mapAt(t, databasetest.SQLite(t), cache, sealer(t, 1))
	b.look(t, ids)
	earlier := open{}
	for name, value := range cache {
		earlier[name] = value
	}
	b.tx(t, func(ctx context.Context, tx *sql.Tx) error {
		return b.SetContact(ctx, tx, idmap.Chat{ID: ids[0], Line: "l1", Contact: 7, Conversation: 70})
	})
	epoch, err := b.Epoch(t.Context(), "l1")
	require.NoError(t, err)
	for name, value := range earlier {
		parts := strings.SplitN(name, "/", 3)
		cache[fmt.Sprintf("l1/%d/%s", epoch, parts[2])] = value
	}
	chats, _ := b.look(t, ids)
	require.EqualValues(t, 70, chats[0].Conversation)
	require.Equal(t, 4, *refused)
}

// In Redis itself somebody may have put anything.
func TestM7_AnythingUnderAKeyOfRedis(t *testing.T) {
	t.Parallel()
	address := databasetest.RedisURL(t)
	options, err := redis.ParseURL(address)
	require.NoError(t, err)
	direct := redis.NewClient(options)
	t.Cleanup(func() { require.NoError(t, direct.Close()) })
	prefix := databasetest.Unique() + "/"
	cache, err := idmap.NewRedis(address, prefix)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cache.Close()) })
	b, ids, refused := mapAt(t, databasetest.SQLite(t), cache, sealer(t, 1))
	var chats []idmap.Chat
	var links []idmap.Link
	var names []string
	require.Eventually(t, func() bool { // a busy machine's Redis may miss its time once
		chats, links = b.look(t, ids)
		names, err = direct.Keys(t.Context(), prefix+"*").Result()
		require.NoError(t, err)
		return len(names) == 4
	}, time.Minute, 5*time.Millisecond)
	for what, put := range map[string]func(name string) error{
		"json":     func(name string) error { return direct.Set(t.Context(), name, `{"ID":"x"}`, 0).Err() },
		"huge":     func(name string) error { return direct.SetRange(t.Context(), name, 8<<20, "x").Err() },
		"no value": func(name string) error { return direct.Set(t.Context(), name, "", 0).Err() },
		"a list": func(name string) error {
			direct.Del(t.Context(), name)
			return direct.LPush(t.Context(), name, "x").Err()
		},
	} {
		for _, name := range names {
			require.NoError(t, put(name), what)
		}
		gotChats, gotLinks := b.look(t, ids)
		require.Equal(t, chats, gotChats, what)
		require.Equal(t, links, gotLinks, what)
	}
	require.NotZero(t, *refused)
	require.Eventually(t, func() bool { // it is asked and used as before
		b.look(t, ids)
		kind, err := direct.Type(t.Context(), names[0]).Result()
		require.NoError(t, err)
		before := *refused
		b.look(t, ids)
		return kind == "string" && *refused == before
	}, time.Minute, 5*time.Millisecond)
}
