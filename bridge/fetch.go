package bridge

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/bridge/media"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

const (
	// noFile begins the reason of a job that waits for its file.
	noFile = "the file cannot be had"
	// connectionWait is how long a message waits for the connection that its
	// file needs; its text needs none.
	connectionWait = time.Minute
)

// fetch downloads the post's file; done removes it. A file that cannot be had
// is late: a line takes its place.
func (t *task) fetch(p *post) (upload *chatwoot.Upload, late bool, done func(), err error) {
	if p.Media == nil {
		return nil, false, func() {}, nil
	}
	upload, done, err = t.download(*p.Media)
	if err == nil {
		return upload, false, done, nil
	}
	if t.ctx.Err() != nil || t.triesAgain(err) {
		return nil, false, nil, fmt.Errorf("%s: %w", noFile, err)
	}
	p.Content = joinLines(renderContext{Words: t.words()}.waiting(), p.Content)
	return nil, true, func() {}, nil
}

// triesAgain reports whether a message still waits for its file after err: once
// after a failed download, so that the order is kept where it costs little, and
// a moment for a connection that is just beginning.
func (t *task) triesAgain(err error) bool {
	switch {
	case errors.Is(err, whatsapp.ErrMediaGone):
		return false
	case errors.Is(err, whatsapp.ErrNotConnected):
		return t.b.cfg.Clock().Sub(t.Created) < connectionWait
	default:
		return !strings.HasPrefix(t.LastError, noFile)
	}
}

// download fetches a file; done removes it.
func (t *task) download(m content.Media) (upload *chatwoot.Upload, done func(), err error) {
	file, err := t.b.cfg.Spool.File()
	if err != nil {
		return nil, nil, err
	}
	if err := t.session.Download(t.ctx, *m.File, file); err != nil {
		media.Discard(file)
		return nil, nil, err
	}
	info, err := file.Stat()
	if err != nil {
		media.Discard(file)
		return nil, nil, fmt.Errorf("look at a downloaded file: %w", err)
	}
	kind := media.Type(m.File.MIME, media.Head(file))
	upload = &chatwoot.Upload{
		Name: media.Name(m.File.Name, kind, nameless(m.Kind)), ContentType: kind, Size: info.Size(),
		Open: func() (io.ReadCloser, error) { return os.Open(file.Name()) },
	}
	return upload, func() { media.Discard(file) }, nil
}

// withoutFile is a post whose file Chatwoot will never take.
func (t *task) withoutFile(p post, size int64) post {
	megabytes := strconv.FormatInt((size+1<<20-1)>>20, 10)
	p.Content = joinLines("⚠️ "+markup.Bold(t.words().Text("media.toolarge", "n", megabytes)), p.Content)
	p.Voice = false
	return p
}

// nameless is what a file is called that WhatsApp gives no name: only documents
// have one.
func nameless(kind content.MediaKind) string {
	switch kind {
	case content.Image:
		return "photo"
	case content.Video, content.RoundVideo, content.GIF:
		return "video"
	case content.Voice:
		return "voice"
	case content.Audio:
		return "audio"
	case content.Sticker:
		return "sticker"
	default:
		return "file"
	}
}
