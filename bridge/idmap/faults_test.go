package idmap_test

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/idmap"
)

// silent listens, accepts, and never answers.
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var group sync.WaitGroup
	group.Go(func() {
		var open []net.Conn
		for {
			conn, err := listener.Accept()
			if err != nil {
				break
			}
			open = append(open, conn)
		}
		for _, conn := range open {
			_ = conn.Close()
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		group.Wait()
	})
	return listener.Addr().String()
}

// A Redis that hangs may cost a moment now and then, not a time-out for each
// look-up: fifty of those would take more than twelve seconds.
func TestAHangingRedisIsLeftAlone(t *testing.T) {
	t.Parallel()
	r := redisAt(t, "redis://"+silent(t))
	began := time.Now()
	for range 50 {
		_, ok := r.Get(ctx, "x")
		require.False(t, ok)
		r.Set(ctx, "x", "y")
	}
	require.Less(t, time.Since(began), 6*time.Second)
}

func TestOnceIsKeptInProcessWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	r := redisAt(t, "redis://"+silent(t))
	require.True(t, r.Once(ctx, "a", time.Minute))
	require.False(t, r.Once(ctx, "a", time.Minute))
	require.True(t, r.Once(ctx, "b", time.Minute))
}

func TestACallerThatWentAwayIsNotRedissFault(t *testing.T) {
	t.Parallel()
	r := redisAt(t, databasetest.RedisURL(t))
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, ok := r.Get(gone, "a")
	require.False(t, ok)
	value := ""
	require.Eventually(t, func() bool { // a busy machine's Redis may miss its time once
		r.Set(ctx, "a", "b")
		value, ok = r.Get(ctx, "a")
		return ok
	}, time.Minute, 5*time.Millisecond)
	require.Equal(t, "b", value)
}

// Entries of another schema, or damaged ones, are misses.
func TestD33_RubbishInRedisIsNotBelieved(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		id, _ := b.resolve(t, pn)
		b.cache.Set(ctx, "l1/1/chat/"+id, `{"ID": 12`)
		require.Equal(t, id, b.chat(t, id).ID)
	})
}

func TestD33_RedisFlushedBetweenTwoLooks(t *testing.T) {
	t.Parallel()
	address, err := url.Parse(databasetest.RedisURL(t))
	require.NoError(t, err)
	address.Path = "/77" // a database of its own, as flushing takes everything
	opts, err := redis.ParseURL(address.String())
	require.NoError(t, err)
	admin := redis.NewClient(opts)
	t.Cleanup(func() { require.NoError(t, admin.Close()) })

	db := databasetest.SQLite(t)
	_, err = db.Exec(`INSERT INTO line (id, name, chatwoot_url, account_id, inbox_id, settings, created) VALUES ('l1', '', '', 1, 1, '{}', 0)`)
	require.NoError(t, err)
	b := bundle{db: db, Map: idmap.New(db, idmap.Options{Cache: redisAt(t, address.String()), Clock: time.Now, NewID: databasetest.Unique})}
	id, _ := b.resolve(t, pn)
	b.tx(t, func(ctx context.Context, tx *sql.Tx) error {
		return b.SetContact(ctx, tx, idmap.Chat{ID: id, Line: "l1", Contact: 7, Conversation: 70})
	})
	before := b.chat(t, id)
	require.Eventually(t, func() bool { // a busy machine's Redis may miss its time once
		require.Equal(t, before, b.chat(t, id))
		size, err := admin.DBSize(ctx).Result()
		require.NoError(t, err)
		return size > 0
	}, time.Minute, 5*time.Millisecond, "the chat should be cached")
	require.NoError(t, admin.FlushDB(ctx).Err())
	require.Equal(t, before, b.chat(t, id))
}

func TestACachedChatLearnsANewJIDAndName(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		id, _ := b.resolve(t, pn)
		set := func(name string) {
			b.tx(t, func(ctx context.Context, tx *sql.Tx) error {
				return b.SetContact(ctx, tx, idmap.Chat{ID: id, Line: "l1", Contact: 7, Conversation: 70, Name: name})
			})
		}
		set("Ana")
		require.Equal(t, []string{pn}, b.chat(t, id).Aliases, "and now it may be cached")
		b.resolve(t, pn, lid)
		require.Equal(t, []string{pn, lid}, b.chat(t, id).Aliases)
		set("Ana Maria")
		require.Equal(t, "Ana Maria", b.chat(t, id).Name)
	})
}

func TestR09_AMergeKeepsTheOnlyContact(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		elder, _ := b.resolve(t, lid)
		younger, _ := b.resolve(t, pn)
		contact := idmap.Chat{ID: younger, Line: "l1", Name: "Ana", Contact: 7, Conversation: 70}
		b.tx(t, func(ctx context.Context, tx *sql.Tx) error { return b.SetContact(ctx, tx, contact) })
		b.tx(t, func(ctx context.Context, tx *sql.Tx) error {
			return b.MergeChats(ctx, tx, "l1", idmap.Merge{Elder: elder, Younger: younger})
		})
		got := b.chat(t, elder)
		require.Equal(t, idmap.Chat{
			ID: elder, Line: "l1", SourceID: "src-" + younger, Name: "Ana",
			Contact: 7, Conversation: 70, Aliases: []string{pn, lid},
		}, got)
		for _, source := range []string{"src-" + younger, "src-" + elder} {
			bySource, err := b.ChatBySource(ctx, "l1", source)
			require.NoError(t, err)
			require.Equal(t, elder, bySource.ID)
		}
	})
}

// Appends of one new person come in at once: one chat, whatever wins.
func TestD17_ABurstOfANewPersonMakesOneChat(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		_, err := db.Exec(`INSERT INTO line (id, name, chatwoot_url, account_id, inbox_id, settings, created) VALUES ('l1', '', '', 1, 1, '{}', 0)`)
		require.NoError(t, err)
		m := idmap.New(db, idmap.Options{Cache: idmap.NewMemory(100, time.Now), Clock: time.Now, NewID: databasetest.Unique})
		const n = 12
		ids, faults := make([]string, n), make([]error, n)
		var group sync.WaitGroup
		for i := range n {
			group.Go(func() {
				faults[i] = db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
					found, err := m.Resolve(ctx, tx, "l1", func(chat string) string { return chat }, lid, pn)
					ids[i] = found.Chat
					return err
				})
			})
		}
		group.Wait()
		require.NoError(t, errors.Join(faults...))
		for _, id := range ids {
			require.Equal(t, ids[0], id)
		}
		var chats int
		require.NoError(t, db.QueryRow(`SELECT COUNT(*) FROM chat`).Scan(&chats))
		require.Equal(t, 1, chats)
	})
}

// The sender records "sent" while a receipt has it "delivered" already.
func TestStatusesThatMeetKeepTheHigher(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		chat, _ := b.resolve(t, pn)
		for round := range 10 {
			wa := databasetest.Unique()
			b.tx(t, func(ctx context.Context, tx *sql.Tx) error {
				return b.LinkMessage(ctx, tx, idmap.Link{Line: "l1", WA: wa, Chat: chat, Message: int64(round), Status: idmap.Sending})
			})
			steps := []idmap.Status{idmap.Sent, idmap.Delivered, idmap.Read}
			faults := make([]error, len(steps))
			var group sync.WaitGroup
			for i, to := range steps {
				group.Go(func() {
					faults[i] = b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
						_, err := b.Advance(ctx, tx, "l1", wa, to)
						return err
					})
				})
			}
			group.Wait()
			require.NoError(t, errors.Join(faults...))
			links, err := b.LinksByMessage(ctx, "l1", int64(round))
			require.NoError(t, err)
			require.Equal(t, idmap.Read, links[0].Status)
		}
	})
}

// What this process has asked for before Redis went away, it still knows.
func TestR27_OnceOutlivesRedis(t *testing.T) {
	t.Parallel()
	r, err := idmap.NewRedis(databasetest.RedisURL(t), databasetest.Unique()+"/")
	require.NoError(t, err)
	require.True(t, r.Once(ctx, "a", time.Minute))
	require.NoError(t, r.Close())
	require.False(t, r.Once(ctx, "a", time.Minute))
	require.True(t, r.Once(ctx, "b", time.Minute))
}
