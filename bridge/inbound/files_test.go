package inbound_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/bridge/media"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp"
)

const waitingLine = "⏳ *Waiting for this message. It should arrive by itself; if not, open it on the phone.*"

func (o *office) document(body []byte, name, mimetype, caption string) *waE2E.Message {
	return &waE2E.Message{DocumentMessage: &waE2E.DocumentMessage{
		FileName: &name, Mimetype: &mimetype, Caption: optional(caption), DirectPath: o.files.put(body),
	}}
}

func (o *office) image(body []byte, caption string) *waE2E.Message {
	return &waE2E.Message{ImageMessage: &waE2E.ImageMessage{Mimetype: proto.String("image/jpeg"), Caption: optional(caption), DirectPath: o.files.put(body)}}
}

func (o *office) video(body []byte, caption string, gif bool) *waE2E.Message {
	return &waE2E.Message{VideoMessage: &waE2E.VideoMessage{
		Mimetype: proto.String("video/mp4"), Caption: optional(caption), GifPlayback: &gif, DirectPath: o.files.put(body),
	}}
}

func (o *office) audio(body []byte, mimetype string, voice bool) *waE2E.Message {
	return &waE2E.Message{AudioMessage: &waE2E.AudioMessage{Mimetype: &mimetype, PTT: &voice, DirectPath: o.files.put(body)}}
}

func (o *office) sticker(body []byte) *waE2E.Message {
	return &waE2E.Message{StickerMessage: &waE2E.StickerMessage{Mimetype: proto.String("image/webp"), DirectPath: o.files.put(body)}}
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// filed is the only file of a message.
func (o *office) filed(id string) (chatwoottest.Message, chatwoottest.File, []byte) {
	o.t.Helper()
	m := o.posted(id)
	require.Len(o.t, m.Files, 1)
	stored, err := m.Files[0].Bytes()
	require.NoError(o.t, err)
	return m, m.Files[0], append([]byte{}, stored...)
}

func TestR23_EveryKindOfFileReachesTheDeskAndIsFetchedOnce(t *testing.T) {
	t.Parallel()
	jpg, clip := []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00"), append([]byte("\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2"), make([]byte, 500)...)
	ogg, mp3 := append([]byte("OggS\x00\x02"), make([]byte, 300)...), append([]byte("ID3\x04"), make([]byte, 300)...)
	webp, pdf := []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe"), []byte("%PDF-1.4 contract")
	animated := []byte("RIFF\x20\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00ANIM")
	const pdfType = "application/pdf"
	o := newOffice(t)
	type want struct {
		text, name, declared, kind string
		voice                      bool
	}
	round := func(body []byte) *waE2E.Message {
		m := o.video(body, "", false)
		return &waE2E.Message{PtvMessage: m.VideoMessage}
	}
	for _, tc := range []struct {
		title string
		m     *waE2E.Message
		body  []byte
		want  want
	}{
		{"a photo stays bare", o.image(jpg, ""), jpg, want{"", "photo.jpg", "image/jpeg", "image", false}},
		{"a photo with a caption", o.image(jpg, "the *red* one"), jpg, want{"the **red** one", "photo.jpg", "image/jpeg", "image", false}},
		{"a video", o.video(clip, "", false), clip, want{"", "video.mp4", "video/mp4", "video", false}},
		{"a video with a caption", o.video(clip, "see", false), clip, want{"see", "video.mp4", "video/mp4", "video", false}},
		{"a GIF has a word, which keeps it small", o.video(clip, "", true), clip, want{"🎬 GIF", "video.mp4", "video/mp4", "video", false}},
		{"a round video", round(clip), clip, want{"", "video.mp4", "video/mp4", "video", false}},
		{"a voice note has no text", o.audio(ogg, "audio/ogg; codecs=opus", true), ogg, want{"", "voice.ogg", "audio/ogg", "audio", true}},
		{"an audio file has one", o.audio(mp3, "audio/mpeg", false), mp3, want{"🎵 Audio", "audio.mp3", "audio/mpeg", "audio", false}},
		{"a document", o.document(pdf, "Contrato social.pdf", pdfType, ""), pdf, want{"", "Contrato social.pdf", pdfType, "file", false}},
		{"a document with a caption", o.document(pdf, "Contrato_social_2.pdf", pdfType, "please sign"), pdf, want{"please sign\n\n📎 Contrato_social_2.pdf", "Contrato_social_2.pdf", pdfType, "file", false}},
		{"a document with a short name", o.document(pdf, "a.pdf", pdfType, "please sign"), pdf, want{"please sign", "a.pdf", pdfType, "file", false}},
		{"a sticker", o.sticker(webp), webp, want{"Sticker", "sticker.webp", "image/webp", "image", false}},
		{"an animated sticker", o.sticker(animated), animated, want{"Sticker", "sticker.webp", "image/webp", "image", false}},
	} {
		m, f, stored := o.filed(o.from(alicia, byNumber, tc.m))
		require.Equal(t, tc.body, stored, tc.title)
		require.Equal(t, tc.want, want{m.Text, f.Name, f.Declared, f.Type, f.Voice}, tc.title)
		require.Equal(t, "incoming", m.Kind)
	}
	require.Equal(t, 13, o.files.fetched, "every file is fetched once")
}

func TestK8_CustomersFilesKeepTheirNames(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for declared, want := range map[string]string{
		"Boleto 10/11/2025.pdf": "Boleto 10_11_2025.pdf", "Proposta Dr.Silva": "Proposta Dr.Silva.pdf", `Nota 3\2025.PDF`: "Nota 3_2025.PDF", "///": "file.pdf",
	} {
		_, f, _ := o.filed(o.from(alicia, byNumber, o.document([]byte("%PDF-1.4"), declared, "application/pdf", "")))
		require.Equal(t, want, f.Name, declared)
	}
}

func TestAVectorStickerIsShownAsItsStillPicture(t *testing.T) {
	t.Parallel()
	still := []byte("\x89PNG\r\n\x1a\n still")
	o := newOffice(t)
	lottie := func(still []byte) *waE2E.Message {
		return &waE2E.Message{LottieStickerMessage: &waE2E.FutureProofMessage{Message: &waE2E.Message{StickerMessage: &waE2E.StickerMessage{
			Mimetype: proto.String("application/was"), IsLottie: proto.Bool(true), PngThumbnail: still, DirectPath: proto.String("/v/nothing"),
		}}}}
	}
	m, f, stored := o.filed(o.from(alicia, byNumber, lottie(still)))
	require.Equal(t, still, stored)
	require.Equal(t, [3]string{"Sticker", "sticker.png", "image/png"}, [3]string{m.Text, f.Name, f.Declared})
	bare := o.posted(o.from(alicia, byNumber, lottie(nil)))
	require.Equal(t, "Sticker", bare.Text)
	require.Empty(t, bare.Files)
}

func TestAFileFromTheOwnPhoneIsShownOnTheDesksSide(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	m, f, _ := o.filed(o.typed(alicia, o.image([]byte("\xff\xd8\xff"), "{{contact.name}}")))
	require.Equal(t, "outgoing", m.Kind)
	require.True(t, m.Echo)
	require.Equal(t, "{{contact.name}}", m.Text)
	require.Equal(t, "photo.jpg", f.Name)
}

// R04 and R06 from WhatsApp: what phones say of a file, and what the desk gets.
func TestR06_CustomersFilesKeepNameTypeAndBytes(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	pdf := []byte("%PDF-1.4")
	const word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	for _, tc := range []struct {
		name, mimetype string
		body           []byte
		wantName       string
		wantType       string
	}{
		{"Orçamento final – cópia.pdf", "application/pdf", pdf, "Orçamento final – cópia.pdf", "application/pdf"},
		{"見積書.docx", word, []byte("PK\x03\x04"), "見積書.docx", word},
		{`the "final"; one's.pdf`, "application/pdf", pdf, "the _final__ one_s.pdf", "application/pdf"},
		{"no extension", "application/pdf", pdf, "no extension.pdf", "application/pdf"},
		{"v1.2 of 2026", "application/pdf", pdf, "v1.2 of 2026.pdf", "application/pdf"},
		{"invoice.2026", "application/pdf", pdf, "invoice.2026.pdf", "application/pdf"},
		{"../../etc/passwd", "text/plain", []byte("x"), "passwd.txt", "text/plain"},
		{"empty.pdf", "application/pdf", []byte{}, "empty.pdf", "application/pdf"},
		{"", "application/pdf", pdf, "file.pdf", "application/pdf"},
		{"no type.pdf", "", pdf, "no type.pdf", "application/pdf"}, // R10
		{"unknown type", "application/octet-stream", pdf, "unknown type.pdf", "application/pdf"},
		{"note.ogg; codecs=opus", "audio/ogg; codecs=opus", []byte("OggS\x00\x02"), "note.ogg_ codecs=opus.ogg", "audio/ogg"},
		{"UPPER.PDF", "APPLICATION/PDF", pdf, "UPPER.PDF", "application/pdf"},
		{"evil.pdf", "application/pdf\r\nX-Evil: 1", pdf, "evil.pdf", "application/pdf"},
	} {
		_, f, stored := o.filed(o.from(alicia, byNumber, o.document(tc.body, tc.name, tc.mimetype, "")))
		require.Equal(t, tc.body, stored, tc.name)
		require.Equal(t, [2]string{tc.wantName, tc.wantType}, [2]string{f.Name, f.Declared}, tc.name)
	}
}

// Whatever keeps a file away: its text comes, and the file follows or the phone is
// asked for it.
func TestR20_ACaptionComesWhetherItsFileDoesOrNot(t *testing.T) {
	t.Parallel()
	failed := errors.New("the server answers 403")
	for name, tc := range map[string]struct {
		failures []error
		asked    int
		late     bool // the file comes behind its text
		bare     bool // the text has no file
	}{
		"it comes":             {},
		"it fails once":        {failures: []error{failed}},
		"it fails for a while": {failures: []error{failed, failed, failed}, late: true, bare: true},
		"it is gone":           {failures: []error{whatsapp.ErrMediaGone, whatsapp.ErrMediaGone}, asked: 1, bare: true},
		"it was gone, and is back": {
			failures: []error{whatsapp.ErrMediaGone}, late: true, bare: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			for i, m := range []*waE2E.Message{o.image([]byte("\xff\xd8\xff"), "see *this*"), o.video([]byte("film"), "see *this*", false), o.document([]byte("%PDF"), "a.pdf", "application/pdf", "see *this*")} {
				o.files.failures, o.files.asked = tc.failures, 0
				id := o.take(alicia, byNumber, m)
				after := o.take(alicia, byNumber, text(fmt.Sprint("next ", i)))
				o.drain()
				said := o.posted(id)
				require.Equal(t, tc.asked, o.files.asked)
				require.Greater(t, o.posted(after).ID, said.ID, "what came after it waits for it or its text")
				if !tc.bare {
					require.Equal(t, "see **this**", said.Text)
					require.Len(t, said.Files, 1)
					continue
				}
				require.Equal(t, waitingLine+"\n\nsee **this**", said.Text)
				require.Empty(t, said.Files)
				if tc.late {
					late := o.posted(id + "#file")
					require.Len(t, late.Files, 1)
					require.Equal(t, said.ID, late.ReplyTo, "threaded to its text")
					require.Empty(t, late.Text)
				}
			}
		})
	}
}

func TestD05_AFileThatFailsForAWhileFollowsItsText(t *testing.T) {
	t.Parallel()
	failed := errors.New("the server answers 400")
	o := newOffice(t)
	o.files.failures = []error{failed, failed, failed}
	id := o.take(alicia, byNumber, o.document([]byte("%PDF-1.4"), "plan.pdf", "application/pdf", ""))
	require.Len(t, o.drain(), 2, "the message's second attempt goes without it, the file's second one has it")
	require.Equal(t, waitingLine, o.posted(id).Text)
	_, f, stored := o.filed(id + "#file")
	require.Equal(t, "plan.pdf", f.Name)
	require.Equal(t, "%PDF-1.4", string(stored))
}

func TestD39_AFileThatChatwootNeverTakesLeavesItsTextAndTheReason(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.AddRule(chatwoottest.Rule{Method: http.MethodPost, Path: "/messages", Times: 1, Fault: chatwoottest.Fault{Status: http.StatusRequestEntityTooLarge, Body: "<html>"}})
	m := o.posted(o.from(alicia, byNumber, o.video(make([]byte, 3<<20+1), "the tour", false)))
	require.Equal(t, "⚠️ **The file (4 MB) is larger than this Chatwoot accepts. Open it on the phone.**\n\nthe tour", m.Text)
	require.Empty(t, m.Files)
}

// What a customer's phone says of a file is believed only as far as the content
// bears it out: the desk shows no page as a picture.
func TestL13_ACustomersPictureThatIsNoneIsAFile(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	html, svg := []byte("<!DOCTYPE html><script>alert(1)</script>"), []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`)
	for name, tc := range map[string]struct {
		sent               *waE2E.Message
		wantName, wantType string
	}{
		"a page as a picture":        {o.image(html, ""), "file", media.Unknown},
		"a drawing as a picture":     {o.image(svg, ""), "file", media.Unknown},
		"a program as a picture":     {o.image([]byte("MZ\x90\x00\x03"), ""), "file", media.Unknown},
		"a page as a film":           {o.video(html, "", false), "file", media.Unknown},
		"a page as a picture's file": {o.document(html, "photo.jpg", "image/jpeg", ""), "photo.jpg", media.Unknown},
		"a page":                     {o.document(html, "page.html", "text/html", ""), "page.html", media.Unknown},
		"a drawing":                  {o.document(svg, "logo.svg", "image/svg+xml", ""), "logo.svg", media.Unknown},
		"a page as a PDF":            {o.document(html, "offer.pdf", "application/pdf", ""), "offer.pdf", media.Unknown},
		"a picture of another kind":  {o.image([]byte("\x89PNG\r\n\x1a\n"), ""), "photo.png", "image/png"},
		"a picture":                  {o.image([]byte("\xff\xd8\xff\xe0"), ""), "photo.jpg", "image/jpeg"},
	} {
		_, f, _ := o.filed(o.from(alicia, byNumber, tc.sent))
		require.Equal(t, [2]string{tc.wantName, tc.wantType}, [2]string{f.Name, f.Declared}, name)
		require.Equal(t, tc.wantType != media.Unknown, f.Type == "image", name)
	}
}
