package whatsapp_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// secret stands for what a customer wrote.
const secret = "my card is 4111"

// The library asks WhatsApp for its servers for files and takes the first of
// them without looking whether there is one.
func TestAPanicInACallOfTheLibraryCostsThatCallOnly(t *testing.T) {
	t.Parallel()
	w, c, _ := newCountingWorld(t, whatsapptest.New(whatsapptest.Options{}))
	remove := w.srv.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action { return mediaHosts(e) })
	path := filepath.Join(t.TempDir(), "a.pdf")
	require.NoError(t, os.WriteFile(path, []byte("%PDF-1.4"), 0o600))
	file := content.Outgoing{ID: "3EB0FILE", To: w.alice.JID().String(), Media: &content.OutgoingMedia{
		Kind: content.Document, Path: path, MIME: "application/pdf", Name: "a.pdf",
	}}
	require.ErrorIs(t, w.session.Send(context.Background(), file), whatsapp.ErrUpload)
	require.Equal(t, 1, c.all()["panic"])

	w.send(w.alice, "3EB0TEXT", "meanwhile")
	w.alice.SendText(w.phone, "still there?")
	w.sink.wait(t, "her text", func() bool { return len(w.sink.texts()) == 1 })
	remove()
	require.NoError(t, w.session.Send(context.Background(), file))
	require.NoError(t, w.alice.WaitCount(patience, 2))
	require.Equal(t, 1, w.phone.Companion().Logins(), "the connection was kept")
}

func TestAPanicInTheEventHandlerCostsThatEventOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := &counts{}
	var log lockedBuffer
	w.sink.onTyping = func() { panic(secret) }
	w.startAnew(func(cfg *whatsapp.Config) {
		cfg.Count, cfg.Log = c.count, slog.New(slog.NewTextHandler(&log, nil))
	})
	w.pair()
	w.alice.SendText(w.phone, "hello")
	w.sink.wait(t, "her text", func() bool { return len(w.sink.texts()) == 1 })
	w.alice.Typing(w.phone, whatsapptest.Composing)
	w.alice.SendText(w.phone, "are you there?")
	w.sink.wait(t, "her next text", func() bool { return len(w.sink.texts()) == 2 })
	require.Equal(t, 1, c.all()["panic"])
	require.Equal(t, 1, w.phone.Companion().Logins(), "the connection was kept")
	require.NotContains(t, log.String(), secret)
	require.Contains(t, log.String(), "type=string", "people learn that there was a panic")
	require.Contains(t, log.String(), "panic_test.go", "and where")
}

// A message is not acknowledged when its commit panics, and none overtakes it.
func TestAPanicInACommitIsACommitThatFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := &counts{}
	var log lockedBuffer
	var once sync.Once
	w.sink.onTake = func(e content.Envelope) {
		if e.Kind == content.EnvMessage {
			once.Do(func() { panic(secret) })
		}
	}
	w.startAnew(func(cfg *whatsapp.Config) {
		cfg.Count, cfg.Log = c.count, slog.New(slog.NewTextHandler(&log, nil))
	})
	w.pair()
	w.alice.SendText(w.phone, "one")
	w.alice.SendText(w.phone, "two")
	w.sink.wait(t, "both texts", func() bool { return len(w.sink.texts()) == 2 })
	w.sink.update(func() { require.Equal(t, []string{"one", "two"}, w.sink.texts()) })
	require.Equal(t, 1, c.all()["panic"])
	require.NotContains(t, log.String(), secret)
}

// lockedBuffer is a log that is written and read at once.
type lockedBuffer struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}
