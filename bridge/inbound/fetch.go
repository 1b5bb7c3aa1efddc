package inbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/wootbridge/wootbridge/bridge/media"
	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/bridge/work"
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
// follows later: a line takes its place.
func (h *Handler) fetch(ctx context.Context, j *work.Job, p *render.Post) (upload *chatwoot.Upload, later bool, done func(), err error) {
	if p.Attach == nil {
		return nil, false, func() {}, nil
	}
	upload, done, err = h.fetchFile(ctx, j, *p.Attach)
	if err == nil {
		return upload, false, done, nil
	}
	if ctx.Err() != nil || h.triesAgain(j, err) {
		return nil, false, nil, fmt.Errorf("%s: %w", noFile, err)
	}
	if errors.Is(err, media.ErrTooLarge) {
		*p = p.FileWithoutPlace(h.Inbox.Rendering())
		return nil, false, func() {}, nil
	}
	*p = p.FileLater(h.Inbox.Rendering())
	return nil, true, func() {}, nil
}

// triesAgain reports whether a message still waits for its file after err: once
// after a failed download, so that the order is kept where it costs little, and
// a moment for a connection that is just beginning.
func (h *Handler) triesAgain(j *work.Job, err error) bool {
	switch {
	case errors.Is(err, whatsapp.ErrMediaGone), errors.Is(err, media.ErrNoRoom), errors.Is(err, media.ErrTooLarge):
		return false
	case errors.Is(err, whatsapp.ErrNotConnected):
		since := j.RecordedAt
		if h.Started.After(since) {
			since = h.Started // the connection is just beginning
		}
		return h.Clock().Sub(since) < connectionWait
	default: // that there was no connection was no failed download
		return !strings.HasPrefix(j.LastError, noFile) || strings.Contains(j.LastError, whatsapp.ErrNotConnected.Error())
	}
}

// fetchFile downloads a file apart from the messages that have none; done removes
// it.
func (h *Handler) fetchFile(ctx context.Context, j *work.Job, m content.Media) (upload *chatwoot.Upload, done func(), err error) {
	err = j.WithFile(ctx, func() (err error) {
		upload, done, err = h.download(ctx, m)
		return err
	})
	return upload, done, err
}

// download fetches a file; done removes it.
func (h *Handler) download(ctx context.Context, m content.Media) (upload *chatwoot.Upload, done func(), err error) {
	file, err := h.Spool.File(sizeOnDisk(m.File.Size))
	if err != nil {
		return nil, nil, err
	}
	if err := h.Session.Download(ctx, *m.File, file); err != nil {
		file.Discard()
		return nil, nil, err
	}
	info, err := file.Stat()
	if err != nil {
		file.Discard()
		return nil, nil, fmt.Errorf("look at a downloaded file: %w", err)
	}
	kind, name := media.ForDesk(m.File.MIME, media.Head(file)), nameless(m.Kind)
	if kind == media.Unknown {
		name = nameless(content.Document)
	}
	path := file.Name()
	upload = &chatwoot.Upload{
		Name: media.Name(m.File.Name, kind, name), ContentType: kind, Size: info.Size(),
		Open: func() (io.ReadCloser, error) { return os.Open(path) },
	}
	return upload, file.Discard, nil
}

// claimedMost is for how much of a file there is room from the start: its size is what
// the sender's client claims.
const claimedMost = 64 << 20

// sizeOnDisk is for how much of a file to keep room. The encrypted file is a little
// larger.
func sizeOnDisk(claimed int64) int64 { return min(claimed, claimedMost) + 64 }

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
