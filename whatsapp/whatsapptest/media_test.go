package whatsapptest_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waMmsRetry"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

func content(n int) []byte {
	random := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)})
	data := make([]byte, n)
	_, _ = random.Read(data)
	return data
}

func TestMediaFromPeer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	for name, tc := range map[string]struct {
		size int
		send func([]byte) string
		part func(*waE2E.Message) whatsmeow.DownloadableMessage
	}{
		"image": {1000, func(b []byte) string {
			return w.alice.SendImage(w.phone, b, whatsapptest.WithCaption("look"))
		}, func(m *waE2E.Message) whatsmeow.DownloadableMessage {
			require.Equal(t, "look", m.ImageMessage.GetCaption())
			return m.ImageMessage
		}},
		"video": {100_003, func(b []byte) string {
			return w.alice.SendVideo(w.phone, b)
		}, func(m *waE2E.Message) whatsmeow.DownloadableMessage { return m.VideoMessage }},
		"round video": {16, func(b []byte) string {
			return w.alice.SendVideo(w.phone, b, whatsapptest.AsRoundVideo())
		}, func(m *waE2E.Message) whatsmeow.DownloadableMessage { return m.PtvMessage }},
		"voice note": {32_768, func(b []byte) string {
			return w.alice.SendVoice(w.phone, b, whatsapptest.WithSeconds(7))
		}, func(m *waE2E.Message) whatsmeow.DownloadableMessage {
			require.True(t, m.AudioMessage.GetPTT())
			require.EqualValues(t, 7, m.AudioMessage.GetSeconds())
			return m.AudioMessage
		}},
		"audio": {1, func(b []byte) string {
			return w.alice.SendAudio(w.phone, b)
		}, func(m *waE2E.Message) whatsmeow.DownloadableMessage { return m.AudioMessage }},
		"document": {5, func(b []byte) string {
			return w.alice.SendDocument(w.phone, "Price list.pdf", b, whatsapptest.WithMimetype("application/pdf"))
		}, func(m *waE2E.Message) whatsmeow.DownloadableMessage {
			require.Equal(t, "Price list.pdf", m.DocumentMessage.GetFileName())
			return m.DocumentMessage
		}},
		"document with caption": {700, func(b []byte) string {
			return w.alice.SendDocument(w.phone, "a.pdf", b, whatsapptest.WithCaption("as asked"))
		}, func(m *waE2E.Message) whatsmeow.DownloadableMessage {
			require.Equal(t, "as asked", m.DocumentMessage.GetCaption())
			return m.DocumentMessage
		}},
		"sticker": {333, func(b []byte) string {
			return w.alice.SendSticker(w.phone, b)
		}, func(m *waE2E.Message) whatsmeow.DownloadableMessage { return m.StickerMessage }},
	} {
		t.Run(name, func(t *testing.T) {
			data := content(tc.size)
			id := tc.send(data)
			message := await(c, func(m *events.Message) bool { return m.Info.ID == id })
			got, err := c.cli.Download(context.Background(), tc.part(message.Message))
			require.NoError(t, err)
			require.True(t, bytes.Equal(data, got))
		})
	}
}

func TestMediaFromClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	ctx := context.Background()
	data := content(300_001)
	up, err := c.cli.UploadReader(ctx, bytes.NewReader(data), nil, whatsmeow.MediaDocument)
	require.NoError(t, err)
	_, err = c.cli.SendMessage(ctx, w.alice.JID(), &waE2E.Message{DocumentMessage: &waE2E.DocumentMessage{
		URL: &up.URL, DirectPath: &up.DirectPath, MediaKey: up.MediaKey, FileEncSHA256: up.FileEncSHA256,
		FileSHA256: up.FileSHA256, FileLength: &up.FileLength, Mimetype: proto.String("text/csv"), FileName: proto.String("list.csv"),
	}})
	require.NoError(t, err)
	message, err := w.alice.WaitKind(patience, "document")
	require.NoError(t, err)
	media, err := message.Media()
	require.NoError(t, err)
	require.Equal(t, "list.csv", media.FileName)
	got, err := w.alice.Download(message)
	require.NoError(t, err)
	require.True(t, bytes.Equal(data, got))
}

func TestMediaFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	ctx := context.Background()

	id := w.alice.SendImage(w.phone, content(100))
	message := await(c, func(m *events.Message) bool { return m.Info.ID == id })
	sent, _ := w.alice.Sent(id)
	require.NoError(t, w.srv.ExpireMedia(sent, http.StatusGone))
	_, err := c.cli.Download(ctx, message.Message.ImageMessage)
	require.ErrorIs(t, err, whatsmeow.ErrMediaDownloadFailedWith410)

	// The phone has the picture still and uploads it again.
	require.NoError(t, c.cli.SendMediaRetryReceipt(ctx, &message.Info, message.Message.ImageMessage.MediaKey))
	evt := await(c, func(e *events.MediaRetry) bool { return e.MessageID == id })
	answer, err := whatsmeow.DecryptMediaRetryNotification(evt, message.Message.ImageMessage.MediaKey)
	require.NoError(t, err)
	require.Equal(t, waMmsRetry.MediaRetryNotification_SUCCESS, answer.GetResult())
	_, err = c.cli.Download(ctx, message.Message.ImageMessage)
	require.NoError(t, err)

	remove := w.srv.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
		if e.Kind == whatsapptest.MediaRequest && e.Request.Method == http.MethodPost {
			return whatsapptest.Action{Error: http.StatusInsufficientStorage}
		}
		return whatsapptest.Action{}
	})
	_, err = c.cli.Upload(ctx, content(10), whatsmeow.MediaImage)
	require.ErrorContains(t, err, "507")
	remove()

	w.srv.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
		if e.Kind == whatsapptest.MediaRequest {
			return whatsapptest.Action{Delay: time.Hour}
		}
		return whatsapptest.Action{}
	})
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	_, err = c.cli.Upload(short, content(10), whatsmeow.MediaImage)
	require.True(t, errors.Is(err, context.DeadlineExceeded), "%v", err)
}

func TestPhoneWithoutTheFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	w.phone.SetKeepsMedia(false)
	id := w.alice.SendImage(w.phone, content(100))
	message := await(c, func(m *events.Message) bool { return m.Info.ID == id })
	require.NoError(t, c.cli.SendMediaRetryReceipt(context.Background(), &message.Info, message.Message.ImageMessage.MediaKey))
	evt := await(c, func(e *events.MediaRetry) bool { return e.MessageID == id })
	_, err := whatsmeow.DecryptMediaRetryNotification(evt, message.Message.ImageMessage.MediaKey)
	require.ErrorIs(t, err, whatsmeow.ErrMediaNotAvailableOnPhone)
}

func TestPictures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	ctx := context.Background()
	_, err := c.cli.GetProfilePictureInfo(ctx, w.alice.JID(), nil)
	require.ErrorIs(t, err, whatsmeow.ErrProfilePictureNotSet)
	w.alice.SetPicture(content(50))
	await(c, func(e *events.Picture) bool { return e.JID == w.alice.JID() })
	info, err := c.cli.GetProfilePictureInfo(ctx, w.alice.JID(), nil)
	require.NoError(t, err)
	resp, err := (&http.Client{Transport: w.srv.Transport()}).Get(info.URL)
	require.NoError(t, err)
	defer resp.Body.Close()
	var got bytes.Buffer
	_, err = got.ReadFrom(resp.Body)
	require.NoError(t, err)
	require.Equal(t, content(50), got.Bytes())
	same, err := c.cli.GetProfilePictureInfo(ctx, w.alice.JID(), &whatsmeow.GetProfilePictureParams{ExistingID: info.ID})
	require.NoError(t, err)
	require.Nil(t, same)
	w.alice.HidePicture(true)
	_, err = c.cli.GetProfilePictureInfo(ctx, w.alice.JID(), nil)
	require.ErrorIs(t, err, whatsmeow.ErrProfilePictureUnauthorized)
}
