package idmap

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Cache keeps copies of what the ledger says. It may forget anything at any
// time and must never fail loudly.
type Cache interface {
	Get(ctx context.Context, key string) (value string, ok bool)
	Set(ctx context.Context, key, value string)
	// Once reports true for the first call with a key within ttl. When the
	// cache cannot tell, it reports true.
	Once(ctx context.Context, key string, ttl time.Duration) bool
}

// Memory is a bounded Cache in this process.
type Memory struct {
	mu    sync.Mutex
	limit int
	clock func() time.Time
	// Two halves: when the young one is full it becomes the old one, and what
	// was not asked for meanwhile is forgotten with the one before.
	young, old map[string]string
	once       map[string]time.Time
}

// NewMemory makes a Memory of at most limit entries.
func NewMemory(limit int, clock func() time.Time) *Memory {
	return &Memory{limit: limit, clock: clock, young: map[string]string{}, old: map[string]string{}, once: map[string]time.Time{}}
}

// Get implements Cache.
func (m *Memory) Get(_ context.Context, key string) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if value, ok := m.young[key]; ok {
		return value, true
	}
	value, ok := m.old[key]
	if ok {
		m.set(key, value)
	}
	return value, ok
}

// Set implements Cache.
func (m *Memory) Set(_ context.Context, key, value string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.set(key, value)
}

func (m *Memory) set(key, value string) {
	if len(m.young) >= m.limit/2 {
		m.young, m.old = map[string]string{}, m.young
	}
	m.young[key] = value
}

// Once implements Cache.
func (m *Memory) Once(_ context.Context, key string, ttl time.Duration) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.clock()
	if until, ok := m.once[key]; ok && now.Before(until) {
		return false
	}
	if len(m.once) >= m.limit {
		for k, until := range m.once {
			if !now.Before(until) {
				delete(m.once, k)
			}
		}
		if len(m.once) >= m.limit {
			clear(m.once)
		}
	}
	m.once[key] = now.Add(ttl)
	return true
}

// Redis is a Cache that processes share.
type Redis struct {
	client *redis.Client
	prefix string
}

// redisTimeout is how long a look-up may take before the ledger is asked.
const redisTimeout = 250 * time.Millisecond

// redisTTL bounds how long an entry that nobody asks for stays.
const redisTTL = 7 * 24 * time.Hour

// NewRedis makes a Redis of an address such as redis://host:6379/0. It does
// not connect: a Redis that is away is a slow start, not a failed one.
func NewRedis(address, prefix string) (*Redis, error) {
	opts, err := redis.ParseURL(address)
	if err != nil {
		return nil, errRedisAddress
	}
	opts.ContextTimeoutEnabled = true
	opts.DialTimeout, opts.ReadTimeout, opts.WriteTimeout = redisTimeout, redisTimeout, redisTimeout
	opts.MaxRetries = -1
	return &Redis{client: redis.NewClient(opts), prefix: prefix}, nil
}

// Close ends the connections.
func (r *Redis) Close() error { return r.client.Close() }

// Get implements Cache.
func (r *Redis) Get(ctx context.Context, key string) (string, bool) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	value, err := r.client.Get(ctx, r.prefix+key).Result()
	return value, err == nil
}

// Set implements Cache.
func (r *Redis) Set(ctx context.Context, key, value string) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	r.client.Set(ctx, r.prefix+key, value, redisTTL)
}

// Once implements Cache.
func (r *Redis) Once(ctx context.Context, key string, ttl time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	first, err := r.client.SetNX(ctx, r.prefix+"once/"+key, "1", ttl).Result()
	return err != nil || first
}
