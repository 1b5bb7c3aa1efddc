package bridge_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

func samplePicture() image.Image {
	p := image.NewRGBA(image.Rect(0, 0, 80, 40))
	for i := range p.Pix {
		p.Pix[i] = byte(i % 251)
	}
	return p
}

func sampleJPEG(t *testing.T) []byte {
	var out bytes.Buffer
	require.NoError(t, jpeg.Encode(&out, samplePicture(), nil))
	return out.Bytes()
}

func samplePNG(t *testing.T) []byte {
	var out bytes.Buffer
	require.NoError(t, png.Encode(&out, samplePicture()))
	return out.Bytes()
}

// filed waits for the message with a WhatsApp id; it has one file.
func (w *world) filed(id string) (chatwoottest.Message, chatwoottest.File) {
	w.t.Helper()
	m := w.desk.wait("the file", func(m chatwoottest.Message) bool { return m.SourceID == "WAID:"+id })
	require.Len(w.t, m.Files, 1)
	return m, m.Files[0]
}

func TestR23_EveryKindOfFileReachesTheDeskAndIsFetchedOnce(t *testing.T) {
	jpg, clip := sampleJPEG(t), append([]byte("\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2"), make([]byte, 500)...)
	ogg, mp3 := append([]byte("OggS\x00\x02"), make([]byte, 300)...), append([]byte("ID3\x04"), make([]byte, 300)...)
	webp, pdf := []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe"), []byte("%PDF-1.4 contract")
	animated := []byte("RIFF\x20\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00ANIM")
	oneMode(t, func(t *testing.T, w *world) {
		type want struct{ text, name, declared, kind string }
		for _, tc := range []struct {
			title string
			send  string
			body  []byte
			opts  []whatsapptest.SendOption
			want  want
		}{
			{"a photo stays bare", "image", jpg, nil, want{"", "photo.jpg", "image/jpeg", "image"}},
			{"a photo with a caption", "image", jpg, with(whatsapptest.WithCaption("the *red* one")), want{"the **red** one", "photo.jpg", "image/jpeg", "image"}},
			{"a video", "video", clip, nil, want{"", "video.mp4", "video/mp4", "video"}},
			{"a video with a caption", "video", clip, with(whatsapptest.WithCaption("see")), want{"see", "video.mp4", "video/mp4", "video"}},
			{"a GIF has a word, which keeps it small", "video", clip, with(whatsapptest.AsGIF()), want{"🎬 GIF", "video.mp4", "video/mp4", "video"}},
			{"a round video", "video", clip, with(whatsapptest.AsRoundVideo()), want{"", "video.mp4", "video/mp4", "video"}},
			{"a voice note has no text", "voice", ogg, with(whatsapptest.WithSeconds(3)), want{"", "voice.ogg", "audio/ogg", "audio"}},
			{"an audio file has one", "audio", mp3, nil, want{"🎵 Audio", "audio.mp3", "audio/mpeg", "audio"}},
			{"a document", "document", pdf, with(whatsapptest.WithFileName("Contrato social.pdf"), whatsapptest.WithMimetype("application/pdf")), want{"", "Contrato social.pdf", "application/pdf", "file"}},
			{"a document with a caption", "document", pdf, with(whatsapptest.WithFileName("Contrato_social_2.pdf"), whatsapptest.WithMimetype("application/pdf"), whatsapptest.WithCaption("please sign")),
				want{"please sign\n\n📎 Contrato_social_2.pdf", "Contrato_social_2.pdf", "application/pdf", "file"}},
			{"a document with a short name", "document", pdf, with(whatsapptest.WithFileName("a.pdf"), whatsapptest.WithMimetype("application/pdf"), whatsapptest.WithCaption("please sign")), want{"please sign", "a.pdf", "application/pdf", "file"}},
			{"a sticker", "sticker", webp, nil, want{"Sticker", "sticker.webp", "image/webp", "image"}},
			{"an animated sticker", "sticker", animated, nil, want{"Sticker", "sticker.webp", "image/webp", "image"}},
		} {
			id, err := w.alice.SendFile(w.phone, tc.send, bytes.NewReader(tc.body), tc.opts...)
			require.NoError(t, err)
			m, f := w.filed(id)
			stored, err := f.Bytes()
			require.NoError(t, err)
			require.Equal(t, tc.body, stored, tc.title)
			require.Equal(t, tc.want, want{m.Text, f.Name, f.Declared, f.Type}, tc.title)
			require.Equal(t, tc.send == "voice", f.Voice, tc.title)
			require.Equal(t, "incoming", m.Kind)
		}
		require.Equal(t, 13, w.wa.Downloads(), "every file is fetched once")
	})
}

func with(opts ...whatsapptest.SendOption) []whatsapptest.SendOption { return opts }

func TestAVectorStickerIsShownAsItsStillPicture(t *testing.T) {
	still := samplePNG(t)
	oneMode(t, func(t *testing.T, w *world) {
		lottie := func(still []byte) *waE2E.Message {
			return &waE2E.Message{LottieStickerMessage: &waE2E.FutureProofMessage{Message: &waE2E.Message{StickerMessage: &waE2E.StickerMessage{
				Mimetype: proto.String("application/was"), IsLottie: proto.Bool(true), PngThumbnail: still,
				DirectPath: proto.String("/v/nothing?x=1"), MediaKey: make([]byte, 32), FileSHA256: make([]byte, 32), FileEncSHA256: make([]byte, 32),
			}}}}
		}
		m, f := w.filed(w.alice.Send(w.phone, lottie(still)))
		stored, err := f.Bytes()
		require.NoError(t, err)
		require.Equal(t, still, stored)
		require.Equal(t, [3]string{"Sticker", "sticker.png", "image/png"}, [3]string{m.Text, f.Name, f.Declared})

		bare := w.alice.Send(w.phone, lottie(nil))
		m = w.desk.wait("the sticker without a picture", func(m chatwoottest.Message) bool { return m.SourceID == "WAID:"+bare })
		require.Equal(t, "Sticker", m.Text)
		require.Empty(t, m.Files)
	})
}

func TestAFileFromTheOwnPhoneIsShownOnTheDesksSide(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		m, f := w.filed(w.phone.SendImage(w.alice, sampleJPEG(t), whatsapptest.WithCaption("{{contact.name}}")))
		require.Equal(t, "outgoing", m.Kind)
		require.True(t, m.Echo)
		require.Equal(t, "{{contact.name}}", m.Text)
		require.Equal(t, "photo.jpg", f.Name)
	})
}

// R04 and R06 from WhatsApp: what phones say of a file, and what the desk gets.
func TestR06_CustomersFilesKeepNameTypeAndBytes(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		pdf, empty := []byte("%PDF-1.4"), []byte{}
		for i, tc := range []struct {
			name, mimetype string
			body           []byte
			wantName       string
			wantType       string
		}{
			{"Orçamento final – cópia.pdf", "application/pdf", pdf, "Orçamento final – cópia.pdf", "application/pdf"},
			{"見積書.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", []byte("PK\x03\x04"), "見積書.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
			{`the "final"; one's.pdf`, "application/pdf", pdf, "the _final__ one_s.pdf", "application/pdf"},
			{"no extension", "application/pdf", pdf, "no extension.pdf", "application/pdf"},
			{"v1.2 of 2026", "application/pdf", pdf, "v1.2 of 2026.pdf", "application/pdf"},
			{"invoice.2026", "application/pdf", pdf, "invoice.2026.pdf", "application/pdf"},
			{"../../etc/passwd", "text/plain", []byte("x"), "passwd.txt", "text/plain"},
			{"empty.pdf", "application/pdf", empty, "empty.pdf", "application/pdf"},
			{"", "application/pdf", pdf, "file.pdf", "application/pdf"},
			{"no type.pdf", "", pdf, "no type.pdf", "application/pdf"}, // R10
			{"unknown type", "application/octet-stream", pdf, "unknown type.pdf", "application/pdf"},
			{"note.ogg; codecs=opus", "audio/ogg; codecs=opus", []byte("OggS\x00\x02"), "note.ogg_ codecs=opus.ogg", "audio/ogg"},
			{"UPPER.PDF", "APPLICATION/PDF", pdf, "UPPER.PDF", "application/pdf"},
			{"evil.pdf", "application/pdf\r\nX-Evil: 1", pdf, "evil.pdf", "application/pdf"},
		} {
			id := w.sendDocument(tc.body, tc.name, tc.mimetype)
			_, f := w.filed(id)
			stored, err := f.Bytes()
			require.NoError(t, err)
			require.Equal(t, tc.body, append([]byte{}, stored...), "%d %q", i, tc.name)
			require.Equal(t, [2]string{tc.wantName, tc.wantType}, [2]string{f.Name, f.Declared}, "%d %q", i, tc.name)
		}
	})
}

// sendDocument sends exactly what is given, an empty type included.
func (w *world) sendDocument(body []byte, name, mimetype string) string {
	w.t.Helper()
	option := whatsapptest.WithMimetype(mimetype)
	if mimetype == "" {
		option = whatsapptest.WithMimetype(" ")
	}
	id, err := w.alice.SendFile(w.phone, "document", bytes.NewReader(body), whatsapptest.WithFileName(name), option)
	require.NoError(w.t, err)
	return id
}

// refuse answers downloads of files with a status, so many times.
func (w *world) refuse(status, times int) (remove func()) {
	var left atomic.Int64
	left.Store(int64(times))
	return w.wa.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
		if e.Kind == whatsapptest.MediaRequest && e.Request.Method == http.MethodGet && left.Add(-1) >= 0 {
			return whatsapptest.Action{Error: status}
		}
		return whatsapptest.Action{}
	})
}

const waitingLine = "⏳ *Waiting for this message. It should arrive by itself; if not, open it on the phone.*"

func TestR20_ACaptionComesWhetherItsFileDoesOrNot(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.phone.SetKeepsMedia(false)
		for _, status := range []int{0, http.StatusForbidden, http.StatusNotFound, http.StatusGone} {
			remove := func() {}
			if status != 0 {
				remove = w.refuse(status, 1000)
			}
			for _, kind := range []string{"image", "video", "document"} {
				caption := fmt.Sprintf("%s %d", kind, status)
				id, err := w.alice.SendFile(w.phone, kind, bytes.NewReader(sampleJPEG(t)), whatsapptest.WithCaption(caption), whatsapptest.WithFileName("a.jpg"), whatsapptest.WithMimetype("image/jpeg"))
				require.NoError(t, err)
				m := w.desk.wait(caption, func(m chatwoottest.Message) bool { return m.SourceID == "WAID:"+id })
				if status == 0 {
					require.Len(t, m.Files, 1)
					require.Equal(t, caption, m.Text)
				} else {
					require.Empty(t, m.Files)
					require.Equal(t, waitingLine+"\n\n"+caption, m.Text)
				}
			}
			w.settled()
			remove()
		}
		require.Len(t, w.desk.incoming(), 12, "what the phone does not have either stays a line")
	})
}

// settled waits until nothing of the line waits, and nothing was given up.
func (w *world) settled() {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		status, err := w.bridge.LineStatus(w.t.Context(), w.line)
		return err == nil && status.Queue == journal.Stats{}
	}, patience, 5*time.Millisecond)
}

func TestD05_AFileThatIsGoneIsAskedOfThePhoneAndFollowsItsText(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		remove := w.refuse(http.StatusGone, 1000)
		photo := sampleJPEG(t)
		gone := w.alice.SendImage(w.phone, photo, whatsapptest.WithCaption("see *this*"))
		text := w.desk.wait("the text", func(m chatwoottest.Message) bool { return m.SourceID == "WAID:"+gone })
		require.Equal(t, waitingLine+"\n\nsee **this**", text.Text)
		w.alice.SendText(w.phone, "next")
		w.desk.wait("what was written after it", withText("next"))
		w.settled()
		require.Len(t, w.desk.incoming(), 2, "the phone's copy is refused as well")
		remove()

		remove = w.refuse(http.StatusNotFound, 2) // the message's own download, and the first repeat
		again := w.alice.SendImage(w.phone, photo, whatsapptest.WithCaption("and this"))
		text = w.desk.wait("the text", func(m chatwoottest.Message) bool { return m.SourceID == "WAID:"+again })
		require.Empty(t, text.Files)
		late := w.desk.wait("the file", func(m chatwoottest.Message) bool { return m.SourceID == "WAID:"+again+"#file" })
		require.Empty(t, late.Text)
		require.Equal(t, text.ID, late.ReplyTo, "threaded to its text")
		require.Len(t, late.Files, 1)
		stored, err := late.Files[0].Bytes()
		require.NoError(t, err)
		require.Equal(t, photo, stored)
		w.settled()
		remove()

		// An agent who answers the late file quotes the customer's message.
		w.desk.say("nice", chatwoottest.Quoting(late.ID))
		require.Equal(t, again, w.got(0).Quoted().GetStanzaID())
	})
}

func TestD39_AFileThatChatwootNeverTakesLeavesItsTextAndTheReason(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.desk.AddRule(chatwoottest.Rule{Method: http.MethodPost, Path: "/messages", Times: 1, Fault: chatwoottest.Fault{Status: http.StatusRequestEntityTooLarge, Body: "<html>"}})
		id := w.alice.SendVideo(w.phone, make([]byte, 3<<20+1), whatsapptest.WithCaption("the tour"))
		m := w.desk.wait("the text", func(m chatwoottest.Message) bool { return m.SourceID == "WAID:"+id })
		require.Equal(t, "⚠️ **The file (4 MB) is larger than this Chatwoot accepts. Open it on the phone.**\n\nthe tour", m.Text)
		require.Empty(t, m.Files)
		w.settled()
	})
}

func TestD05_AFileThatFailsForAWhileFollowsItsText(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		defer w.refuse(http.StatusBadRequest, 3)()
		id := w.alice.SendDocument(w.phone, "plan.pdf", []byte("%PDF-1.4"), whatsapptest.WithMimetype("application/pdf"))
		text := w.desk.wait("the text", func(m chatwoottest.Message) bool { return m.SourceID == "WAID:"+id })
		require.Equal(t, waitingLine, text.Text)
		late := w.desk.wait("the file", func(m chatwoottest.Message) bool { return m.SourceID == "WAID:"+id+"#file" })
		require.Equal(t, "plan.pdf", late.Files[0].Name)
		w.settled()
	})
}

func TestD05_AFileThatThePhoneLacksTooEndsWithAReason(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.phone.SetKeepsMedia(false)
		defer w.refuse(http.StatusNotFound, 1000)()
		id := w.alice.SendVoice(w.phone, []byte("OggS"))
		first := w.desk.wait("the line in its place", func(m chatwoottest.Message) bool { return m.SourceID == "WAID:"+id })
		note := w.desk.wait("the reason", func(m chatwoottest.Message) bool { return m.SourceID == "WAID:"+id+"#missing" })
		require.True(t, note.Private)
		require.Equal(t, first.ID, note.ReplyTo)
		require.Contains(t, note.Text, "could not be downloaded")
	})
}
