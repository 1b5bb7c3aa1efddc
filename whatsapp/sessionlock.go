package whatsapp

import (
	"context"
	"strings"
	"sync"
	"time"
)

// The library reads a Signal session, uses it and writes it back without a
// lock: when it decrypts, when it encrypts a send, and when it encrypts again
// what a recipient could not read. Two of them at once undo each other's step:
// a message key is used twice and the recipient drops the second message as a
// copy, or a session that the other side has just begun is forgotten. So each of
// the three holds this lock from its read to its write:
//
//   - a decryption, for its transaction;
//   - a send, from the library's read of all sessions to its write of all, which
//     a context made by encrypting marks. Between the two the library asks for
//     the keys of a contact that it has no session with, so receiving waits for
//     that answer, at most as long as the send may take (sendTimeout). It does
//     not wait for the server to take the message;
//   - whatever else reads a session outside these two is about to encrypt with
//     it. It holds the lock until it writes the session, or for leaseMost when
//     it never does because it failed.
type sessionLock struct {
	held chan struct{} // full while somebody holds the lock

	mu    sync.Mutex
	lease *lease
}

// lease is the lock of somebody who may not say when he is done.
type lease struct {
	address string
	timer   *time.Timer
}

// leaseMost is far longer than the encryption of one message takes.
const leaseMost = 2 * time.Second

func (l *sessionLock) take(ctx context.Context) error {
	select {
	case l.held <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &storeError{ctx.Err()}
	}
}

func (l *sessionLock) give() { <-l.held }

// borrow makes the lock, which the caller has taken, end by itself.
func (l *sessionLock) borrow(address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	mine := &lease{address: address}
	l.lease = mine
	mine.timer = time.AfterFunc(leaseMost, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.lease == mine {
			l.lease = nil
			l.give()
		}
	})
}

// redeem makes a borrowed lock the caller's own again; false when it is not
// borrowed, or ended meanwhile.
func (l *sessionLock) redeem(address string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lease == nil || l.lease.address != address {
		return false
	}
	l.lease.timer.Stop()
	l.lease = nil
	return true
}

// encryption is one send. It is used by the one goroutine that sends.
type encryption struct {
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
// ended after it with end, whatever came of it.
func (l *sessionLock) encrypting(ctx context.Context) (marked context.Context, e *encryption) {
	e = &encryption{lock: l}
	ctx, e.stop = context.WithCancel(ctx)
	return context.WithValue(ctx, encryptionKey{}, e), e
}

// readable says whether one of the sessions is the reader's. Their addresses are
// user:device or, for a hidden id, user_1:device.
func (e *encryption) readable(sessions map[string][]byte) bool {
	for address := range sessions {
		user, _, _ := strings.Cut(address, ":")
		if user, _, _ = strings.Cut(user, "_"); user == e.reader {
			return true
		}
	}
	return e.reader == ""
}

// keep puts a write off to that of the sessions.
func (e *encryption) keep(w write) { e.kept = append(e.kept, w) }

// writeKept does what was put off and not done yet.
func (e *encryption) writeKept(ctx context.Context) error {
	for _, w := range e.kept {
		if err := w(ctx); err != nil {
			return err
		}
	}
	return nil
}

// written says that what was put off is committed.
func (e *encryption) written() { e.kept = nil }

func (e *encryption) take(ctx context.Context) error {
	if e.holds {
		return nil
	}
	if err := e.lock.take(ctx); err != nil {
		return err
	}
	e.holds = true
	return nil
}

func (e *encryption) end() {
	e.stop()
	e.done()
}

// done gives the lock back.
func (e *encryption) done() {
	if e.holds {
		e.holds = false
		e.lock.give()
	}
}

func encryptionOf(ctx context.Context) *encryption {
	e, _ := ctx.Value(encryptionKey{}).(*encryption)
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
