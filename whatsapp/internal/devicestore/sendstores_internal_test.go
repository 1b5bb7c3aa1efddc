package devicestore

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

// written is a device's stores as far as a send writes them; it notes what is
// written, and whether that is in a transaction.
type written struct {
	store.EventBuffer
	store.SessionStore
	store.MsgSecretStore
	log    []string
	broken error
}

type inTransaction struct{}

func (w *written) note(ctx context.Context, what string) error {
	if w.broken != nil {
		return w.broken
	}
	if ctx.Value(inTransaction{}) != nil {
		what += ", together"
	}
	w.log = append(w.log, what)
	return nil
}

func (w *written) AddOutgoingEvent(ctx context.Context, _ types.JID, id types.MessageID, _ string, _ []byte) error {
	return w.note(ctx, "message "+id)
}

func (w *written) DeleteOldOutgoingEvents(ctx context.Context) error { return w.note(ctx, "old ones") }

func (w *written) PutMessageSecret(ctx context.Context, _, _ types.JID, id types.MessageID, _ []byte) error {
	return w.note(ctx, "secret "+id)
}

func (w *written) GetManySessions(context.Context, []string) (map[string][]byte, error) {
	return nil, nil
}

func (w *written) PutManySessions(ctx context.Context, _ map[string][]byte) error {
	return w.note(ctx, "sessions")
}

// newSendingGuard guards the stores; its transactions hold only without an error.
func newSendingGuard(w *written) (*Guard, *guardedBuffer, *guardedSecrets, *guardedSessions) {
	g := newGuard(func(error) {}, func(any) {})
	g.inOne = func(ctx context.Context, fn func(context.Context) error) error {
		before := len(w.log)
		err := fn(context.WithValue(ctx, inTransaction{}, true))
		if err != nil {
			w.log = w.log[:before]
		}
		return err
	}
	return g, &guardedBuffer{EventBuffer: w, g: g}, &guardedSecrets{w, g}, &guardedSessions{SessionStore: w, g: g}
}

// What is stored of a message is stored before it leaves, together with the
// sessions that encrypt it; nothing is stored of one that was not encrypted.
func TestASendWritesInOneTransaction(t *testing.T) {
	t.Parallel()
	var to types.JID
	for name, test := range map[string]struct {
		broken bool
		alone  bool // no device to encrypt for, so no session is written
		want   []string
	}{
		"with the sessions": {want: []string{"message A, together", "secret A, together", "sessions, together"}},
		"or not at all":     {broken: true},
		"for nobody, after": {alone: true, want: []string{"message A", "secret A"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &written{}
			g, buffer, secrets, sessions := newSendingGuard(w)
			ctx, e := g.sessions.encrypting(context.Background())
			defer e.End()
			require.NoError(t, buffer.AddOutgoingEvent(ctx, to, "A", "wa", nil))
			require.NoError(t, secrets.PutMessageSecret(ctx, to, to, "A", nil))
			_, err := sessions.GetManySessions(ctx, nil)
			require.NoError(t, err)
			require.Empty(t, w.log)
			switch {
			case test.broken:
				w.broken = errors.New("away")
				require.ErrorIs(t, sessions.PutManySessions(ctx, nil), w.broken)
			case !test.alone:
				require.NoError(t, sessions.PutManySessions(ctx, nil))
				fallthrough
			default:
				require.NoError(t, e.WriteKept(context.Background()), "after the send")
			}
			require.Equal(t, test.want, w.log)
		})
	}
}

func TestWithoutASendNothingIsPutOff(t *testing.T) {
	t.Parallel()
	w, to, ctx := &written{}, types.JID{}, context.Background()
	_, buffer, secrets, sessions := newSendingGuard(w)
	require.NoError(t, buffer.AddOutgoingEvent(ctx, to, "A", "wa", nil))
	require.NoError(t, secrets.PutMessageSecret(ctx, to, to, "A", nil))
	require.NoError(t, sessions.PutManySessions(ctx, nil))
	require.Equal(t, []string{"message A", "secret A", "sessions"}, w.log)
}

// The library asks for it with every message.
func TestWhatWasSentLongAgoIsDeletedTwiceADay(t *testing.T) {
	t.Parallel()
	w := &written{}
	g, buffer, _, _ := newSendingGuard(w)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	g.clock = func() time.Time { return now }
	for range 49 {
		require.NoError(t, buffer.DeleteOldOutgoingEvents(context.Background()))
		now = now.Add(time.Hour)
	}
	require.Len(t, w.log, 5)
}
