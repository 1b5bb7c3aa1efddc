package delivery

import (
	"context"
	"database/sql"
	"errors"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// errNoLinkYet says that a receipt came before its message was recorded.
var errNoLinkYet = errors.New("the receipt's message is not recorded yet")

// HandleReceipt puts a receipt on the bubbles of its messages.
func (s *Statuses) HandleReceipt(ctx context.Context, j *work.Job) error {
	r, err := content.DecodeReceipt(j.Payload)
	if err != nil {
		return &work.BrokenPayloadError{Err: err}
	}
	to := idmap.Delivered
	if r.Kind == content.ReceiptRead {
		to = idmap.Read
	}
	links, missing, err := s.receiptLinks(ctx, j, r.IDs)
	if err != nil {
		return err
	}
	// Reads that wait behind count already: of "delivered" and "read" in a row
	// only the last costs a request.
	reached := map[string]idmap.Status{}
	if s.countsMembers(r) {
		if reached, err = s.noteMembers(ctx, j, r, links); err != nil {
			return err
		}
	} else {
		read := s.readBehind(j)
		for _, link := range links {
			if reached[link.WA] = to; read[link.WA] {
				reached[link.WA] = idmap.Read
			}
		}
	}
	err = j.Record(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for wa, status := range reached {
			if _, err := s.IDs.Advance(ctx, tx, s.Inbox.LineID(), wa, status); err != nil {
				return err
			}
			if r.Member == nil || status != idmap.Read {
				continue
			}
			if err := s.IDs.ForgetMembers(ctx, tx, s.Inbox.LineID(), wa); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	messages := map[int64]int64{} // Chatwoot message -> conversation
	for _, link := range links {
		if link.Message > 0 && reached[link.WA] != "" { // else Chatwoot has lost it
			messages[link.Message] = link.Conversation
		}
	}
	for message, conversation := range messages {
		if err := s.SyncStatus(ctx, j, message, conversation); err != nil {
			return err
		}
	}
	switch {
	case missing && j.Lease.Lane().Queue == journal.Status:
		return s.putAside(ctx, j, r)
	case missing && s.Clock().Sub(j.RecordedAt) < receiptPatience:
		return &work.RetryError{After: lastLook, Err: errNoLinkYet}
	}
	return j.Done(ctx, nil)
}

// readBehind are the messages that receipts behind this one say were read.
func (s *Statuses) readBehind(j *work.Job) map[string]bool {
	read := map[string]bool{}
	for _, job := range j.Following {
		if job.Kind != journal.KindReceipt {
			continue
		}
		// What cannot be read says so in its own turn.
		if r, err := content.DecodeReceipt(job.Payload); err == nil && r.Kind == content.ReceiptRead {
			for _, id := range r.IDs {
				read[id] = true
			}
		}
	}
	return read
}

// append is the recorder of a new job.
func (s *Statuses) append(entry journal.Entry) work.Recorder {
	return func(ctx context.Context, tx *sql.Tx) error {
		_, err := s.Journal.AppendTx(ctx, tx, entry)
		return err
	}
}

// receiptLinks finds the desk's messages of this chat; nobody else can vouch
// for them.
func (s *Statuses) receiptLinks(ctx context.Context, j *work.Job, ids []string) (links []idmap.Link, missing bool, err error) {
	for _, id := range ids {
		link, err := s.linkByWA(ctx, j, id)
		switch {
		case errors.Is(err, idmap.ErrUnknown):
			missing = true
		case err != nil:
			return nil, false, err
		case link.Chat == j.Chat() && link.Origin != idmap.FromCustomer:
			links = append(links, link)
		}
	}
	return links, missing, nil
}

func (s *Statuses) linkByWA(ctx context.Context, j *work.Job, id string) (idmap.Link, error) {
	return s.IDs.LinkByWA(ctx, s.Inbox.LineID(), id, j.Epoch)
}
