package content

import (
	"errors"

	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// Encode makes the message to send; up is the uploaded file, if any. It is
// pure.
func Encode(o Outgoing, up *Upload) (*waE2E.Message, error) {
	switch {
	case o.Revoke != "":
		return &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
			Type: waE2E.ProtocolMessage_REVOKE.Enum(),
			Key:  &waCommon.MessageKey{FromMe: proto.Bool(true), ID: proto.String(o.Revoke), RemoteJID: proto.String(o.To)},
		}}, nil
	case o.Media != nil && up == nil:
		return nil, errors.New("encode a file: it was not uploaded")
	case o.Media != nil:
		return encodeMedia(o, *up), nil
	default:
		return &waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{
			Text: proto.String(o.Text), ContextInfo: contextInfo(o.Quote),
		}}, nil
	}
}

func encodeMedia(o Outgoing, up Upload) *waE2E.Message {
	m := o.Media
	context := contextInfo(o.Quote)
	caption := optional(o.Text)
	switch m.Kind {
	case Image:
		return &waE2E.Message{ImageMessage: &waE2E.ImageMessage{
			Mimetype: proto.String(m.MIME), Caption: caption, ContextInfo: context, JPEGThumbnail: m.Thumbnail,
			Width: dimension(m.Width), Height: dimension(m.Height),
			URL: &up.URL, DirectPath: &up.DirectPath, MediaKey: up.MediaKey,
			FileEncSHA256: up.FileEncSHA256, FileSHA256: up.FileSHA256, FileLength: &up.FileLength,
		}}
	case Video, GIF:
		return &waE2E.Message{VideoMessage: &waE2E.VideoMessage{
			Mimetype: proto.String(m.MIME), Caption: caption, ContextInfo: context, JPEGThumbnail: m.Thumbnail,
			Width: dimension(m.Width), Height: dimension(m.Height), Seconds: dimension(m.Seconds), GifPlayback: proto.Bool(m.Kind == GIF),
			URL: &up.URL, DirectPath: &up.DirectPath, MediaKey: up.MediaKey,
			FileEncSHA256: up.FileEncSHA256, FileSHA256: up.FileSHA256, FileLength: &up.FileLength,
		}}
	case Voice, Audio:
		return &waE2E.Message{AudioMessage: &waE2E.AudioMessage{
			Mimetype: proto.String(m.MIME), ContextInfo: context, PTT: proto.Bool(m.Kind == Voice),
			Seconds: dimension(m.Seconds), Waveform: m.Waveform,
			URL: &up.URL, DirectPath: &up.DirectPath, MediaKey: up.MediaKey,
			FileEncSHA256: up.FileEncSHA256, FileSHA256: up.FileSHA256, FileLength: &up.FileLength,
		}}
	default:
		document := &waE2E.Message{DocumentMessage: &waE2E.DocumentMessage{
			Mimetype: proto.String(m.MIME), FileName: proto.String(m.Name), Title: proto.String(m.Name), Caption: caption, ContextInfo: context,
			URL: &up.URL, DirectPath: &up.DirectPath, MediaKey: up.MediaKey,
			FileEncSHA256: up.FileEncSHA256, FileSHA256: up.FileSHA256, FileLength: &up.FileLength,
		}}
		if o.Text == "" {
			return document
		}
		return &waE2E.Message{DocumentWithCaptionMessage: &waE2E.FutureProofMessage{Message: document}}
	}
}

// contextInfo quotes a message with empty content: the phone fills it in from
// its own copy.
func contextInfo(q *OutgoingQuote) *waE2E.ContextInfo {
	if q == nil {
		return nil
	}
	return &waE2E.ContextInfo{
		StanzaID: proto.String(q.ID), Participant: proto.String(q.Sender),
		QuotedMessage: &waE2E.Message{Conversation: proto.String("")},
	}
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func dimension(n int) *uint32 {
	if n <= 0 {
		return nil
	}
	return proto.Uint32(uint32(n))
}
