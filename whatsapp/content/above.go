package content

import (
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// above puts over a menu what stands in its header. What has no place on WhatsApp's
// servers is no file, and what stands beside a file there phones do not show.
func (m *Menu) above(header proto.Message) {
	var content Content
	switch header := header.(type) {
	case *waE2E.ImageMessage:
		content = headerFile(header, image)
	case *waE2E.VideoMessage:
		content = headerFile(header, video)
	case *waE2E.DocumentMessage:
		content = headerFile(header, document)
	case *waE2E.LocationMessage:
		content, _ = location(header)
	case *waE2E.ProductMessage:
		content, _ = product(header)
	}
	if content != nil {
		m.Above = content
	}
}

// headerFile is a file without words of its own; nil if there is none.
func headerFile[T onServers](header T, decode func(T) (Content, *waE2E.ContextInfo)) Content {
	if !isStored(header) {
		return nil
	}
	content, _ := decode(header)
	file, ok := content.(Media)
	if !ok {
		return nil
	}
	file.Caption = ""
	return file
}

// onServers is a file's description.
type onServers interface {
	GetURL() string
	GetDirectPath() string
}

func isStored(file onServers) bool { return file.GetURL() != "" || file.GetDirectPath() != "" }

// stillPicture is a small picture that came within the message.
func stillPicture(jpeg []byte) Media {
	return Media{Kind: Image, File: &File{MIME: "image/jpeg", Size: int64(len(jpeg)), Inline: jpeg, source: &waE2E.ImageMessage{}}}
}
