package devicestore

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

// plainBuffer runs decryptions without a database.
type plainBuffer struct {
	store.EventBuffer
	broken  error
	cleared [][32]byte
}

func (b *plainBuffer) ClearBufferedEventPlaintext(_ context.Context, hash [32]byte) error {
	b.cleared = append(b.cleared, hash)
	return nil
}

func (b *plainBuffer) DoDecryptionTxn(ctx context.Context, fn func(context.Context) error) error {
	if b.broken != nil {
		return b.broken
	}
	return fn(ctx)
}

type plainSessions struct{ store.SessionStore }

func (plainSessions) GetSession(context.Context, string) ([]byte, error) { return nil, nil }
func (plainSessions) PutSession(context.Context, string, []byte) error   { return nil }
func (plainSessions) GetManySessions(context.Context, []string) (map[string][]byte, error) {
	return nil, nil
}
func (plainSessions) PutManySessions(context.Context, map[string][]byte) error   { return nil }
func (plainSessions) MigratePNToLID(context.Context, types.JID, types.JID) error { return nil }

// A panic while a message is decrypted is a broken message: counted, asked for
// again and shown, not acknowledged in silence.
func TestAPanicInADecryptionIsTheMessagesError(t *testing.T) {
	t.Parallel()
	var panics []any
	g := newGuard(func(error) { t.Error("the connection was given up") }, func(value any) { panics = append(panics, value) })
	buffer := &guardedBuffer{EventBuffer: &plainBuffer{}, g: g}
	err := buffer.DoDecryptionTxn(context.Background(), func(context.Context) error { panic("boom") })
	var panicked *PanicError
	require.ErrorAs(t, err, &panicked)
	require.NotErrorIs(t, err, context.Canceled)
	require.Equal(t, []any{"boom"}, panics)
	require.NoError(t, buffer.DoDecryptionTxn(context.Background(), func(context.Context) error { return nil }), "the lock is free")
}

// A database that fails around a decryption keeps the message.
func TestAFailingStoreKeepsTheMessage(t *testing.T) {
	t.Parallel()
	var given error
	g := newGuard(func(err error) { given = err }, func(any) {})
	away := errors.New("away")
	buffer := &guardedBuffer{EventBuffer: &plainBuffer{broken: away}, g: g}
	err := buffer.DoDecryptionTxn(context.Background(), func(context.Context) error { return nil })
	require.ErrorIs(t, err, context.Canceled, "the library neither acknowledges nor asks again")
	require.ErrorIs(t, err, away)
	require.ErrorIs(t, given, away)
}

// What was handled is cleared in the next decryption's transaction, and again
// if that one did not hold.
func TestHandledMessagesAreClearedWithTheNextDecryption(t *testing.T) {
	t.Parallel()
	stored := &plainBuffer{}
	buffer := &guardedBuffer{EventBuffer: stored, g: newGuard(func(error) {}, func(any) {})}
	ctx := context.Background()
	one, two := [32]byte{1}, [32]byte{2}
	require.NoError(t, buffer.ClearBufferedEventPlaintext(ctx, one))
	require.NoError(t, buffer.ClearBufferedEventPlaintext(ctx, two))
	require.Empty(t, stored.cleared)
	unreadable := errors.New("unreadable")
	require.ErrorIs(t, buffer.DoDecryptionTxn(ctx, func(context.Context) error { return unreadable }), unreadable)
	require.Empty(t, stored.cleared, "that transaction is rolled back")
	stored.broken = errors.New("away")
	require.Error(t, buffer.DoDecryptionTxn(ctx, func(context.Context) error { return nil }))
	stored.broken = nil
	for range 2 {
		require.NoError(t, buffer.DoDecryptionTxn(ctx, func(context.Context) error { return nil }))
		require.Equal(t, [][32]byte{one, two}, stored.cleared)
	}
}

// The library acknowledges a message once its plaintext is cleared. By then the
// decryption is on the disk: with the sink's commit, or with the clearing's own.
func TestADecryptionIsOnTheDiskBeforeTheAcknowledgement(t *testing.T) {
	t.Parallel()
	stored := &plainBuffer{}
	g := newGuard(func(error) {}, func(any) {})
	g.relaxed = func(ctx context.Context) context.Context { return context.WithValue(ctx, relaxedMark{}, true) }
	buffer := &guardedBuffer{EventBuffer: stored, g: g}
	ctx := context.Background()
	relaxed := false
	decrypt := func() {
		require.NoError(t, buffer.DoDecryptionTxn(ctx, func(ctx context.Context) error {
			relaxed = ctx.Value(relaxedMark{}) != nil
			return nil
		}))
	}
	one, two, three := [32]byte{1}, [32]byte{2}, [32]byte{3}
	decrypt()
	require.True(t, relaxed)
	require.NoError(t, buffer.ClearBufferedEventPlaintext(ctx, one))
	require.Equal(t, [][32]byte{one}, stored.cleared, "nobody committed it")
	decrypt()
	g.onDisk.Store(true) // as after the sink's commit
	require.NoError(t, buffer.ClearBufferedEventPlaintext(ctx, two))
	require.Equal(t, [][32]byte{one}, stored.cleared, "that can wait")
	decrypt()
	require.Equal(t, [][32]byte{one, two}, stored.cleared)
	require.NoError(t, buffer.ClearBufferedEventPlaintext(ctx, three))
	require.Equal(t, [][32]byte{one, two, three}, stored.cleared, "a commit before the decryption is none after it")
}

type relaxedMark struct{}

func TestTheSessionLock(t *testing.T) {
	t.Parallel()
	decrypt := func(ctx context.Context, g *Guard) error {
		return (&guardedBuffer{EventBuffer: &plainBuffer{}, g: g}).DoDecryptionTxn(ctx, func(ctx context.Context) error {
			_, err := (&guardedSessions{SessionStore: plainSessions{}, g: g}).GetSession(ctx, "a")
			return err
		})
	}
	for name, test := range map[string]func(t *testing.T, g *Guard, s *guardedSessions, decrypted chan error){
		"a send holds it from read to write": func(t *testing.T, g *Guard, s *guardedSessions, decrypted chan error) {
			ctx, e := g.sessions.encrypting(context.Background())
			defer e.End()
			_, err := s.GetManySessions(ctx, nil)
			require.NoError(t, err)
			go func() { decrypted <- decrypt(context.Background(), g) }()
			synctest.Wait()
			require.Empty(t, decrypted)
			require.NoError(t, s.PutManySessions(ctx, nil))
			require.NoError(t, <-decrypted, "it does not wait for the end of the send")
		},
		"a send that fails gives it back": func(t *testing.T, g *Guard, s *guardedSessions, decrypted chan error) {
			ctx, e := g.sessions.encrypting(context.Background())
			_, err := s.GetManySessions(ctx, nil)
			require.NoError(t, err)
			go func() { decrypted <- decrypt(context.Background(), g) }()
			synctest.Wait()
			require.Empty(t, decrypted)
			e.End()
			require.NoError(t, <-decrypted)
		},
		"another encryption borrows it until it writes": func(t *testing.T, g *Guard, s *guardedSessions, decrypted chan error) {
			_, err := s.GetSession(context.Background(), "a")
			require.NoError(t, err)
			go func() { decrypted <- decrypt(context.Background(), g) }()
			synctest.Wait()
			require.Empty(t, decrypted)
			require.NoError(t, s.PutSession(context.Background(), "a", nil))
			require.NoError(t, <-decrypted)
		},
		"one that fails does not keep it": func(t *testing.T, g *Guard, s *guardedSessions, decrypted chan error) {
			_, err := s.GetSession(context.Background(), "a")
			require.NoError(t, err)
			go func() { decrypted <- decrypt(context.Background(), g) }()
			require.NoError(t, <-decrypted)
			require.NoError(t, s.PutSession(context.Background(), "a", nil), "a late write takes it anew")
			require.NoError(t, decrypt(context.Background(), g))
		},
		"who waits can be called off": func(t *testing.T, g *Guard, s *guardedSessions, decrypted chan error) {
			ctx, e := g.sessions.encrypting(context.Background())
			defer e.End()
			_, err := s.GetManySessions(ctx, nil)
			require.NoError(t, err)
			waiting, cancel := context.WithCancel(context.Background())
			go func() { decrypted <- decrypt(waiting, g) }()
			synctest.Wait()
			cancel()
			require.ErrorIs(t, <-decrypted, context.Canceled)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := newGuard(func(error) {}, func(any) {})
				test(t, g, &guardedSessions{SessionStore: plainSessions{}, g: g}, make(chan error, 1))
			})
		})
	}
}
