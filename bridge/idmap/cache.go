package idmap

import (
	"context"
	"time"
)

// Cache keeps copies of what the ledger says. It may forget anything at any
// time and must never fail loudly.
type Cache interface {
	Get(ctx context.Context, key string) (value string, ok bool)
	Set(ctx context.Context, key, value string)
	// Once reports true for the first call with a key within ttl. When the
	// cache cannot tell, it may report true again.
	Once(ctx context.Context, key string, ttl time.Duration) bool
}
