package bridge_test

import (
	"bytes"
	"image/jpeg"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// talking is a world in which Alice has written, so that agents can reply.
func talking(w *world) {
	w.t.Helper()
	w.alice.SendText(w.phone, "hi")
	w.desk.wait("the conversation", withText("hi"))
}

// got waits for Alice's message number n, from 0.
func (w *world) got(n int) whatsapptest.Received {
	w.t.Helper()
	require.NoError(w.t, w.alice.WaitCount(patience, n+1))
	return w.alice.Messages()[n]
}

// made is a file that ffmpeg writes.
func made(t *testing.T, name string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	out, err := exec.Command("ffmpeg", append(append([]string{"-nostdin", "-loglevel", "error"}, args...), path)...).CombinedOutput()
	require.NoError(t, err, string(out))
	return path
}

func TestR24_AnAgentsRecordingIsPlayedAsAVoiceNote(t *testing.T) {
	recording := made(t, "a.mp3", "-f", "lavfi", "-i", "sine=d=2", "-c:a", "libmp3lame")
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		w.desk.say("", withFileAt(t, "11817c4d4da0.mp3", "audio/mpeg", recording))
		note := w.got(0).Message.GetAudioMessage()
		require.True(t, note.GetPTT())
		require.Equal(t, "audio/ogg; codecs=opus", note.GetMimetype())
		require.EqualValues(t, 2, note.GetSeconds())
		require.Len(t, note.GetWaveform(), 64)
		sound, err := w.alice.Download(w.got(0))
		require.NoError(t, err)
		require.Equal(t, "OggS", string(sound[:4]))

		w.desk.say("", withFileAt(t, "song.mp3", "audio/mpeg", recording))
		song := w.got(1).Message.GetAudioMessage()
		require.False(t, song.GetPTT())
		require.Equal(t, "audio/mpeg", song.GetMimetype())

		w.desk.say("listen", withFileAt(t, "11817c4d4da1.mp3", "audio/mpeg", recording))
		require.Equal(t, "listen", w.got(2).Text(), "a text before its sound: audio has no caption")
		require.False(t, w.got(3).Message.GetAudioMessage().GetPTT(), "a recording with a text is a file")
	})
}

func withFileAt(t *testing.T, name, contentType, path string) chatwoottest.MessageOption {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return chatwoottest.WithFile(name, contentType, content)
}

func TestAgentsFilesBecomeWhatPhonesShow(t *testing.T) {
	film := made(t, "a.webm", "-f", "lavfi", "-i", "testsrc=s=160x90:d=1", "-c:v", "libvpx")
	moving := made(t, "a.gif", "-f", "lavfi", "-i", "testsrc=s=40x20:d=1:r=5")
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		w.desk.say("look", chatwoottest.WithFile("screen.png", "image/png", samplePNG(t)))
		picture := w.got(0).Message.GetImageMessage()
		require.Equal(t, [2]string{"look", "image/jpeg"}, [2]string{picture.GetCaption(), picture.GetMimetype()})
		require.Equal(t, [2]uint32{80, 40}, [2]uint32{picture.GetWidth(), picture.GetHeight()})
		content, err := w.alice.Download(w.got(0))
		require.NoError(t, err)
		_, err = jpeg.Decode(bytes.NewReader(content))
		require.NoError(t, err)
		require.NotEmpty(t, picture.GetJPEGThumbnail())

		w.desk.say("", chatwoottest.WithFile("photo.jpg", "image/jpeg", sampleJPEG(t)))
		content, err = w.alice.Download(w.got(1))
		require.NoError(t, err)
		require.Equal(t, sampleJPEG(t), content, "a JPEG is not touched")

		w.desk.say("", withFileAt(t, "film.webm", "video/webm", film))
		video := w.got(2).Message.GetVideoMessage()
		require.Equal(t, "video/mp4", video.GetMimetype())
		require.Equal(t, [3]uint32{160, 90, 1}, [3]uint32{video.GetWidth(), video.GetHeight(), video.GetSeconds()})
		require.False(t, video.GetGifPlayback())
		require.NotEmpty(t, video.GetJPEGThumbnail())
		w.desk.say("", withFileAt(t, "wave.gif", "image/gif", moving))
		require.True(t, w.got(3).Message.GetVideoMessage().GetGifPlayback())

		w.desk.say("", chatwoottest.WithFile("scan.tiff", "image/tiff", []byte("II*\x00 not really")))
		document := w.got(4).Message.GetDocumentMessage()
		require.Equal(t, [2]string{"scan.tiff", "image/tiff"}, [2]string{document.GetFileName(), document.GetMimetype()})
	})
}

// While all of Chatwoot is away its files are waited for, however often they
// were tried; only a file that fails by itself leaves its text to go alone.
func TestD42_AFileOutlivesAnOutageOfChatwoot(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		require.NoError(t, w.desk.WaitIdle(t.Context()))
		w.desk.AddRule(chatwoottest.Rule{Path: "/", Fault: chatwoottest.Fault{Status: http.StatusServiceUnavailable}})
		m := w.desk.say("please sign", chatwoottest.WithFile("a.pdf", "application/pdf", []byte("%PDF-1.4 contract")))
		attempts := func() (n int) {
			require.NoError(t, w.db.QueryRow(`SELECT COALESCE(MAX(attempt), 0) FROM job WHERE kind = 'created' AND state = 'waiting'`).Scan(&n))
			return n
		}
		require.Eventually(t, func() bool { return attempts() > 0 }, patience, 5*time.Millisecond)
		_, err := w.db.Exec(`UPDATE job SET attempt = 20 WHERE kind = 'created' AND state = 'waiting'`)
		require.NoError(t, err)
		w.hasten("out")
		require.Eventually(t, func() bool { return attempts() > 20 }, patience, 5*time.Millisecond, "it was given up")
		w.desk.ClearFaults()
		got, err := w.alice.WaitText(patience, "please sign")
		require.NoError(t, err)
		content, err := w.alice.Download(got)
		require.NoError(t, err, "the text came without its file")
		require.Equal(t, "%PDF-1.4 contract", string(content))
		w.desk.wait("the tick", withStatus(m.ID, "delivered"))
	})
}
