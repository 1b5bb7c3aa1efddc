package outbound

import (
	"context"
	"errors"
	"io"
	"path"
	"strings"
	"time"

	"github.com/wootbridge/wootbridge/bridge/compose"
	"github.com/wootbridge/wootbridge/bridge/delivery"
	"github.com/wootbridge/wootbridge/bridge/media"
	"github.com/wootbridge/wootbridge/bridge/media/convert"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/fetch"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

const (
	// maxFile is WhatsApp's limit for a document.
	maxFile = 2000 << 20
	// storedWithin is how long Chatwoot may take to store a file that its
	// webhook has announced.
	storedWithin = 30 * time.Second
	// roomWithin is how long a message waits for room on the disk for its file, looked
	// for after each noRoomRest.
	roomWithin = time.Hour
	noRoomRest = time.Minute
)

// loaded is a file that is ready for WhatsApp, or the contacts that were in it.
type loaded struct {
	media *content.OutgoingMedia
	cards []content.OutgoingCard
}

// attachment fetches a file from Chatwoot and makes it ready for WhatsApp; done
// removes it. A FileError says that this file will not come, and that the rest
// of the message need not wait for it.
func (h *Handler) attachment(ctx context.Context, j *work.Job, a chatwoot.Attachment, voice bool) (l loaded, done func(), err error) {
	// It is encrypted into a second one.
	file, err := h.Spool.File(2 * max(0, min(a.Size, maxFile)))
	if err != nil {
		return l, nil, h.fetchFailure(ctx, j, err)
	}
	discard := file.Discard
	info, err := h.Inbox.Client().File(ctx, a, file, maxFile)
	if err != nil {
		discard()
		return l, nil, h.fetchFailure(ctx, j, err)
	}
	declared := compose.DeclaredType(a)
	if declared == "" {
		declared = info.ContentType
	}
	mime := media.Actual(declared, media.Head(file))
	if cards := cardsIn(file, mime, a.Name()); cards != nil {
		return loaded{cards: cards}, discard, nil
	}
	ready, err := h.Convert.Prepare(ctx, convert.File{
		Path: file.Name(), MIME: mime, Name: media.Renamed(media.Name(a.Name(), mime, "file"), mime), Recording: voice,
	})
	if err != nil {
		discard()
		return l, nil, err
	}
	l.media = &content.OutgoingMedia{
		Kind: outgoingKinds[ready.Form], Path: ready.Path, MIME: ready.MIME, Name: ready.Name,
		Width: ready.Width, Height: ready.Height, Seconds: ready.Seconds, Waveform: ready.Waveform, Thumbnail: ready.Thumbnail,
	}
	return l, func() { ready.Discard(); discard() }, nil
}

// cardsIn are the contacts in a file that says it holds some.
func cardsIn(file io.ReaderAt, mime, name string) []content.OutgoingCard {
	if mime != "text/vcard" && mime != "text/x-vcard" && !strings.EqualFold(path.Ext(name), ".vcf") {
		return nil
	}
	raw, err := io.ReadAll(io.NewSectionReader(file, 0, compose.LargestCards+1))
	if err != nil {
		return nil
	}
	return compose.Cards(raw)
}

// fetchFailure tells what may pass from what will not.
func (h *Handler) fetchFailure(ctx context.Context, j *work.Job, err error) error {
	var limited *chatwoot.RateLimitedError
	if errors.Is(err, media.ErrNoRoom) && h.Clock().Sub(j.RecordedAt) < roomWithin {
		return &work.RetryError{After: noRoomRest, Err: err}
	}
	late := errors.Is(err, chatwoot.ErrNotStored) && h.Clock().Sub(j.RecordedAt) < storedWithin
	if late || chatwoot.IsUnreached(err) || errors.As(err, &limited) || ctx.Err() != nil {
		return err
	}
	var refused *fetch.RefusedError
	if errors.As(err, &refused) {
		h.Log.Warn("a file is at an address that is not fetched; WOOTBRIDGE_FETCH_ALLOW can allow it", "host", refused.Host, "why", refused.Why)
	}
	return &delivery.FileError{Err: err}
}

// outgoingKinds are WhatsApp's words for the forms of files.
var outgoingKinds = map[convert.Form]content.MediaKind{
	convert.Image: content.Image, convert.Video: content.Video, convert.GIF: content.GIF,
	convert.Voice: content.Voice, convert.Audio: content.Audio, convert.Document: content.Document,
}
