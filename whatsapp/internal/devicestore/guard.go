package devicestore

import (
	"context"
	"sync/atomic"
	"time"

	"go.mau.fi/whatsmeow/store"
)

// Guard stands before a device's stores for one connection. A store that fails
// keeps the message and gives the connection up; see sessionlock.go for what else
// it guards.
type Guard struct {
	sessions sessionLock
	failed   func(error) // gives the connection up
	panicked func(value any)
	clock    func() time.Time
	relaxed  func(context.Context) context.Context // nil = every transaction waits for the disk
	// inOne does its writes in one transaction of the library's.
	inOne func(ctx context.Context, fn func(context.Context) error) error

	identities identities
	// onDisk says that the owner has committed since the last decryption, whose
	// own transaction does not wait for the disk.
	onDisk atomic.Bool
}

// decrypting marks a context inside a decryption. It carries no dependency,
// only the fact that this call holds the lock already.
type decrypting struct{}

func newGuard(failed func(error), panicked func(value any)) *Guard {
	return &Guard{
		sessions: sessionLock{held: make(chan struct{}, 1)}, failed: failed, panicked: panicked, clock: time.Now,
		inOne: func(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) },
	}
}

// NewGuard makes the guard of one connection. failed must give that up; panicked
// is told of what a decryption panicked with.
func (s *Store) NewGuard(failed func(error), panicked func(value any), clock func() time.Time) *Guard {
	g := newGuard(failed, panicked)
	g.relaxed, g.clock = s.relaxed, clock
	return g
}

// Wrap puts the guard before the stores of a device that is linked, once.
func (g *Guard) Wrap(d *store.Device) {
	g.inOne = d.EventBuffer.DoDecryptionTxn // the unguarded one: any transaction
	d.EventBuffer = &guardedBuffer{EventBuffer: d.EventBuffer, g: g}
	d.Sessions = &guardedSessions{SessionStore: d.Sessions, g: g}
	d.PreKeys = &guardedPreKeys{PreKeyStore: d.PreKeys, g: g}
	d.SenderKeys = &guardedSenderKeys{d.SenderKeys, g}
	d.Identities = &guardedIdentities{d.Identities, g}
	d.LIDs = &guardedLIDs{d.LIDs, g}
	d.MsgSecrets = &guardedSecrets{d.MsgSecrets, g}
	d.Container = keptDevice{d.Container}
}

// keptDevice is a container from which the library cannot delete the device
// that it uses. When the phone unlinks it, the library would replace the
// device's stores, and that without a lock: a message that is just being read
// would meet half of a change, in a goroutine that nobody guards. The session
// forgets the device when its client has ended.
type keptDevice struct{ store.DeviceContainer }

// DeleteDevice implements store.DeviceContainer.
func (keptDevice) DeleteDevice(context.Context, *store.Device) error { return ErrDeviceKept }

// Committed says that what came since the last decryption is committed, and that
// decryption with it.
func (g *Guard) Committed() { g.onDisk.Store(true) }

// Encrypting marks a context for one call of the library's SendMessage. reader is
// the user one of whose devices must be able to read the message; empty for a
// group. The encryption must be ended after the call, whatever came of it.
func (g *Guard) Encrypting(ctx context.Context, reader string) (context.Context, *Encryption) {
	marked, e := g.sessions.encrypting(ctx)
	e.reader = reader
	return marked, e
}

func (g *Guard) relax(ctx context.Context) context.Context {
	if g.relaxed == nil {
		return ctx
	}
	return g.relaxed(ctx)
}

// check turns a store's failure into one that keeps the message: it gives the
// connection up when that happened while a message was being read, and ends the
// send when it happened in one.
func (g *Guard) check(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if e := encryptionOf(ctx); e != nil {
		e.stop()
	}
	if ctx.Value(decrypting{}) != nil {
		g.giveUp(ctx, err)
	}
	return &storeError{err}
}

// giveUp ends the connection, unless the caller itself ended.
func (g *Guard) giveUp(ctx context.Context, err error) {
	if ctx.Err() == nil {
		g.failed(err)
	}
}
