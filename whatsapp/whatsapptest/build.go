package whatsapptest

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
)

// SendImage sends a picture.
func (p *Peer) SendImage(to Chat, content []byte, opts ...SendOption) string {
	return p.sendBytes(to, "image", content, opts)
}

// SendVideo sends a video; AsGIF and AsRoundVideo change its kind.
func (p *Peer) SendVideo(to Chat, content []byte, opts ...SendOption) string {
	return p.sendBytes(to, "video", content, opts)
}

// SendVoice sends a voice note.
func (p *Peer) SendVoice(to Chat, content []byte, opts ...SendOption) string {
	return p.sendBytes(to, "voice", content, opts)
}

// SendAudio sends a sound file.
func (p *Peer) SendAudio(to Chat, content []byte, opts ...SendOption) string {
	return p.sendBytes(to, "audio", content, opts)
}

// SendDocument sends a file with a name.
func (p *Peer) SendDocument(to Chat, name string, content []byte, opts ...SendOption) string {
	return p.sendBytes(to, "document", content, append([]SendOption{WithFileName(name)}, opts...))
}

// SendSticker sends a sticker.
func (p *Peer) SendSticker(to Chat, content []byte, opts ...SendOption) string {
	return p.sendBytes(to, "sticker", content, opts)
}

func (p *Peer) sendBytes(to Chat, kind string, content []byte, opts []SendOption) string {
	id, err := p.SendFile(to, kind, bytes.NewReader(content), opts...)
	if err != nil {
		p.fail("send %s: %w", kind, err)
	}
	return id
}

// SendFile sends a file of any size. The kind is image, video, voice, audio,
// document or sticker.
func (p *Peer) SendFile(to Chat, kind string, content io.Reader, opts ...SendOption) (string, error) {
	o := sendOptions{id: newMessageID(), at: p.srv.opts.Now()}
	for _, opt := range opts {
		opt(&o)
	}
	mediaKind, ok := map[string]whatsmeow.MediaType{
		"image": whatsmeow.MediaImage, "sticker": whatsmeow.MediaImage, "video": whatsmeow.MediaVideo,
		"voice": whatsmeow.MediaAudio, "audio": whatsmeow.MediaAudio, "document": whatsmeow.MediaDocument,
	}[kind]
	if !ok {
		return "", fmt.Errorf("unknown kind of file %q", kind)
	}
	file, err := p.srv.upload(mediaKind, content)
	if err != nil {
		return "", fmt.Errorf("upload %s: %w", kind, err)
	}
	return p.send(to, fileMessage(kind, file, o.media), o), nil
}

// fileMessage describes an uploaded file in a message.
func fileMessage(kind string, f uploaded, o mediaOptions) *waE2E.Message {
	mimetype := o.mimetype
	if mimetype == "" {
		mimetype = map[string]string{
			"image": "image/jpeg", "sticker": "image/webp", "video": "video/mp4",
			"voice": "audio/ogg; codecs=opus", "audio": "audio/mpeg", "document": "application/octet-stream",
		}[kind]
	}
	var caption *string
	if o.caption != "" {
		caption = &o.caption
	}
	switch kind {
	case "image":
		return &waE2E.Message{ImageMessage: &waE2E.ImageMessage{
			URL: &f.url, DirectPath: &f.path, MediaKey: f.key, FileSHA256: f.sum, FileEncSHA256: f.encSum, FileLength: &f.size,
			Mimetype: &mimetype, Caption: caption, Width: &o.width, Height: &o.height,
		}}
	case "video":
		video := &waE2E.VideoMessage{
			URL: &f.url, DirectPath: &f.path, MediaKey: f.key, FileSHA256: f.sum, FileEncSHA256: f.encSum, FileLength: &f.size,
			Mimetype: &mimetype, Caption: caption, Seconds: &o.seconds, GifPlayback: &o.gif, Width: &o.width, Height: &o.height,
		}
		if o.round {
			return &waE2E.Message{PtvMessage: video}
		}
		return &waE2E.Message{VideoMessage: video}
	case "voice", "audio":
		return &waE2E.Message{AudioMessage: &waE2E.AudioMessage{
			URL: &f.url, DirectPath: &f.path, MediaKey: f.key, FileSHA256: f.sum, FileEncSHA256: f.encSum, FileLength: &f.size,
			Mimetype: &mimetype, Seconds: &o.seconds, PTT: ptr(kind == "voice"),
		}}
	case "sticker":
		return &waE2E.Message{StickerMessage: &waE2E.StickerMessage{
			URL: &f.url, DirectPath: &f.path, MediaKey: f.key, FileSHA256: f.sum, FileEncSHA256: f.encSum, FileLength: &f.size,
			Mimetype: &mimetype, Width: &o.width, Height: &o.height,
		}}
	}
	document := &waE2E.DocumentMessage{
		URL: &f.url, DirectPath: &f.path, MediaKey: f.key, FileSHA256: f.sum, FileEncSHA256: f.encSum, FileLength: &f.size,
		Mimetype: &mimetype, Caption: caption, FileName: &o.fileName, Title: &o.fileName,
	}
	if caption == nil {
		return &waE2E.Message{DocumentMessage: document}
	}
	// Phones wrap a document with a caption.
	return &waE2E.Message{DocumentWithCaptionMessage: &waE2E.FutureProofMessage{Message: &waE2E.Message{DocumentMessage: document}}}
}

// SendLocation sends a place.
func (p *Peer) SendLocation(to Chat, latitude, longitude float64, name, address string, opts ...SendOption) string {
	return p.Send(to, &waE2E.Message{LocationMessage: &waE2E.LocationMessage{
		DegreesLatitude: &latitude, DegreesLongitude: &longitude, Name: &name, Address: &address,
	}}, opts...)
}

// SendContact sends a contact card.
func (p *Peer) SendContact(to Chat, name, number string, opts ...SendOption) string {
	digits := strings.TrimPrefix(number, "+")
	card := "BEGIN:VCARD\nVERSION:3.0\nN:;" + name + ";;;\nFN:" + name +
		"\nTEL;type=CELL;waid=" + digits + ":+" + digits + "\nEND:VCARD"
	return p.Send(to, &waE2E.Message{ContactMessage: &waE2E.ContactMessage{DisplayName: &name, Vcard: &card}}, opts...)
}

// Reply answers a received message with a text.
func (p *Peer) Reply(to Chat, quoted Received, text string, opts ...SendOption) string {
	return p.SendText(to, text, append([]SendOption{WithQuote(quoted)}, opts...)...)
}

// key names a message as the peer sees it.
func (p *Peer) key(to Chat, target Received) *waCommon.MessageKey {
	key := &waCommon.MessageKey{RemoteJID: ptr(to.chatJID().String()), FromMe: ptr(target.From == p), ID: &target.ID}
	if target.Group != nil && target.From != p {
		key.Participant = ptr(target.Sender.String())
	}
	return key
}

// Revoke deletes one of the peer's own messages for everybody.
func (p *Peer) Revoke(to Chat, id string, opts ...SendOption) string {
	return p.Send(to, &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
		Type: waE2E.ProtocolMessage_REVOKE.Enum(), Key: p.key(to, Received{ID: id, From: p}),
	}}, opts...)
}

// Edit changes the text of one of the peer's own messages.
func (p *Peer) Edit(to Chat, id, text string, opts ...SendOption) string {
	return p.Send(to, &waE2E.Message{EditedMessage: &waE2E.FutureProofMessage{Message: &waE2E.Message{
		ProtocolMessage: &waE2E.ProtocolMessage{
			Type: waE2E.ProtocolMessage_MESSAGE_EDIT.Enum(), Key: p.key(to, Received{ID: id, From: p}),
			EditedMessage: &waE2E.Message{Conversation: &text}, TimestampMS: ptr(p.srv.opts.Now().UnixMilli()),
		},
	}}}, opts...)
}

// React puts an emoji on a message; an empty one takes it away.
func (p *Peer) React(to Chat, target Received, emoji string, opts ...SendOption) string {
	return p.Send(to, &waE2E.Message{ReactionMessage: &waE2E.ReactionMessage{
		Key: p.key(to, target), Text: &emoji, SenderTimestampMS: ptr(p.srv.opts.Now().UnixMilli()),
	}}, opts...)
}

// SendPoll asks a question with answers to choose from.
func (p *Peer) SendPoll(to Chat, question string, answers []string, opts ...SendOption) string {
	poll := &waE2E.PollCreationMessage{Name: &question, SelectableOptionsCount: ptr(uint32(1))}
	for _, answer := range answers {
		poll.Options = append(poll.Options, &waE2E.PollCreationMessage_Option{OptionName: &answer})
	}
	return p.Send(to, &waE2E.Message{
		PollCreationMessage: poll,
		MessageContextInfo:  &waE2E.MessageContextInfo{MessageSecret: randomBytes(32)},
	}, opts...)
}

// SendUnavailable sends a message whose content the server withholds from
// companions, such as a picture that may be viewed once.
func (p *Peer) SendUnavailable(to *Peer, kind string, opts ...SendOption) string {
	return p.withhold(to, &waE2E.Message{}, kind, opts)
}

// SendWithheld sends a message without its content to the companions of both
// sides, as happens with what is written on another device. The phone has the
// content, and hands it over when a companion asks for it.
func (p *Peer) SendWithheld(to *Peer, message *waE2E.Message, opts ...SendOption) string {
	return p.withhold(to, message, "", opts)
}

func (p *Peer) withhold(to *Peer, message *waE2E.Message, kind string, opts []SendOption) string {
	o := sendOptions{id: newMessageID(), at: p.srv.opts.Now()}
	for _, opt := range opts {
		opt(&o)
	}
	sent := &sentMessage{id: o.id, to: to, message: message, options: o, at: o.at, notify: p.Name()}
	if kind == "" {
		p.mu.Lock()
		p.sent[o.id] = sent
		p.mu.Unlock()
		to.takePlain(p, sent, nil)
	}
	for _, device := range to.Companions() {
		device.push(unavailable(p.sentAttrs(sent), kind))
	}
	if kind == "" {
		for _, device := range p.Companions() {
			attrs := p.sentAttrs(sent)
			p.asOwn(attrs, sent)
			device.push(unavailable(attrs, kind))
		}
	}
	return o.id
}
