package crashtest

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/processtest"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// around is what the program needs besides the two simulators; its zero value
// is nothing.
type around struct {
	settings []string
	database *processtest.Postgres
	cache    *processtest.Proxy
	redis    *redis.Client // past the proxy
}

// standard is a Postgres of the test's own, which can crash, and a Redis behind
// a proxy that can fail.
func standard(t *testing.T) *around {
	t.Helper()
	database := processtest.StartPostgres(t)
	memory := address(t, databasetest.RedisURL(t))
	memory.Path = fmt.Sprintf("/%d", 1+rand.IntN(900))
	options, err := redis.ParseURL(memory.String())
	require.NoError(t, err)
	client := redis.NewClient(options)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	cache := processtest.NewProxy(t, memory.Host)
	memory.Host = cache.Addr()
	return &around{database: database, cache: cache, redis: client, settings: []string{
		"WOOTBRIDGE_DATABASE_URL=" + database.URL(), "WOOTBRIDGE_REDIS_URL=" + memory.String(),
		"WOOTBRIDGE_ENCRYPTION_KEY=" + base64.StdEncoding.EncodeToString(make([]byte, 32)),
	}}
}

func address(t *testing.T, text string) *url.URL {
	t.Helper()
	parsed, err := url.Parse(text)
	require.NoError(t, err)
	return parsed
}

const (
	// databaseAway is how long a crashed database stays away at most.
	databaseAway = 2 * time.Second
	redisFlushes = 2
	redisCuts    = 4
)

// fail lets WhatsApp drop its connection and the database crash every few
// seconds, empties Redis twice and cuts its connections a few times, until ctx
// ends.
func (a *around) fail(ctx context.Context, sim *processtest.Simulators, chance *rand.Rand) *errgroup.Group {
	failing, ctx := errgroup.WithContext(ctx)
	waits := func(least, most time.Duration, n int) []time.Duration {
		all := make([]time.Duration, n)
		for i := range all {
			all[i] = between(chance, least, most)
		}
		return all
	}
	drops := waits(time.Second, 5*time.Second, 1000)
	failing.Go(func() error {
		for _, wait := range drops {
			if pause(ctx, wait); ctx.Err() != nil {
				return nil
			}
			// Without a connection there is nothing to drop.
			_, _ = sim.WhatsApp.Device(ctx, shopNumber, whatsapptest.DeviceRequest{Action: "drop"})
		}
		return nil
	})
	if a.redis == nil {
		return failing
	}
	flushes := waits(time.Second, 5*time.Second, redisFlushes)
	crashes, away := waits(2*time.Second, 8*time.Second, 1000), waits(0, databaseAway, 1000)
	cuts := waits(time.Second, 4*time.Second, redisCuts)
	failing.Go(func() error {
		for _, wait := range flushes {
			if pause(ctx, wait); ctx.Err() != nil {
				return nil
			}
			if err := a.redis.FlushDB(ctx).Err(); err != nil && ctx.Err() == nil {
				return fmt.Errorf("empty Redis: %w", err)
			}
		}
		return nil
	})
	failing.Go(func() error {
		for _, wait := range cuts {
			if pause(ctx, wait); ctx.Err() != nil {
				return nil
			}
			a.cache.Cut()
		}
		return nil
	})
	failing.Go(func() error {
		for i, wait := range crashes {
			if pause(ctx, wait); ctx.Err() != nil {
				return nil
			}
			a.database.Crash()
			pause(ctx, away[i])
			if err := a.database.Restart(); err != nil {
				return err
			}
		}
		return nil
	})
	return failing
}

// misbehave makes Chatwoot as slow as a real one, so that posts are always
// under way when the program is killed; about one request in twenty goes wrong,
// and about as many webhooks come twice.
func misbehave(t *testing.T, sim *processtest.Simulators, seed uint64) {
	t.Helper()
	ctx := t.Context()
	chance := func(of float64) *chatwoottest.Chance {
		seed++
		return &chatwoottest.Chance{Of: of, Seed: seed}
	}
	for _, fault := range []chatwoottest.Fault{
		chatwoottest.InternalServerError(),
		chatwoottest.AmbiguousCreate(),
		{Reset: true},
		{Status: http.StatusBadGateway, ContentType: "text/html", Body: "<html>bad gateway</html>"},
		chatwoottest.Slow(time.Second),
	} {
		require.NoError(t, sim.Chatwoot.AddRule(ctx, chatwoottest.Rule{Chance: chance(0.01), Fault: fault}))
	}
	require.NoError(t, sim.Chatwoot.AddRule(ctx, chatwoottest.Rule{Method: http.MethodPost, Path: "/messages", Fault: chatwoottest.Slow(60 * time.Millisecond)}))
	require.NoError(t, sim.Chatwoot.AddWebhookRule(ctx, chatwoottest.WebhookRule{Event: "message_created", Chance: chance(0.05), Fault: chatwoottest.WebhookFault{Duplicates: 1}}))
}
