package idmap

import (
	"context"
	"encoding/json"
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

// Sealer encrypts an entry for one key, under which alone it opens.
type Sealer interface {
	Seal(purpose, secret string) ([]byte, error)
	Open(purpose string, sealed []byte) (string, error)
}

// entries are values in a Cache. Whoever writes into a Redis decides nothing: what he puts
// there does not open, nor does an entry under another entry's key. It is as if it were not
// there, and counted.
type entries struct {
	cache   Cache
	sealer  Sealer
	refused func()
}

// get reads an entry into value, and reports whether there is one that is believed.
func (e entries) get(ctx context.Context, key string, value any) bool {
	text, ok := e.cache.Get(ctx, key)
	if !ok {
		return false
	}
	var err error
	if e.sealer != nil {
		// The empty text is one that was never set: nothing seals to it.
		if text, err = e.sealer.Open(entryPurpose(key), []byte(text)); err != nil || text == "" {
			e.refuse()
			return false
		}
	}
	if json.Unmarshal([]byte(text), value) != nil {
		e.refuse()
		return false
	}
	return true
}

// set keeps a value, if it can.
func (e entries) set(ctx context.Context, key string, value any) {
	text, err := json.Marshal(value)
	if err == nil && e.sealer != nil {
		text, err = e.sealer.Seal(entryPurpose(key), string(text))
	}
	if err == nil {
		e.cache.Set(ctx, key, string(text))
	}
}

func (e entries) refuse() {
	if e.refused != nil {
		e.refused()
	}
}

// entryPurpose ties an entry to its name.
func entryPurpose(key string) string { return "cache/" + key }
