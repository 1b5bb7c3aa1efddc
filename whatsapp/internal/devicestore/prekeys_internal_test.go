package devicestore

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/util/keys"
)

type inOneTransaction struct{}

// countingPreKeys makes keys as the library does: under a lock of its own, one
// write for each.
type countingPreKeys struct {
	store.PreKeyStore
	mu      sync.Mutex
	last    uint32
	outside int
	err     error
}

func (c *countingPreKeys) GetOrGenPreKeys(ctx context.Context, count uint32) (made []*keys.PreKey, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for range count {
		c.last++
		made = append(made, &keys.PreKey{KeyID: c.last})
		if ctx.Value(inOneTransaction{}) == nil {
			c.outside++
		}
	}
	return made, c.err
}

func (c *countingPreKeys) GenOnePreKey(context.Context) (*keys.PreKey, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	return &keys.PreKey{KeyID: c.last}, c.err
}

// A new device has 812 prekeys. Each in a transaction of its own waited 812 times
// for the disk before the phone could be written to.
func TestPreKeysOfAnUploadAreOneTransaction(t *testing.T) {
	t.Parallel()
	g := newGuard(func(error) { t.Error("the connection was given up") }, nil)
	var transactions int
	g.inOne = func(ctx context.Context, fn func(context.Context) error) error {
		transactions++
		return fn(context.WithValue(ctx, inOneTransaction{}, true))
	}
	library := &countingPreKeys{}
	preKeys := &guardedPreKeys{PreKeyStore: library, g: g}
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 100 {
			if _, err := preKeys.GenOnePreKey(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	made, err := preKeys.GetOrGenPreKeys(t.Context(), 812)
	require.NoError(t, err)
	wg.Wait()
	require.Len(t, made, 812)
	require.Equal(t, 1, transactions)
	require.Zero(t, library.outside)

	library.err = errors.New("the disk is full")
	made, err = preKeys.GetOrGenPreKeys(t.Context(), 5)
	require.ErrorIs(t, err, library.err)
	require.Nil(t, made)
}
