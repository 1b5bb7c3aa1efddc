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
	case o.Location != nil:
		return encodeLocation(o), nil
	case len(o.Contacts) > 0:
		return encodeContacts(o), nil
	default:
		return encodeText(o), nil
	}
}

func encodeText(o Outgoing) *waE2E.Message {
	text := &waE2E.ExtendedTextMessage{Text: proto.String(o.Text), ContextInfo: contextInfo(o)}
	if p := o.Preview; p != nil {
		text.MatchedText, text.Title, text.Description = proto.String(p.Link), optional(p.Title), optional(p.Description)
		text.JPEGThumbnail, text.PreviewType = p.Thumbnail, waE2E.ExtendedTextMessage_NONE.Enum()
	}
	return &waE2E.Message{ExtendedTextMessage: text}
}

func encodeLocation(o Outgoing) *waE2E.Message {
	return &waE2E.Message{LocationMessage: &waE2E.LocationMessage{
		DegreesLatitude: proto.Float64(o.Location.Latitude), DegreesLongitude: proto.Float64(o.Location.Longitude),
		Name: optional(o.Location.Name), ContextInfo: contextInfo(o),
	}}
}

func encodeContacts(o Outgoing) *waE2E.Message {
	var cards []*waE2E.ContactMessage
	for _, c := range o.Contacts {
		cards = append(cards, &waE2E.ContactMessage{DisplayName: proto.String(c.Name), Vcard: proto.String(c.VCard)})
	}
	if len(cards) == 1 {
		cards[0].ContextInfo = contextInfo(o)
		return &waE2E.Message{ContactMessage: cards[0]}
	}
	return &waE2E.Message{ContactsArrayMessage: &waE2E.ContactsArrayMessage{
		DisplayName: proto.String(o.Contacts[0].Name), Contacts: cards, ContextInfo: contextInfo(o),
	}}
}

func encodeMedia(o Outgoing, up Upload) *waE2E.Message {
	m := o.Media
	context := contextInfo(o)
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

// contextInfo is what surrounds a message, nil if nothing does. It quotes a message with
// empty content: the phone fills it in from its own copy.
func contextInfo(o Outgoing) *waE2E.ContextInfo {
	if o.Quote == nil && o.Timer == nil && len(o.Mentions) == 0 && !o.Everybody {
		return nil
	}
	c := &waE2E.ContextInfo{MentionedJID: o.Mentions}
	if q := o.Quote; q != nil {
		c.StanzaID, c.Participant = proto.String(q.ID), proto.String(q.Sender)
		c.QuotedMessage = &waE2E.Message{Conversation: proto.String("")}
	}
	if o.Everybody {
		c.NonJIDMentions = proto.Uint32(1)
	}
	if t := o.Timer; t != nil {
		c.Expiration, c.EphemeralSettingTimestamp = proto.Uint32(t.Seconds), unix(t.Set)
	}
	return c
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
