package idmap_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ctx = context.Background()

type bundle struct {
	*idmap.Map
	db    *database.DB
	cache idmap.Cache
}

// each runs a test on both databases with each kind of cache; what the map
// answers must not depend on either.
func each(t *testing.T, test func(t *testing.T, b bundle)) {
	t.Parallel()
	caches := map[string]func(t *testing.T) idmap.Cache{
		"memory": func(t *testing.T) idmap.Cache { return idmap.NewMemory(100, time.Now) },
		"redis":  func(t *testing.T) idmap.Cache { return redisAt(t, databasetest.RedisURL(t)) },
		"redis is down": func(t *testing.T) idmap.Cache {
			free, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			require.NoError(t, free.Close())
			return redisAt(t, "redis://"+free.Addr().String())
		},
		"redis hangs": func(t *testing.T) idmap.Cache { return redisAt(t, "redis://"+silent(t)) },
	}
	for name, newCache := range caches {
		t.Run(name, func(t *testing.T) {
			databasetest.Each(t, func(t *testing.T, db *database.DB) {
				_, err := db.Exec(`INSERT INTO line (id, name, chatwoot_url, account_id, inbox_id, settings, created)
					VALUES ('l1', '', '', 1, 1, '{}', 0)`)
				require.NoError(t, err)
				n := 0
				cache := newCache(t)
				b := bundle{db: db, cache: cache, Map: idmap.New(db, idmap.Options{
					Cache: cache, Sealer: sealer(t, 1), Clock: func() time.Time { n++; return time.UnixMilli(int64(n)) },
					NewID: func() string { n++; return fmt.Sprint("chat", n) },
				})}
				test(t, b)
			})
		})
	}
}

func sealer(t testing.TB, b byte) *seal.Key {
	t.Helper()
	key, err := seal.NewKey(bytes.Repeat([]byte{b}, seal.KeySize))
	require.NoError(t, err)
	return key
}

func redisAt(t *testing.T, address string) *idmap.Redis {
	t.Helper()
	r, err := idmap.NewRedis(address, databasetest.Unique()+"/")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

func (b bundle) tx(t *testing.T, fn func(ctx context.Context, tx *sql.Tx) error) {
	t.Helper()
	require.NoError(t, b.db.InTx(ctx, fn))
}

func (b bundle) resolve(t *testing.T, jids ...string) (chat string, merge *idmap.Merge) {
	t.Helper()
	b.tx(t, func(ctx context.Context, tx *sql.Tx) (err error) {
		found, err := b.Resolve(ctx, tx, "l1", func(chat string) string { return "src-" + chat }, jids...)
		chat, merge = found.Chat, found.Merge
		return err
	})
	return chat, merge
}

func (b bundle) epoch(t *testing.T) int64 {
	t.Helper()
	g, err := b.Epoch(ctx, "l1")
	require.NoError(t, err)
	return g
}

func (b bundle) chat(t *testing.T, id string) idmap.Chat {
	t.Helper()
	c, err := b.Chat(ctx, "l1", id, b.epoch(t))
	require.NoError(t, err)
	return c
}

const (
	pn  = "5511999990001@s.whatsapp.net"
	lid = "8240001@lid"
)

func TestR09_OnePersonIsOneChatWhateverTheAddressing(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		first, merge := b.resolve(t, pn)
		require.Nil(t, merge)
		both, merge := b.resolve(t, lid, pn)
		require.Nil(t, merge)
		later, _ := b.resolve(t, lid)
		require.Equal(t, []string{first, first}, []string{both, later})
		require.Equal(t, []string{pn, lid}, b.chat(t, first).Aliases)
	})
}

func TestR09_TwoChatsOfOnePersonAreMerged(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		elder, _ := b.resolve(t, lid)
		younger, _ := b.resolve(t, pn)
		require.NotEqual(t, elder, younger)
		b.tx(t, func(ctx context.Context, tx *sql.Tx) error {
			return b.SetContact(ctx, tx, idmap.Chat{ID: younger, Line: "l1", Contact: 7, Conversation: 70})
		})
		require.Equal(t, younger, b.chat(t, younger).ID, "and now it may be cached")

		got, merge := b.resolve(t, pn, lid)
		require.Equal(t, elder, got)
		require.Equal(t, &idmap.Merge{Elder: elder, Younger: younger}, merge)
		b.tx(t, func(ctx context.Context, tx *sql.Tx) error { return b.MergeChats(ctx, tx, "l1", *merge) })

		require.Equal(t, elder, b.chat(t, younger).ID)
		byConversation, err := b.ChatByConversation(ctx, "l1", 70)
		require.NoError(t, err)
		require.Equal(t, elder, byConversation.ID)
		bySource, err := b.ChatBySource(ctx, "l1", "src-"+younger)
		require.NoError(t, err)
		require.Equal(t, elder, bySource.ID)
		_, merge = b.resolve(t, pn, lid)
		require.Nil(t, merge)
	})
}

func TestD33_AChangedConversationIsNeverReadFromTheCache(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		id, _ := b.resolve(t, pn)
		for _, conversation := range []int64{70, 71, 0, 72} {
			b.tx(t, func(ctx context.Context, tx *sql.Tx) error {
				return b.SetContact(ctx, tx, idmap.Chat{ID: id, Line: "l1", Contact: 7, Conversation: conversation})
			})
			require.Equal(t, conversation, b.chat(t, id).Conversation)
			require.Equal(t, conversation, b.chat(t, id).Conversation)
		}
	})
}

func TestD33_AStaleEntryOfAnEarlierGenerationIsNotBelieved(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		id, _ := b.resolve(t, pn)
		before := b.epoch(t)
		b.cache.Set(ctx, fmt.Sprintf("l1/%d/chat/%s", before, id), `{"ID":"`+id+`","Conversation":666,"Contact":6}`)
		b.tx(t, func(ctx context.Context, tx *sql.Tx) error { return b.RaiseEpoch(ctx, tx, "l1") })
		require.Zero(t, b.chat(t, id).Conversation)
	})
}

func TestAReceiptNeverTakesAMessageBack(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		chat, _ := b.resolve(t, pn)
		link := idmap.Link{Line: "l1", WA: "3EB0", Part: 1, Chat: chat, Message: 5, Conversation: 70, Origin: idmap.FromAgent, Status: idmap.Sending}
		advance := func(to idmap.Status) (moved bool) {
			b.tx(t, func(ctx context.Context, tx *sql.Tx) (err error) {
				moved, err = b.Advance(ctx, tx, "l1", "3EB0", to)
				return err
			})
			return moved
		}
		require.ErrorIs(t, b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			_, err := b.Advance(ctx, tx, "l1", "3EB0", idmap.Read)
			return err
		}), idmap.ErrUnknown)
		b.tx(t, func(ctx context.Context, tx *sql.Tx) error { return b.LinkMessage(ctx, tx, link) })
		for _, step := range []struct {
			to    idmap.Status
			moves bool
		}{{idmap.Sent, true}, {idmap.Failed, false}, {idmap.Read, true}, {idmap.Delivered, false}, {idmap.Read, false}} {
			require.Equal(t, step.moves, advance(step.to), step.to)
		}
		links, err := b.LinksByMessage(ctx, "l1", 5)
		require.NoError(t, err)
		link.Status = idmap.Read
		require.Equal(t, []idmap.Link{link}, links)
	})
}

func TestADeletedMessageStaysDeleted(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		set := func(state idmap.AgentState) {
			b.tx(t, func(ctx context.Context, tx *sql.Tx) error {
				return b.SetAgentMessage(ctx, tx, "l1", 5, time.Unix(1_800_000_000, 5e8), state)
			})
		}
		set(idmap.AgentFailed)
		set(idmap.AgentFailed)
		a, err := b.AgentMessage(ctx, "l1", 5)
		require.NoError(t, err)
		require.Equal(t, idmap.AgentMessage{State: idmap.AgentFailed, Failures: 2, Written: time.Unix(1_800_000_000, 0)}, a)
		b.tx(t, func(ctx context.Context, tx *sql.Tx) error {
			return b.SetAgentMessage(ctx, tx, "l1", 5, time.Time{}, idmap.AgentReceived)
		})
		a, err = b.AgentMessage(ctx, "l1", 5)
		require.NoError(t, err)
		require.Equal(t, time.Unix(1_800_000_000, 0), a.Written, "not every way tells it")
		set(idmap.AgentDeleted)
		set(idmap.AgentReceived)
		a, err = b.AgentMessage(ctx, "l1", 5)
		require.NoError(t, err)
		require.Equal(t, idmap.AgentDeleted, a.State)
	})
}

func TestOnceIsOnceUnlessTheCacheCannotTell(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(0)
	m := idmap.NewMemory(4, func() time.Time { return now })
	require.True(t, m.Once(ctx, "a", time.Second))
	require.False(t, m.Once(ctx, "a", time.Second))
	now = now.Add(time.Second)
	require.True(t, m.Once(ctx, "a", time.Second))
	r := redisAt(t, databasetest.RedisURL(t))
	require.True(t, r.Once(ctx, "a", time.Minute))
	require.False(t, r.Once(ctx, "a", time.Minute))
}

func TestMemoryIsBoundedAndKeepsWhatIsUsed(t *testing.T) {
	t.Parallel()
	m := idmap.NewMemory(10, time.Now)
	m.Set(ctx, "used", "x")
	for i := range 1000 {
		m.Set(ctx, fmt.Sprint(i), "y")
		_, ok := m.Get(ctx, "used")
		require.True(t, ok)
	}
	_, ok := m.Get(ctx, "0")
	require.False(t, ok)
}
