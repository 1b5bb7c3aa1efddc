package inbound

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/media"
	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// A file that cannot be downloaded holds back neither the text beside it nor the
// messages behind it: the message is posted with a line in the file's place, and
// the file follows, threaded to it. Meanwhile the download is retried; if WhatsApp's
// servers no longer have the file, the phone is asked to upload it again.

// storagePatience is how long a file is offered to a Chatwoot that cannot store it;
// its message is there already.
const storagePatience = 6 * time.Hour

const (
	// roomPatience is how long a file waits for room on the disk, looked for after each
	// noRoomRest.
	roomPatience = 24 * time.Hour
	noRoomRest   = time.Minute
)

// fileKey names the job for the deferred file of a part of a message.
func fileKey(line, id string, part int) string {
	return line + "|file|" + id + sourceid.Part(part)
}

// followUp appends, in the transaction that ends the message's own job, one for
// the file of a part of it.
func (h *Handler) followUp(ctx context.Context, j *work.Job, tx *sql.Tx, m content.Message, part int) error {
	payload, err := content.WithPart(j.Payload, part)
	if err != nil {
		return &work.BrokenPayloadError{Err: err}
	}
	line := h.Inbox.LineID()
	_, err = h.Journal.AppendTx(ctx, tx, journal.Entry{
		Lane:   journal.LaneKey{Line: line, Chat: j.Chat(), Queue: journal.Maintenance},
		Dedupe: fileKey(line, m.ID, part), Kind: journal.KindFile, Payload: payload, OccurredAt: j.OccurredAt,
	})
	return err
}

// HandleFile tries a file again. The phone is asked for one that is gone, and
// that ends the job: the answer, if there ever is one, is a job of its own.
func (h *Handler) HandleFile(ctx context.Context, j *work.Job) error {
	m, err := h.decode(ctx, j, j.Payload)
	if err != nil {
		return err
	}
	if m, _, err = h.unsealed(ctx, j, m); err != nil {
		return err
	}
	file, err := deferredFile(m)
	if err != nil {
		return err
	}
	err = h.deliverFile(ctx, j, m, file)
	if !errors.Is(err, whatsapp.ErrMediaGone) {
		return err
	}
	if err := h.Session.RequestMedia(ctx, j.Payload); err != nil {
		return err
	}
	return j.Done(ctx, nil)
}

// HandleUploadedAgain takes the phone's answer. The message is in the job that asked;
// where that is forgotten, the line in the file's place stays. Where the phone
// has nothing either, a note says so.
func (h *Handler) HandleUploadedAgain(ctx context.Context, j *work.Job) error {
	answer, err := content.DecodeMediaRetry(j.Payload)
	if err != nil {
		return &work.BrokenPayloadError{Err: err}
	}
	waiting, err := h.waitingFiles(ctx, j, answer.ID)
	if err != nil {
		return err
	}
	for _, m := range waiting {
		file, err := deferredFile(m)
		if err != nil {
			return err
		}
		renewed, err := whatsapp.Renew(answer, *file.File)
		if err != nil && len(waiting) > 1 && !errors.Is(err, whatsapp.ErrMediaNotOnPhone) {
			continue // the answer is sealed for another file of the message
		}
		if err != nil {
			h.Log.Info("the phone does not have a file that WhatsApp no longer has", "error", err)
			if err := h.noteOnFile(ctx, j, m, render.FileMissing(m, h.Inbox.Rendering())); err != nil {
				return err
			}
			continue
		}
		file.File = &renewed
		if err = h.deliverFile(ctx, j, m, file); !errors.Is(err, whatsapp.ErrMediaGone) {
			return err
		}
	}
	return j.Done(ctx, nil)
}

// waitingFiles are the parts of a message whose files were asked for.
func (h *Handler) waitingFiles(ctx context.Context, j *work.Job, id string) (waiting []content.Message, err error) {
	for part, parts := 0, content.MostParts; part < parts; part++ {
		payload, ok, err := h.Journal.Payload(ctx, fileKey(h.Inbox.LineID(), id, part))
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		m, err := h.decode(ctx, j, payload)
		if err != nil {
			return nil, err
		}
		waiting, parts = append(waiting, m), m.Parts()
	}
	return waiting, nil
}

// ShowMissing says that a file was given up.
func (h *Handler) ShowMissing(ctx context.Context, j *work.Job) error {
	if j.Kind != journal.KindFile {
		return nil
	}
	m, err := content.Header(j.Payload)
	if m.ID == "" {
		return &work.BrokenPayloadError{Err: err}
	}
	if m, err = h.named(ctx, j, m); err != nil {
		return err
	}
	return h.noteOnFile(ctx, j, m, render.FileMissing(m, h.Inbox.Rendering()))
}

// noteOnFile says, below its message, that a file will not come.
func (h *Handler) noteOnFile(ctx context.Context, j *work.Job, m content.Message, p render.Post) error {
	link, err := h.linkOfMessage(ctx, j, m.ID)
	if err != nil {
		return idmap.IgnoreUnknown(err)
	}
	client := h.Inbox.At(chatwoot.Background)
	if _, _, found, err := h.findEarlier(ctx, j, client, p.SourceID); err != nil || found {
		return err
	}
	_, err = h.postInto(ctx, j, client, link.Conversation, p, nil)
	if chatwoot.IsNotFound(err) {
		return nil
	}
	return err
}

// deliverFile posts a file below the message that it belongs to. It creates no
// conversation: that is for the lane of the messages.
func (h *Handler) deliverFile(ctx context.Context, j *work.Job, m content.Message, file content.Media) error {
	id := fileLink(m)
	_, err := h.linkByWA(ctx, j, id)
	if idmap.IgnoreUnknown(err) != nil {
		return err
	}
	chat, unknown := h.IDs.Chat(ctx, h.Inbox.LineID(), j.Chat(), j.Epoch)
	if idmap.IgnoreUnknown(unknown) != nil {
		return unknown
	}
	if err == nil {
		return j.Done(ctx, nil)
	}
	rc, err := h.naming(ctx, j, m)
	if err != nil {
		return err
	}
	p, client := render.File(m, file, rc), h.Inbox.At(chatwoot.Background)
	in, posted, found, err := h.findEarlier(ctx, j, client, p.SourceID)
	switch {
	case err != nil:
		return err
	case found:
		return h.recordFile(ctx, j, m, in, posted)
	case chat.Conversation == 0:
		return j.Done(ctx, nil) // the conversation is not there any more
	}
	if gone, err := h.wasErased(ctx, client, j, m); err != nil || gone {
		if err != nil {
			return err
		}
		return j.Done(ctx, nil)
	}
	upload, done, err := h.fetchFile(ctx, j, file)
	switch {
	case errors.Is(err, media.ErrTooLarge):
		return &work.PermanentError{Err: err}
	case errors.Is(err, media.ErrNoRoom) && (j.FirstFailed.IsZero() || h.Clock().Sub(j.FirstFailed) < roomPatience):
		return &work.RetryError{After: noRoomRest, Err: err}
	case err != nil:
		return err
	}
	defer done()
	posted, err = h.postInto(ctx, j, client, chat.Conversation, p, upload)
	var tooLarge *chatwoot.TooLargeError
	switch {
	case errors.As(err, &tooLarge):
		h.logTooLarge(upload)
		if err := h.noteOnFile(ctx, j, m, render.FileRefused(m, h.Inbox.Rendering(), upload.Size)); err != nil {
			return err
		}
		return j.Done(ctx, nil)
	case chatwoot.IsNotFound(err):
		return j.Done(ctx, nil)
	case mayPass(err) && (j.FirstFailed.IsZero() || h.Clock().Sub(j.FirstFailed) < storagePatience):
		return &work.RetryError{After: work.Backoff.After(j.Attempt), Err: err}
	case err != nil:
		return err
	}
	return h.recordFile(ctx, j, m, chat, posted)
}

// recordFile ends the job for a file that is in Chatwoot.
func (h *Handler) recordFile(ctx context.Context, j *work.Job, m content.Message, in idmap.Chat, posted chatwoot.Message) error {
	link := linkOf(h.Inbox.LineID(), m, in, posted)
	link.WA = fileLink(m)
	return j.Done(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return h.IDs.LinkMessage(ctx, tx, link)
	})
}

// fileLink is the link of a file that came after its message.
func fileLink(m content.Message) string {
	return sourceid.Link(sourceid.Derived(m.ID, sourceid.OfPart(sourceid.File, m.Part)))
}

// deferredFile is the file of a message, or of a part, that has a job for it.
func deferredFile(m content.Message) (content.Media, error) {
	if file := m.Media(m.Part); file != nil && file.File != nil {
		return *file, nil
	}
	return content.Media{}, &work.BrokenPayloadError{Err: errors.New("the message has no file")}
}

// linkOf is the link of a message that was posted.
func linkOf(line string, m content.Message, chat idmap.Chat, posted chatwoot.Message) idmap.Link {
	link := idmap.Link{
		Line: line, WA: m.ID, Chat: chat.ID, Message: int64(posted.ID), Conversation: chat.Conversation,
		Origin: idmap.FromCustomer, Sender: m.Sender.JID, Written: posted.CreatedAt.Time,
	}
	if m.FromMe {
		link.Origin, link.Status = idmap.FromOwnPhone, idmap.Sent
	}
	return link
}
