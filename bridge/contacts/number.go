package contacts

import (
	"context"
	"database/sql"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// ChangeNumber gives a chat the address that its person has now, as WhatsApp says; the
// numbers that it had are hers no more. Where somebody has a chat under that address
// already, the two are one person, and become one chat.
func (d *Directory) ChangeNumber(ctx context.Context, j *work.Job, chat idmap.Chat, now content.Address) error {
	var found idmap.Resolved
	d.merging.Lock()
	d.recent.forget()
	err := j.Record(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		if found, err = d.IDs.ChangeNumber(ctx, tx, d.line(), chat, now.JID, now.Alt); err != nil {
			return err
		}
		if err := d.queueMoves(ctx, tx, found.Moves); err != nil || found.Merge == nil {
			return err
		}
		return d.queueMerge(ctx, tx, *found.Merge)
	})
	d.merging.Unlock()
	if err != nil {
		return err
	}
	d.Journal.WakeAll()
	j.Epoch, err = d.IDs.Epoch(ctx, d.line())
	return err
}
