package bridge_test

import (
	"context"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/processtest"
)

// faultyRedis is a Redis behind a proxy that can fail, and a way past it.
type faultyRedis struct {
	t *testing.T
	idmap.Cache
	proxy  *processtest.Proxy
	direct *redis.Client
	prefix string
	asked  atomic.Int64
}

func newFaultyRedis(t *testing.T) *faultyRedis {
	t.Helper()
	address, err := url.Parse(databasetest.RedisURL(t))
	require.NoError(t, err)
	options, err := redis.ParseURL(address.String())
	require.NoError(t, err)
	r := &faultyRedis{t: t, proxy: processtest.NewProxy(t, address.Host), direct: redis.NewClient(options), prefix: databasetest.Unique() + "/"}
	t.Cleanup(func() { require.NoError(t, r.direct.Close()) })
	address.Host = r.proxy.Addr()
	cache, err := idmap.NewRedis(address.String(), r.prefix)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cache.Close()) })
	r.Cache = cache
	return r
}

// Get counts what the bridge asks for.
func (r *faultyRedis) Get(ctx context.Context, key string) (string, bool) {
	r.asked.Add(1)
	return r.Cache.Get(ctx, key)
}

// used reports whether the bridge has put anything into Redis since the last
// call, and takes it out again.
func (r *faultyRedis) used() bool {
	r.t.Helper()
	keys, err := r.direct.Keys(r.t.Context(), r.prefix+"*").Result()
	require.NoError(r.t, err)
	if len(keys) == 0 {
		return false
	}
	require.NoError(r.t, r.direct.Del(r.t.Context(), keys...).Err())
	return true
}

// usedAgain lets a talk go on until the bridge uses Redis.
func (r *faultyRedis) usedAgain(k *talk) {
	r.t.Helper()
	deadline := time.Now().Add(patience)
	for r.used(); !r.used(); k.round() {
		require.True(r.t, time.Now().Before(deadline), "Redis is not used again")
		k.keepUp(inFlight)
	}
}

const (
	// inFlight is how many rounds of a talk may be on their way at once. An
	// answer waits for redisOrderWait, so these bound how fast a talk goes, too:
	// Chatwoot takes 200 messages a minute in a conversation.
	inFlight       = 4
	redisOrderWait = time.Second
)

// Redis may be cut off, late or away: nothing is lost, doubled or swapped, it
// does not cost every message a time-out, and Redis is used again afterwards.
func TestD33_ARedisThatFailsCostsSpeedOnly(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct {
		start func(r *faultyRedis)
		talk  func(r *faultyRedis, talk *talk)
	}{
		"its connections are cut again and again": {
			talk: func(r *faultyRedis, talk *talk) {
				for range 3 {
					r.usedAgain(talk)
					r.proxy.Cut()
				}
			},
		},
		"its answers come after the time-out": {
			talk: func(r *faultyRedis, talk *talk) {
				r.proxy.Delay(time.Second)
				passed := r.proxy.Passed()
				r.asked.Store(0)
				for range 30 {
					talk.round()
				}
				talk.keepUp(0)
				// A look-up that is not answered costs its connection.
				require.Less(r.t, r.proxy.Passed()-passed, int(r.asked.Load())/4, "most look-ups are not even tried")
			},
		},
		"it is away when the process starts": {
			start: func(r *faultyRedis) { r.proxy.Refuse() },
			talk: func(r *faultyRedis, talk *talk) {
				for range 10 {
					talk.round()
				}
				talk.keepUp(0)
				require.Positive(r.t, r.proxy.Refused())
				require.Zero(r.t, r.proxy.Passed())
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newFaultyRedis(t)
			if fault.start != nil {
				fault.start(r)
			}
			talk := newTalk(newWorld(t, databasetest.Postgres(t), r, setting{orderWait: redisOrderWait, listen: listening(t)}), "Bob")
			fault.talk(r, talk)
			talk.compare()

			r.proxy.Delay(0)
			r.proxy.Allow()
			r.usedAgain(talk)
			talk.compare()
		})
	}
}
