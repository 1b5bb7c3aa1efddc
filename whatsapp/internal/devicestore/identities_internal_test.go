package devicestore

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

// plainIdentities counts what is written.
type plainIdentities struct {
	store.IdentityStore
	puts int
}

func (p *plainIdentities) PutIdentity(context.Context, string, [32]byte) error {
	p.puts++
	return nil
}
func (p *plainIdentities) DeleteIdentity(context.Context, string) error { return nil }

func TestAnIdentityIsWrittenOnce(t *testing.T) {
	t.Parallel()
	one, two := [32]byte{1}, [32]byte{2}
	unreadable := errors.New("unreadable")
	type tools struct {
		ctx  context.Context
		put  func(ctx context.Context, key [32]byte)
		read func(key [32]byte, err error) // a decryption that puts the identity
		i    *guardedIdentities
		g    *Guard
	}
	for name, test := range map[string]struct {
		do   func(x tools)
		want int
	}{
		"by encryptions":               {func(x tools) { x.put(x.ctx, one); x.put(x.ctx, one) }, 1},
		"by decryptions":               {func(x tools) { x.read(one, nil); x.read(one, nil) }, 1},
		"again if a decryption failed": {func(x tools) { x.read(one, unreadable); x.put(x.ctx, one) }, 2},
		"another one":                  {func(x tools) { x.put(x.ctx, one); x.put(x.ctx, two); x.put(x.ctx, two) }, 2},
		"the old one after a failure":  {func(x tools) { x.put(x.ctx, one); x.read(two, unreadable); x.put(x.ctx, one) }, 3},
		"again after it was deleted":   {func(x tools) { x.put(x.ctx, one); _ = x.i.DeleteIdentity(x.ctx, "a"); x.put(x.ctx, one) }, 2},
		"again after sessions are moved": {func(x tools) {
			x.put(x.ctx, one)
			_ = (&guardedSessions{SessionStore: plainSessions{}, g: x.g}).MigratePNToLID(x.ctx, types.JID{}, types.JID{})
			x.put(x.ctx, one)
		}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stored := &plainIdentities{}
			g := newGuard(func(error) {}, func(any) {})
			i := &guardedIdentities{stored, g}
			buffer := &guardedBuffer{EventBuffer: &plainBuffer{}, g: g}
			put := func(ctx context.Context, key [32]byte) { require.NoError(t, i.PutIdentity(ctx, "a", key)) }
			test.do(tools{context.Background(), put, func(key [32]byte, err error) {
				require.ErrorIs(t, buffer.DoDecryptionTxn(context.Background(), func(ctx context.Context) error {
					put(ctx, key)
					return err
				}), err)
			}, i, g})
			require.Equal(t, test.want, stored.puts)
		})
	}
}
