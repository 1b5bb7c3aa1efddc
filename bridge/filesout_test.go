package bridge_test

import (
	"bytes"
	"fmt"
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

// R06 and D41 towards WhatsApp. Chatwoot itself has changed some names already.
func TestR06_AgentsDocumentsKeepNameTypeAndBytes(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		for i, tc := range []struct{ name, contentType, body, wantName, wantType string }{
			{"Orçamento final.pdf", "application/pdf", "%PDF-1.4", "Orçamento final.pdf", "application/pdf"},
			{"見積書.pdf", "application/pdf", "%PDF-1.4", "見積書.pdf", "application/pdf"},
			{`a "b"; c's.pdf`, "application/pdf", "%PDF-1.4", "a -b-- c_s.pdf", "application/pdf"},
			{"no extension", "application/pdf", "%PDF-1.4", "no extension.pdf", "application/pdf"},
			{"table.csv", "text/csv", "a;b\n", "table.csv", "text/csv"},
			{"program.exe", "application/x-msdownload", "MZ", "program.exe", "application/x-msdownload"},
			{"empty.txt", "text/plain", "", "empty.txt", "text/plain"},
			{"no type", "", "%PDF-1.4", "no type.pdf", "application/pdf"}, // R10
			{"page.html", "text/html", "<script>", "page.html", "text/html"},
		} {
			w.desk.say("", chatwoottest.WithFile(tc.name, tc.contentType, []byte(tc.body)))
			got := w.got(i)
			document := got.Message.GetDocumentMessage()
			require.Equal(t, [2]string{tc.wantName, tc.wantType}, [2]string{document.GetFileName(), document.GetMimetype()}, tc.name)
			content, err := w.alice.Download(got)
			require.NoError(t, err)
			require.Equal(t, tc.body, string(content), tc.name)
		}
	})
}

func TestD31_R39_SeveralFilesHaveOneCaptionAndAreTakenBackTogether(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		var files []chatwoottest.MessageOption
		for i := range 3 {
			files = append(files, chatwoottest.WithFile(fmt.Sprintf("%d.pdf", i), "application/pdf", fmt.Appendf(nil, "%%PDF-%d", i)))
		}
		m := w.desk.say("three pages", files...)
		var sent []string
		for i := range 3 {
			got := w.got(i)
			sent = append(sent, got.ID)
			media, err := got.Media()
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("%d.pdf", i), media.FileName)
			require.Equal(t, map[bool]string{true: "three pages"}[i == 0], got.Text())
		}
		w.desk.wait("the tick", withStatus(m.ID, "delivered"))
		require.NoError(t, w.desk.Delete(m.ID))
		for _, id := range sent {
			_, err := w.alice.WaitMessage(patience, func(r whatsapptest.Received) bool { return r.Kind() == "revoke" && r.Target() == id })
			require.NoError(t, err)
		}
	})
}

func TestD42_AFileThatIsStoredLateIsWaitedFor(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		w.desk.MissFiles(1)
		m := w.desk.say("here", chatwoottest.WithFile("late.pdf", "application/pdf", []byte("%PDF-1.4")))
		require.Equal(t, "here", w.got(0).Text())
		content, err := w.alice.Download(w.got(0))
		require.NoError(t, err)
		require.Equal(t, "%PDF-1.4", string(content))
		w.desk.wait("the tick", withStatus(m.ID, "delivered"))
	})
}

func TestD42_AFileThatIsNeverStoredFailsWithTheReason(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		w.desk.MissFiles(1000)
		m := w.desk.say("here", chatwoottest.WithFile("never.pdf", "application/pdf", []byte("%PDF-1.4")))
		w.waitJobs("created", 1)
		w.age("created", 31*time.Second)
		require.Equal(t, "here", w.got(0).Text(), "the text by itself")
		require.NotEmpty(t, w.desk.wait("the red bubble", withStatus(m.ID, "failed")).Reason)
		require.Len(t, w.alice.Messages(), 1)
	})
}

// D09 and R20 towards WhatsApp: the text goes out once, whatever becomes of the
// files, and Retry brings what is missing.
func TestD09_R20_ATextGoesOutOnceWhateverBecomesOfItsFiles(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		n := 0
		for _, contentType := range []string{"image/jpeg", "video/mp4", "application/pdf", "audio/mpeg"} {
			text := "about " + contentType
			remove := w.desk.AddRule(chatwoottest.Rule{Path: "/rails/active_storage", Fault: chatwoottest.Fault{Status: http.StatusGone}})
			m := w.desk.say(text, chatwoottest.WithFile("a", contentType, sampleJPEG(t)))
			require.Equal(t, text, w.got(n).Text())
			failed := w.desk.wait("the red bubble", withStatus(m.ID, "failed"))
			require.NotEmpty(t, failed.Reason)
			remove()
			require.NoError(t, w.desk.Retry(m.ID))
			again := w.got(n + 1)
			_, err := again.Media()
			require.NoError(t, err, "the file")
			require.Empty(t, again.Text(), "its text is there already")
			w.desk.wait("the tick of all of it", withStatus(m.ID, "delivered"))
			n += 2
		}
		require.Len(t, w.alice.Texts(), n)
	})
}

func TestATextBeforeSoundIsAMessageOfItsOwn(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		w.desk.say("listen", chatwoottest.WithFile("song.mp3", "audio/mpeg", []byte("ID3\x04")), chatwoottest.WithFile("b.pdf", "application/pdf", []byte("%PDF-1.4")))
		kinds := []string{w.got(0).Kind(), w.got(1).Kind(), w.got(2).Kind()}
		require.Equal(t, []string{"text", "audio", "document"}, kinds)
		require.Equal(t, []string{"listen", "", ""}, w.alice.Texts())
	})
}

// Nobody has said that the file is sound, so its text goes as if it had a
// caption until the content tells.
func TestR20_ATextBesideAFileThatTurnsOutToBeSoundIsNotLost(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		question := w.desk.Messages(w.desk.Conversations()[0].ID)[0]
		m := w.desk.say("listen", chatwoottest.Quoting(question.ID), chatwoottest.WithFile("a.bin", "application/octet-stream", []byte("\xff\xfb\x90\x64 sound")))
		require.Equal(t, []string{"text", "audio"}, []string{w.got(0).Kind(), w.got(1).Kind()})
		require.Equal(t, []string{"listen", ""}, w.alice.Texts())
		require.NotNil(t, w.got(0).Quoted())
		require.Nil(t, w.got(1).Quoted())
		w.desk.wait("the tick of all of it", withStatus(m.ID, "delivered"))
	})
}

// A file that meets Chatwoot's limit of requests is not broken: it is waited for.
func TestD37_AFileThatMeetsTheRateLimitIsWaitedFor(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		limited := chatwoottest.TooManyRequests()
		limited.Header = http.Header{"Retry-After": {"1"}}
		w.desk.AddRule(chatwoottest.Rule{Method: http.MethodGet, Path: "/rails/active_storage", Times: 1, Fault: limited})
		w.desk.say("please sign", chatwoottest.WithFile("a.pdf", "application/pdf", []byte("%PDF-1.4 contract")))
		got, err := w.alice.WaitText(patience, "please sign")
		require.NoError(t, err)
		content, err := w.alice.Download(got)
		require.NoError(t, err, "the text came without its file")
		require.Equal(t, "%PDF-1.4 contract", string(content))
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
