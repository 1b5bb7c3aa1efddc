package devicestore

import (
	"context"
	"maps"
	"sync"

	"go.mau.fi/whatsmeow/store"
)

// guardedIdentities writes an identity only if it is another one than is
// stored: the library puts it with every encryption and decryption for a device.
// It does not wait for the disk either: the session is stored after it.
type guardedIdentities struct {
	store.IdentityStore
	g *Guard
}

func (i *guardedIdentities) PutIdentity(ctx context.Context, address string, key [32]byte) error {
	if i.g.identities.has(address, key) {
		return nil
	}
	err := i.IdentityStore.PutIdentity(i.g.relax(ctx), address, key)
	if err == nil {
		i.g.identities.put(address, key, ctx.Value(decrypting{}) != nil)
	}
	return i.g.check(ctx, err)
}

func (i *guardedIdentities) IsTrustedIdentity(ctx context.Context, address string, key [32]byte) (bool, error) {
	trusted, err := i.IdentityStore.IsTrustedIdentity(ctx, address, key)
	return trusted, i.g.check(ctx, err)
}

func (i *guardedIdentities) DeleteIdentity(ctx context.Context, address string) error {
	defer i.g.identities.forget()
	return i.IdentityStore.DeleteIdentity(ctx, address)
}

func (i *guardedIdentities) DeleteAllIdentities(ctx context.Context, phone string) error {
	defer i.g.identities.forget()
	return i.IdentityStore.DeleteAllIdentities(ctx, phone)
}

// identities are those known to be stored. What a decryption has put is known
// when its transaction holds; the session lock keeps decryptions and encryptions
// apart.
type identities struct {
	mu              sync.Mutex
	stored, pending map[string][32]byte
}

// identitiesMost bounds them.
const identitiesMost = 10_000

func (i *identities) has(address string, key [32]byte) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	stored, ok := i.stored[address]
	return ok && stored == key
}

// put notes an identity; one that was put in a decryption waits for its end.
func (i *identities) put(address string, key [32]byte, decrypting bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	into := &i.stored
	if decrypting {
		into = &i.pending
		delete(i.stored, address) // in case the transaction does not hold
	}
	if *into == nil || len(*into) >= identitiesMost {
		*into = map[string][32]byte{}
	}
	(*into)[address] = key
}

// decrypted ends a decryption, whose transaction holds or does not.
func (i *identities) decrypted(holds bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if holds && i.pending != nil {
		if i.stored == nil || len(i.stored) >= identitiesMost {
			i.stored = map[string][32]byte{}
		}
		maps.Copy(i.stored, i.pending)
	}
	i.pending = nil
}

func (i *identities) forget() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.stored, i.pending = nil, nil
}
