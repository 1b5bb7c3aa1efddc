package content

import (
	"cmp"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// MediaKind is how WhatsApp presents a file.
type MediaKind string

// The kinds of files.
const (
	Image      MediaKind = "image"
	Video      MediaKind = "video"
	GIF        MediaKind = "gif"
	RoundVideo MediaKind = "round video"
	Voice      MediaKind = "voice"
	Audio      MediaKind = "audio"
	Document   MediaKind = "document"
	Sticker    MediaKind = "sticker"
)

// TakesCaption reports whether a file of this kind is shown with a text.
func (k MediaKind) TakesCaption() bool { return k != Voice && k != Audio }

// Media is a file with the text beside it.
type Media struct {
	Kind    MediaKind
	Caption string // as sent
	File    *File  // nil if nothing but WhatsApp could show it
	// Person says that the file is a card of a person, and who that is.
	Person *string `json:",omitempty"`
}

// ViewOnce is a file that only the phone may show, and once.
type ViewOnce struct{ Media }

func (m Media) parts() []*Media { return []*Media{&m} }

func (Media) isContent()    {}
func (ViewOnce) isContent() {}

// File is a file on WhatsApp's servers.
type File struct {
	MIME    string
	Name    string // of a document
	Size    int64  // as claimed by the sender
	Seconds int
	// Inline is the file itself, where it came within the message.
	Inline []byte
	source proto.Message
}

// Source is the protocol's description of the file, with its place and its keys;
// nil for a File that no message was decoded to. It must not be changed.
func (f File) Source() proto.Message { return f.source }

func image(x *waE2E.ImageMessage) (Content, *waE2E.ContextInfo) {
	m := Media{Kind: Image, Caption: clean(x.GetCaption()), File: &File{
		MIME: x.GetMimetype(), Size: size(x.GetFileLength()), source: x,
	}}
	return onceIf(x.GetViewOnce(), m), x.GetContextInfo()
}

func video(x *waE2E.VideoMessage) (Content, *waE2E.ContextInfo) {
	m := videoOf(Video, x)
	if x.GetGifPlayback() {
		m.Kind = GIF
		return m, x.GetContextInfo()
	}
	return onceIf(x.GetViewOnce(), m), x.GetContextInfo()
}

func roundVideo(x *waE2E.VideoMessage) (Content, *waE2E.ContextInfo) {
	return onceIf(x.GetViewOnce(), videoOf(RoundVideo, x)), x.GetContextInfo()
}

func videoOf(kind MediaKind, x *waE2E.VideoMessage) Media {
	return Media{Kind: kind, Caption: clean(x.GetCaption()), File: &File{
		MIME: x.GetMimetype(), Size: size(x.GetFileLength()), Seconds: int(x.GetSeconds()), source: x,
	}}
}

func audio(x *waE2E.AudioMessage) (Content, *waE2E.ContextInfo) {
	m := Media{Kind: Audio, File: &File{
		MIME: x.GetMimetype(), Size: size(x.GetFileLength()), Seconds: int(x.GetSeconds()), source: x,
	}}
	if x.GetPTT() {
		m.Kind = Voice
	}
	return onceIf(x.GetViewOnce(), m), x.GetContextInfo()
}

func document(x *waE2E.DocumentMessage) (Content, *waE2E.ContextInfo) {
	return documentOf(x), x.GetContextInfo()
}

func documentOf(x *waE2E.DocumentMessage) Media {
	m := Media{Kind: Document, Caption: clean(x.GetCaption()), File: &File{
		MIME: x.GetMimetype(), Name: fileName(cmp.Or(x.GetFileName(), x.GetTitle())), Size: size(x.GetFileLength()), source: x,
	}}
	if x.GetContactVcard() {
		person := PersonName(withoutExtension(cmp.Or(x.GetTitle(), x.GetFileName()), ".vcf"))
		m.Person = &person
	}
	return m
}

// sticker decodes a sticker. A vector animation is a file that nothing but
// WhatsApp shows, so the still picture that comes with it takes its place.
func sticker(x *waE2E.StickerMessage) (Content, *waE2E.ContextInfo) {
	m := Media{Kind: Sticker}
	switch still := x.GetPngThumbnail(); {
	case !x.GetIsLottie() && x.GetMimetype() != "application/was":
		m.File = &File{MIME: x.GetMimetype(), Size: size(x.GetFileLength()), source: x}
	case len(still) > 0:
		m.File = &File{MIME: "image/png", Size: int64(len(still)), Inline: still, source: x}
	}
	return m, x.GetContextInfo()
}

// onceIf is for a file that says itself that it may be shown only once.
func onceIf(once bool, m Media) Content {
	if once {
		return ViewOnce{m}
	}
	return m
}

// viewOnce is what stands in a wrapper for files that may be shown only once.
// Other contents come in it, too.
func viewOnce(c Content) Content {
	if m, ok := c.(Media); ok && m.File != nil {
		return ViewOnce{m}
	}
	return c
}

// size reads a length that the sender's client claims.
func size(claimed uint64) int64 {
	const most = 1 << 40
	return int64(min(claimed, most))
}

// MovedTo gives the file at another place on WhatsApp's servers, where the phone
// has uploaded it again.
func (f File) MovedTo(directPath string) File {
	// The URL led to the old place.
	switch source := proto.Clone(f.source).(type) {
	case *waE2E.ImageMessage:
		source.DirectPath, source.URL = &directPath, nil
		f.source = source
	case *waE2E.VideoMessage:
		source.DirectPath, source.URL = &directPath, nil
		f.source = source
	case *waE2E.AudioMessage:
		source.DirectPath, source.URL = &directPath, nil
		f.source = source
	case *waE2E.DocumentMessage:
		source.DirectPath, source.URL = &directPath, nil
		f.source = source
	case *waE2E.StickerMessage:
		source.DirectPath, source.URL = &directPath, nil
		f.source = source
	}
	return f
}
