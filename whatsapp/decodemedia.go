package whatsapp

import (
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// decodeMedia decodes a message with a file; false when it has none.
func decodeMedia(m *waE2E.Message) (Message, bool) {
	var d Message
	switch {
	case m.GetImageMessage() != nil:
		x := m.GetImageMessage()
		d = Message{Kind: KindImage, KindName: "imageMessage", Text: x.GetCaption(), Quote: quote(x.GetContextInfo()),
			Media: &Media{MIME: x.GetMimetype(), Size: size(x.GetFileLength())}}
		if x.GetViewOnce() {
			d.Kind = KindViewOnce
		}
	case m.GetVideoMessage() != nil:
		x := m.GetVideoMessage()
		d = video(x, KindVideo, "videoMessage")
		if x.GetGifPlayback() {
			d.Kind = KindGIF
		}
	case m.GetPtvMessage() != nil:
		d = video(m.GetPtvMessage(), KindRoundVideo, "ptvMessage")
	case m.GetAudioMessage() != nil:
		x := m.GetAudioMessage()
		d = Message{Kind: KindAudio, KindName: "audioMessage", Quote: quote(x.GetContextInfo()),
			Media: &Media{MIME: x.GetMimetype(), Size: size(x.GetFileLength()), Seconds: int(x.GetSeconds())}}
		if x.GetPTT() {
			d.Kind = KindVoice
		}
		if x.GetViewOnce() {
			d.Kind = KindViewOnce
		}
	case m.GetDocumentMessage() != nil:
		x := m.GetDocumentMessage()
		d = Message{Kind: KindDocument, KindName: "documentMessage", Text: x.GetCaption(), Quote: quote(x.GetContextInfo()),
			Media: &Media{MIME: x.GetMimetype(), FileName: clean(x.GetFileName()), Size: size(x.GetFileLength())}}
	case m.GetStickerMessage() != nil:
		d = sticker(m.GetStickerMessage())
	default:
		return Message{}, false
	}
	d.Text = clean(d.Text)
	if d.Media == nil {
		return d, true
	}
	d.Media.Kind = d.Kind
	// Only what was unmarshalled before is marshalled here, so it cannot fail;
	// if it ever did, the download would say that the keys are missing.
	d.Media.raw, _ = proto.Marshal(m)
	return d, true
}

// sticker decodes a sticker. A vector animation is a file that nothing but
// WhatsApp shows, so the still picture that comes with it takes its place.
func sticker(x *waE2E.StickerMessage) Message {
	d := Message{Kind: KindSticker, KindName: "stickerMessage", Quote: quote(x.GetContextInfo())}
	switch still := x.GetPngThumbnail(); {
	case !x.GetIsLottie() && x.GetMimetype() != "application/was":
		d.Media = &Media{MIME: x.GetMimetype(), Size: size(x.GetFileLength())}
	case len(still) > 0:
		d.Media = &Media{MIME: "image/png", Size: int64(len(still)), Inline: still}
	}
	return d
}

func video(x *waE2E.VideoMessage, kind Kind, name string) Message {
	d := Message{Kind: kind, KindName: name, Text: x.GetCaption(), Quote: quote(x.GetContextInfo()),
		Media: &Media{MIME: x.GetMimetype(), Size: size(x.GetFileLength()), Seconds: int(x.GetSeconds())}}
	if x.GetViewOnce() {
		d.Kind = KindViewOnce
	}
	return d
}

// size reads a length that the sender's client claims.
func size(claimed uint64) int64 {
	const most = 1 << 40
	return int64(min(claimed, most))
}
