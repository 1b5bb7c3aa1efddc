package idmap

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// Redis is a Cache that processes share.
type Redis struct {
	client *redis.Client
	prefix string
	// alone is what this process has asked Once for.
	alone *Memory
	// rests is until when Redis is not asked, in Unix nanoseconds.
	rests atomic.Int64
}

const (
	// redisTimeout is how long a look-up may take before the ledger is asked.
	redisTimeout = 250 * time.Millisecond
	// redisRest is how long Redis is left alone after it did not answer: a
	// Redis that hangs must not cost every message several timeouts.
	redisRest = 2 * time.Second
	// redisTTL bounds how long an entry stays.
	redisTTL = 7 * 24 * time.Hour
	// aloneLimit bounds the keys remembered for Once.
	aloneLimit = 10_000
	// entryMost is more than any entry needs. Of a longer one, which is somebody else's,
	// the beginning is read, which opens as little.
	entryMost = 256 << 10
)

var errRedisAddress = errors.New("the Redis address is not of the form redis://:password@host:6379/0")

// NewRedis makes a Redis of an address such as redis://host:6379/0. It does
// not connect: a Redis that is away is a slow start, not a failed one.
func NewRedis(address, prefix string) (*Redis, error) {
	opts, err := redis.ParseURL(address)
	if err != nil {
		return nil, errRedisAddress // the parser's error holds the password
	}
	opts.ContextTimeoutEnabled = true
	opts.DialTimeout, opts.ReadTimeout, opts.WriteTimeout = redisTimeout, redisTimeout, redisTimeout
	opts.MaxRetries = -1
	return &Redis{client: redis.NewClient(opts), prefix: prefix, alone: NewMemory(aloneLimit, time.Now)}, nil
}

// Close ends the connections.
func (r *Redis) Close() error { return r.client.Close() }

// ask runs one command within the time limit, unless Redis rests, and reports
// whether Redis answered.
func (r *Redis) ask(ctx context.Context, command func(ctx context.Context) error) bool {
	if time.Now().UnixNano() < r.rests.Load() {
		return false
	}
	limited, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	err := command(limited)
	if err == nil || errors.Is(err, redis.Nil) {
		return true
	}
	if redis.HasErrorPrefix(err, "WRONGTYPE") {
		return false // somebody else's key; Redis is well
	}
	if ctx.Err() == nil { // not merely a caller that went away
		r.rests.Store(time.Now().Add(redisRest).UnixNano())
	}
	return false
}

// Get implements Cache.
func (r *Redis) Get(ctx context.Context, key string) (value string, ok bool) {
	answered := r.ask(ctx, func(ctx context.Context) (err error) {
		value, err = r.client.GetRange(ctx, r.prefix+key, 0, entryMost).Result()
		return err
	})
	return value, answered && value != "" // what is not there has an empty range
}

// Set implements Cache.
func (r *Redis) Set(ctx context.Context, key, value string) {
	r.ask(ctx, func(ctx context.Context) error { return r.client.Set(ctx, r.prefix+key, value, redisTTL).Err() })
}

// Once implements Cache. While Redis is away each process decides for itself; what it
// knows itself needs no Redis.
func (r *Redis) Once(ctx context.Context, key string, ttl time.Duration) (first bool) {
	if !r.alone.Once(ctx, key, ttl) {
		return false
	}
	answered := r.ask(ctx, func(ctx context.Context) (err error) {
		first, err = r.client.SetNX(ctx, r.prefix+"once/"+key, "1", ttl).Result()
		return err
	})
	return first || !answered
}
