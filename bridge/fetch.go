package bridge

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/bridge/media"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// fetch downloads the post's file; done removes it. A file that WhatsApp no
// longer has is replaced by a line that says so; the text goes out in any case.
func (t *task) fetch(p *post) (upload *chatwoot.Upload, done func(), err error) {
	if p.Media == nil {
		return nil, func() {}, nil
	}
	file, err := t.b.cfg.Spool.File()
	if err != nil {
		return nil, nil, err
	}
	if err := t.session.Download(t.ctx, *p.Media, file); err != nil {
		media.Discard(file)
		if !errors.Is(err, whatsapp.ErrMediaGone) {
			return nil, nil, err
		}
		p.Content = joinLines("⚠️ "+markup.Bold(t.words().Text("media.missing")), p.Content)
		return nil, func() {}, nil
	}
	info, err := file.Stat()
	if err != nil {
		media.Discard(file)
		return nil, nil, fmt.Errorf("look at a downloaded file: %w", err)
	}
	kind := media.Type(p.Media.MIME, media.Head(file))
	upload = &chatwoot.Upload{
		Name: media.Name(p.Media.FileName, kind, nameless(p.Media.Kind)), ContentType: kind, Size: info.Size(),
		Open: func() (io.ReadCloser, error) { return os.Open(file.Name()) },
	}
	return upload, func() { media.Discard(file) }, nil
}

// nameless is what a file is called that WhatsApp gives no name: only documents
// have one.
func nameless(kind whatsapp.Kind) string {
	switch kind {
	case whatsapp.KindImage:
		return "photo"
	case whatsapp.KindVideo, whatsapp.KindRoundVideo, whatsapp.KindGIF:
		return "video"
	case whatsapp.KindVoice:
		return "voice"
	case whatsapp.KindAudio:
		return "audio"
	case whatsapp.KindSticker:
		return "sticker"
	default:
		return "file"
	}
}
