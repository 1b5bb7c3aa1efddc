package bridge

import (
	"errors"
	"time"

	"github.com/wootbridge/wootbridge/bridge/media"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// fileError says that an attachment cannot be sent.
type fileError struct{ err error }

func (e *fileError) Error() string { return "an attachment cannot be sent: " + e.err.Error() }
func (e *fileError) Unwrap() error { return e.err }

// attachmentFile is an attachment on disk.
type attachmentFile struct {
	media   whatsapp.OutgoingMedia
	discard func()
}

const (
	// maxFile is WhatsApp's limit for a document.
	maxFile = 2000 << 20
	// storedWithin is how long Chatwoot may take to store a file that its
	// webhook has announced.
	storedWithin = 30 * time.Second
)

// attachment fetches a file from Chatwoot.
func (t *task) attachment(a chatwoot.Attachment, voice bool) (attachmentFile, error) {
	file, err := t.b.cfg.Spool.File()
	if err != nil {
		return attachmentFile{}, err
	}
	info, err := t.desk.Download(t.ctx, a.DataURL, file, maxFile)
	switch {
	case errors.Is(err, chatwoot.ErrNotStored) && t.b.cfg.Clock().Sub(t.job.Created) < storedWithin:
		media.Discard(file)
		return attachmentFile{}, err
	case errors.Is(err, chatwoot.ErrNotStored), errors.Is(err, chatwoot.ErrTooLarge):
		media.Discard(file)
		return attachmentFile{}, &fileError{err}
	case err != nil:
		media.Discard(file)
		return attachmentFile{}, err
	}
	declared := a.ContentType
	if declared == "" {
		declared = info.ContentType
	}
	mime := media.Type(declared, media.Head(file))
	m := whatsapp.OutgoingMedia{Path: file.Name(), MIME: mime, Name: media.Name(a.Name(), mime, "file"), Kind: outgoingKind(mime, voice)}
	if m.MIME == "audio/ogg" {
		m.MIME = "audio/ogg; codecs=opus"
	}
	return attachmentFile{media: m, discard: func() { media.Discard(file) }}, nil
}

// outgoingKind is what WhatsApp shows a file as. A recording is a voice note
// only as Ogg: phones do not play others as such.
func outgoingKind(mime string, voice bool) whatsapp.Kind {
	switch mime {
	case "image/jpeg", "image/png":
		return whatsapp.KindImage
	case "video/mp4", "video/3gpp":
		return whatsapp.KindVideo
	case "audio/ogg":
		if voice {
			return whatsapp.KindVoice
		}
		return whatsapp.KindAudio
	case "audio/mpeg", "audio/mp4", "audio/aac", "audio/amr":
		return whatsapp.KindAudio
	default:
		return whatsapp.KindDocument
	}
}
