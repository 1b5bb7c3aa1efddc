package whatsapp_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// takenOf gives the payloads of one kind; the sink's lock is held.
func (s *sink) takenOf(kind content.EnvelopeKind) [][]byte {
	var payloads [][]byte
	for _, e := range s.taken {
		if e.Kind == kind {
			payloads = append(payloads, e.Payload)
		}
	}
	return payloads
}

// waitTaken waits for the nth envelope of a kind and gives its payload.
func (w *world) waitTaken(kind content.EnvelopeKind, n int) []byte {
	w.t.Helper()
	var payload []byte
	w.sink.wait(w.t, "an envelope of kind "+string(kind), func() bool {
		payloads := w.sink.takenOf(kind)
		if len(payloads) < n {
			return false
		}
		payload = payloads[n-1]
		return true
	})
	return payload
}

// expire removes a sent file from WhatsApp's servers.
func (w *world) expire(from *whatsapptest.Peer, id string) {
	w.t.Helper()
	sent, ok := from.Sent(id)
	require.True(w.t, ok)
	require.NoError(w.t, w.srv.ExpireMedia(sent, http.StatusGone))
}

func TestD05_AFileThatIsGoneIsHadFromThePhone(t *testing.T) {
	t.Parallel()
	sent := []byte("what the customer sent")
	for name, send := range map[string]func(w *world) string{
		"document": func(w *world) string {
			return w.alice.SendDocument(w.phone, "a.pdf", sent, whatsapptest.WithCaption("see"))
		},
		"image":   func(w *world) string { return w.alice.SendImage(w.phone, sent) },
		"video":   func(w *world) string { return w.alice.SendVideo(w.phone, sent) },
		"round":   func(w *world) string { return w.alice.SendVideo(w.phone, sent, whatsapptest.AsRoundVideo()) },
		"voice":   func(w *world) string { return w.alice.SendVoice(w.phone, sent) },
		"sticker": func(w *world) string { return w.alice.SendSticker(w.phone, sent) },
		"by lid":  func(w *world) string { return w.alice.SendImage(w.phone, sent, whatsapptest.WithLIDOnly()) },
		"own":     func(w *world) string { return w.phone.SendImage(w.alice, sent) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.pair()
			id := send(w)
			payload := w.waitTaken(content.EnvMessage, 1)
			m, err := content.Decode(payload)
			require.NoError(t, err)
			sender := w.alice
			if m.FromMe {
				sender = w.phone
			}
			w.expire(sender, id)
			file, err := os.Create(filepath.Join(t.TempDir(), "in"))
			require.NoError(t, err)
			t.Cleanup(func() { _ = file.Close() })
			require.ErrorIs(t, w.session.Download(context.Background(), *m.File(), file), whatsapp.ErrMediaGone)

			require.NoError(t, w.session.RequestMedia(context.Background(), payload))
			answer, err := content.DecodeMediaRetry(w.waitTaken(content.EnvMediaRetry, 1))
			require.NoError(t, err)
			require.Equal(t, m.ID, answer.ID)
			require.Equal(t, m.Chat, answer.Chat)
			require.Equal(t, m.FromMe, answer.FromMe)
			renewed, err := whatsapp.Renew(answer, *m.File())
			require.NoError(t, err)
			require.NoError(t, w.session.Download(context.Background(), renewed, file))
			got, err := os.ReadFile(file.Name())
			require.NoError(t, err)
			require.Equal(t, sent, got)
		})
	}
}

func TestD05_APhoneWithoutTheFileSaysSoEachTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pair()
	w.phone.SetKeepsMedia(false)
	id := w.alice.SendImage(w.phone, []byte("a picture"))
	payload := w.waitTaken(content.EnvMessage, 1)
	w.expire(w.alice, id)
	m, err := content.Decode(payload)
	require.NoError(t, err)

	require.NoError(t, w.session.RequestMedia(context.Background(), payload))
	answer, err := content.DecodeMediaRetry(w.waitTaken(content.EnvMediaRetry, 1))
	require.NoError(t, err)
	_, err = whatsapp.Renew(answer, *m.File())
	require.ErrorIs(t, err, whatsapp.ErrMediaNotOnPhone)
}

// The library acknowledges the phone's answer whatever becomes of it, so the
// session tries to commit it until it can.
func TestThePhonesAnswerOutlivesAJournalThatIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pair()
	w.alice.SendImage(w.phone, []byte("a picture"))
	payload := w.waitTaken(content.EnvMessage, 1)
	w.sink.refuse.Store(true)
	require.NoError(t, w.session.RequestMedia(context.Background(), payload))
	w.sink.wait(t, "a refusal", func() bool { return w.sink.refused.Load() > 0 })
	w.sink.refuse.Store(false)
	w.waitTaken(content.EnvMediaRetry, 1)
}

func TestAMessageWithoutAFileCannotBeAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.ErrorIs(t, w.session.RequestMedia(context.Background(), nil), whatsapp.ErrNotConnected)
	w.pair()
	w.alice.SendText(w.phone, "no file")
	payload := w.waitTaken(content.EnvMessage, 1)
	require.ErrorContains(t, w.session.RequestMedia(context.Background(), payload), "the message has none")
	require.Error(t, w.session.RequestMedia(context.Background(), []byte("{")))
}
