package devicestore

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"
)

type guardedBuffer struct {
	store.EventBuffer
	g  *Guard
	mu sync.Mutex
	// handled are messages whose plaintext is not needed any more.
	handled [][32]byte
	// expireAt is when what was sent long ago is next deleted.
	expireAt time.Time
}

// ClearBufferedEventPlaintext puts the clearing off to the next decryption's
// transaction: one commit for each message in place of two. A message that
// comes again meanwhile is read from the buffer, and known to the sink. What
// is not cleared when the process ends goes with the old hashes.
//
// The library acknowledges the message after this. So where nobody has
// committed it, the clearing is not put off: its commit takes the decryption's
// to the disk.
func (b *guardedBuffer) ClearBufferedEventPlaintext(ctx context.Context, hash [32]byte) error {
	if b.g.relaxed != nil && !b.g.onDisk.Load() {
		return b.g.check(ctx, b.EventBuffer.ClearBufferedEventPlaintext(ctx, hash))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.handled = append(b.handled, hash)
	return nil
}

// clearHandled clears what was put off, in the transaction of ctx. If that does
// not hold, the hashes must be given back with clearLater.
func (b *guardedBuffer) clearHandled(ctx context.Context) (cleared [][32]byte, err error) {
	b.mu.Lock()
	cleared, b.handled = b.handled, nil
	b.mu.Unlock()
	for _, hash := range cleared {
		if err := b.EventBuffer.ClearBufferedEventPlaintext(ctx, hash); err != nil {
			return cleared, fmt.Errorf("clear handled messages: %w", err)
		}
	}
	return cleared, nil
}

func (b *guardedBuffer) clearLater(hashes [][32]byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.handled = append(hashes, b.handled...)
}

// DoDecryptionTxn does not wait for the disk: the message is acknowledged only
// after the sink's own commit, which takes this one along. If neither reaches
// the disk, the message comes again and finds the session as it was.
//
// It also makes a panic of the decryption an error: the library
// would acknowledge the message and leave nothing but a line in its log. As an
// error it is asked for again, and shown as a message that may still come.
func (b *guardedBuffer) DoDecryptionTxn(ctx context.Context, fn func(context.Context) error) error {
	if err := b.g.sessions.take(ctx); err != nil {
		return err
	}
	defer b.g.sessions.give()
	inside := false
	var cleared [][32]byte
	b.g.onDisk.Store(false)
	err := b.EventBuffer.DoDecryptionTxn(b.g.relax(context.WithValue(ctx, decrypting{}, true)), func(ctx context.Context) (err error) {
		if err := b.decrypt(ctx, fn); err != nil {
			inside = true
			return err
		}
		cleared, err = b.clearHandled(ctx)
		return err
	})
	b.g.identities.decrypted(err == nil)
	if err != nil {
		b.clearLater(cleared)
	}
	if err == nil || inside {
		return err // of the message itself, or of a store that has said so
	}
	b.g.giveUp(ctx, err)
	return &storeError{err}
}

func (b *guardedBuffer) decrypt(ctx context.Context, fn func(context.Context) error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			b.g.panicked(value)
			err = &PanicError{value}
		}
	}()
	return fn(ctx)
}

func (b *guardedBuffer) GetBufferedEvent(ctx context.Context, hash [32]byte) (*store.BufferedEvent, error) {
	event, err := b.EventBuffer.GetBufferedEvent(ctx, hash)
	if err != nil {
		b.g.giveUp(ctx, err)
		return nil, &storeError{err}
	}
	return event, nil
}

// AddOutgoingEvent keeps what is sent for devices that ask for it again; it is
// written with the sessions that encrypt it.
func (b *guardedBuffer) AddOutgoingEvent(ctx context.Context, chat types.JID, id types.MessageID, format string, plaintext []byte) error {
	add := func(ctx context.Context) error {
		return b.EventBuffer.AddOutgoingEvent(ctx, chat, id, format, plaintext)
	}
	if e := encryptionOf(ctx); e != nil {
		e.keep(add)
		return nil
	}
	return add(ctx)
}

// expireEvery is how often what was sent long ago is deleted.
const expireEvery = 12 * time.Hour

// DeleteOldOutgoingEvents does so twice a day. The library means to, but never
// notes that it did (retry.go, lastRetryStoreClear), and asks for it with every
// message that it sends.
func (b *guardedBuffer) DeleteOldOutgoingEvents(ctx context.Context) error {
	now := b.g.clock()
	b.mu.Lock()
	due := !now.Before(b.expireAt)
	if due {
		b.expireAt = now.Add(expireEvery)
	}
	b.mu.Unlock()
	if !due {
		return nil
	}
	return b.EventBuffer.DeleteOldOutgoingEvents(ctx)
}

// PutBufferedEvent keeps the plaintext until its message is taken. One that
// holds no message fails the decryption: the library would tell WhatsApp that it
// understood nothing, and nobody else. This way it is asked for again, and shown
// as a message that may still come.
func (b *guardedBuffer) PutBufferedEvent(ctx context.Context, hash [32]byte, plaintext []byte, at time.Time) error {
	if err := holdsMessage(plaintext); err != nil {
		return err
	}
	return b.g.check(ctx, b.EventBuffer.PutBufferedEvent(ctx, hash, plaintext, at))
}

// holdsMessage says what is wrong with a plaintext and its padding.
func holdsMessage(padded []byte) error {
	if len(padded) == 0 {
		return errNoContent
	}
	padding := int(padded[len(padded)-1])
	if padding > len(padded) {
		return errNoContent
	}
	if err := proto.Unmarshal(padded[:len(padded)-padding], new(waE2E.Message)); err != nil {
		return errNoContent
	}
	return nil
}
