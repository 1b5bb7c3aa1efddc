package devicestore

import (
	"context"
	"strings"
)

// Encryption is one send. It is used by the one goroutine that sends.
type Encryption struct {
	lock  *sessionLock
	holds bool
	// kept is what the library stores of the message before it encrypts it. It
	// is written together with the sessions, which is before anything leaves:
	// one commit in place of three.
	kept []write
	// reader is the user one of whose devices must be able to read the message;
	// empty for a group.
	reader string
	// stop ends the send. Where one device cannot be encrypted for, the library
	// goes on to the next, and sends what is left, unless its context has ended:
	// a store that fails must not make a message go to fewer, or to nobody.
	stop context.CancelFunc
}

// write is a change of a store, in the transaction of ctx.
type write func(ctx context.Context) error

type encryptionKey struct{}

// encrypting marks a context for one call of SendMessage; the encryption must be
// ended after it with End, whatever came of it.
func (l *sessionLock) encrypting(ctx context.Context) (marked context.Context, e *Encryption) {
	e = &Encryption{lock: l}
	ctx, e.stop = context.WithCancel(ctx)
	return context.WithValue(ctx, encryptionKey{}, e), e
}

// readable says whether one of the sessions is the reader's. Their addresses are
// user:device or, for a hidden id, user_1:device.
func (e *Encryption) readable(sessions map[string][]byte) bool {
	for address := range sessions {
		user, _, _ := strings.Cut(address, ":")
		if user, _, _ = strings.Cut(user, "_"); user == e.reader {
			return true
		}
	}
	return e.reader == ""
}

// keep puts a write off to that of the sessions.
func (e *Encryption) keep(w write) { e.kept = append(e.kept, w) }

// WriteKept does what was put off and not done yet.
func (e *Encryption) WriteKept(ctx context.Context) error {
	for _, w := range e.kept {
		if err := w(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Unwritten says that something is still put off: the message was encrypted for
// nobody.
func (e *Encryption) Unwritten() bool { return e.kept != nil }

// written says that what was put off is committed.
func (e *Encryption) written() { e.kept = nil }

func (e *Encryption) take(ctx context.Context) error {
	if e.holds {
		return nil
	}
	if err := e.lock.take(ctx); err != nil {
		return err
	}
	e.holds = true
	return nil
}

// End ends the send, if it has not yet, and gives the lock back.
func (e *Encryption) End() {
	e.stop()
	e.done()
}

// done gives the lock back.
func (e *Encryption) done() {
	if e.holds {
		e.holds = false
		e.lock.give()
	}
}

func encryptionOf(ctx context.Context) *Encryption {
	e, _ := ctx.Value(encryptionKey{}).(*Encryption)
	return e
}

// holdsLock says that the caller is a decryption, or a send between its read
// and its write.
func holdsLock(ctx context.Context) bool {
	if ctx.Value(decrypting{}) != nil {
		return true
	}
	e := encryptionOf(ctx)
	return e != nil && e.holds
}
