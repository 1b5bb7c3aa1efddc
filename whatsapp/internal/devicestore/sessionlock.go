package devicestore

import (
	"context"
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
//     that answer, at most as long as the send may take. It does
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
