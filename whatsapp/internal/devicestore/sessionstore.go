package devicestore

import (
	"context"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"

	"github.com/wootbridge/wootbridge/whatsapp/internal/signalsession"
)

// guardedSessions takes the session lock around what the library does with
// sessions, and repairs what it stores.
type guardedSessions struct {
	store.SessionStore
	g *Guard
	// read is the session that the running decryption began with; the lock
	// guards it.
	read []byte
}

func (s *guardedSessions) GetSession(ctx context.Context, address string) ([]byte, error) {
	if !holdsLock(ctx) {
		if err := s.g.sessions.take(ctx); err != nil {
			return nil, err
		}
		s.g.sessions.borrow(address)
	}
	session, err := s.SessionStore.GetSession(ctx, address)
	if ctx.Value(decrypting{}) != nil {
		s.read = session
	}
	return session, s.g.check(ctx, err)
}

func (s *guardedSessions) HasSession(ctx context.Context, address string) (bool, error) {
	has, err := s.SessionStore.HasSession(ctx, address)
	return has, s.g.check(ctx, err)
}

func (s *guardedSessions) GetManySessions(ctx context.Context, addresses []string) (map[string][]byte, error) {
	if e := encryptionOf(ctx); e != nil {
		if err := e.take(ctx); err != nil {
			return nil, err
		}
	}
	sessions, err := s.SessionStore.GetManySessions(ctx, addresses)
	return sessions, s.g.check(ctx, err)
}

// PutManySessions also writes what a send has put off. The sessions are those of
// the devices that the message was encrypted for; an error keeps it from leaving.
func (s *guardedSessions) PutManySessions(ctx context.Context, sessions map[string][]byte) error {
	if e := encryptionOf(ctx); e != nil && !e.readable(sessions) {
		return ErrNoReader
	}
	return s.write(ctx, "", func() error {
		e := encryptionOf(ctx)
		if e == nil {
			return s.SessionStore.PutManySessions(ctx, sessions)
		}
		defer e.done()
		err := s.g.inOne(ctx, func(ctx context.Context) error {
			if err := e.WriteKept(ctx); err != nil {
				return err
			}
			return s.SessionStore.PutManySessions(ctx, sessions)
		})
		if err == nil {
			e.written()
		}
		return err
	})
}

func (s *guardedSessions) PutSession(ctx context.Context, address string, session []byte) error {
	if ctx.Value(decrypting{}) != nil {
		kept, err := signalsession.KeepStates(s.read, session)
		if err != nil {
			return err // what is stored now stays, and the message is asked for again
		}
		session = kept
	}
	return s.write(ctx, address, func() error { return s.SessionStore.PutSession(ctx, address, session) })
}

func (s *guardedSessions) DeleteSession(ctx context.Context, address string) error {
	return s.write(ctx, address, func() error { return s.SessionStore.DeleteSession(ctx, address) })
}

// MigratePNToLID gives the connection up on failure: the library only logs it,
// and never tries again.
func (s *guardedSessions) MigratePNToLID(ctx context.Context, pn, lid types.JID) error {
	defer s.g.identities.forget() // which it moves, too
	err := s.write(ctx, "", func() error { return s.SessionStore.MigratePNToLID(ctx, pn, lid) })
	if err != nil {
		s.g.giveUp(ctx, err)
	}
	return err
}

// write changes sessions under the lock, which ends with it if it was borrowed.
func (s *guardedSessions) write(ctx context.Context, address string, change func() error) error {
	if !holdsLock(ctx) {
		if !s.g.sessions.redeem(address) {
			if err := s.g.sessions.take(ctx); err != nil {
				return err
			}
		}
		defer s.g.sessions.give()
	}
	return s.g.check(ctx, change())
}
