package bridge

import (
	"context"
	"database/sql"
	"errors"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// A file that cannot be had does not keep the text beside it, nor the messages
// behind it: the message is posted with a line in the file's place, and the
// file follows, threaded to it. Meanwhile it is tried again, and one that
// WhatsApp's servers no longer have is asked of the phone.

const jobFile = "file"

// fileKey names the job for a message's late file.
func fileKey(line, id string) string { return line + "|file|" + id }

// followUp appends, in the transaction that ends the message's own job, one for
// its file.
func (t *task) followUp(ctx context.Context, tx *sql.Tx, m content.Message) error {
	line := string(t.line.ID)
	_, err := t.b.journal.AppendTx(ctx, tx, journal.Entry{
		Lane:   journal.LaneKey{Line: line, Chat: t.Chat(), Dir: journal.Upkeep},
		Dedupe: fileKey(line, m.ID), Kind: jobFile, Payload: t.Payload, At: t.At,
	})
	return err
}

// lateFile tries a file again. The phone is asked for one that is gone, and
// that ends the job: the answer, if there ever is one, is a job of its own.
func (t *task) lateFile() error {
	m, err := content.Decode(t.Payload)
	if err != nil {
		return &work.BrokenPayloadError{Err: err}
	}
	err = t.deliverFile(m)
	if !errors.Is(err, whatsapp.ErrMediaGone) {
		return err
	}
	if err := t.session.RequestMedia(t.ctx, t.Payload); err != nil {
		return err
	}
	return t.Done(t.ctx, nil)
}

// uploadedAgain takes the phone's answer. The message is in the job that asked;
// where that is forgotten, the line in the file's place stays. Where the phone
// has nothing either, a note says so.
func (t *task) uploadedAgain() error {
	answer, err := content.DecodeMediaRetry(t.Payload)
	if err != nil {
		return &work.BrokenPayloadError{Err: err}
	}
	payload, ok, err := t.b.journal.Payload(t.ctx, fileKey(string(t.line.ID), answer.ID))
	if err != nil {
		return err
	}
	if !ok {
		return t.Done(t.ctx, nil)
	}
	m, err := content.Decode(payload)
	if err != nil {
		return &work.BrokenPayloadError{Err: err}
	}
	file, err := lateFileOf(m)
	if err != nil {
		return err
	}
	renewed, err := whatsapp.Renew(answer, *file.File)
	if err != nil {
		t.log.Info("the phone does not have a file that WhatsApp no longer has", "error", err)
		if err := t.noteMissing(m); err != nil {
			return err
		}
		return t.Done(t.ctx, nil)
	}
	file.File = &renewed
	m.Content = file
	err = t.deliverFile(m)
	if errors.Is(err, whatsapp.ErrMediaGone) {
		return t.Done(t.ctx, nil)
	}
	return err
}

// showMissing says that a file was given up.
func (t *task) showMissing() error {
	if t.Kind != jobFile {
		return nil
	}
	m, err := content.Decode(t.Payload)
	if err != nil {
		return err
	}
	return t.noteMissing(m)
}

// noteMissing says, below its message, that a file will not come.
func (t *task) noteMissing(m content.Message) error {
	link, err := t.linkByWA(m.ID)
	if err != nil {
		return ignoreUnknown(err)
	}
	p := render.FileMissing(m, t.rendering())
	_, err = t.postOnce(t.desk.WithPriority(chatwoot.Upkeep), chatwoot.ConversationID(link.Conversation), p, nil)
	if chatwoot.IsNotFound(err) {
		return nil
	}
	return err
}

// deliverFile posts a file below the message that it belongs to. It creates no
// conversation: that is for the lane of the messages.
func (t *task) deliverFile(m content.Message) error {
	id := m.ID + sourceid.File
	_, err := t.linkByWA(id)
	if ignoreUnknown(err) != nil {
		return err
	}
	chat, unknown := t.b.ids.Chat(t.ctx, string(t.line.ID), t.Chat(), t.Epoch)
	if ignoreUnknown(unknown) != nil {
		return unknown
	}
	if err == nil || chat.Conversation == 0 {
		return t.Done(t.ctx, nil) // it is there, or the conversation is not any more
	}
	file, err := lateFileOf(m)
	if err != nil {
		return err
	}
	p := render.File(m, file, t.rendering())
	upload, done, err := t.download(file)
	if err != nil {
		return err
	}
	defer done()
	desk := t.desk.WithPriority(chatwoot.Upkeep)
	posted, err := t.postOnce(desk, chatwoot.ConversationID(chat.Conversation), p, upload)
	if chatwoot.IsNotFound(err) {
		return t.Done(t.ctx, nil)
	}
	if err != nil {
		return err
	}
	link := inboundLink(string(t.line.ID), m, chat, posted)
	link.WA = id
	return t.Done(t.ctx, func(ctx context.Context, tx *sql.Tx) error {
		return t.b.ids.LinkMessage(ctx, tx, link)
	})
}

// lateFileOf is the file of a message that has a job for it.
func lateFileOf(m content.Message) (content.Media, error) {
	if file, ok := m.Content.(content.Media); ok && file.File != nil {
		return file, nil
	}
	return content.Media{}, &work.BrokenPayloadError{Err: errors.New("the message has no file")}
}

// inboundLink is the link of a message that was posted.
func inboundLink(line string, m content.Message, chat idmap.Chat, posted chatwoot.Message) idmap.Link {
	link := idmap.Link{
		Line: line, WA: m.ID, Chat: chat.ID, Message: int64(posted.ID), Conversation: chat.Conversation,
		Direction: idmap.FromCustomer, Sender: m.Sender.JID,
	}
	if m.FromMe {
		link.Direction, link.Status = idmap.FromOwnPhone, idmap.Sent
	}
	return link
}
