package contacts

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// A number moves from one person to another, and a person from one number to another.
// Her contact gives up the number that she has no more, and is known by her hidden id
// from then on; nobody's contact becomes part of somebody else's because of a number.

// queueMoves journals that contacts are to show other numbers, or none.
func (d *Directory) queueMoves(ctx context.Context, tx *sql.Tx, moves []idmap.Move) error {
	for _, move := range moves {
		var update contactUpdate
		if move.Lost != "" {
			update.Lost = []string{move.Lost}
		}
		raw, err := json.Marshal(update)
		if err != nil {
			return fmt.Errorf("queue a change of number: %w", err)
		}
		line, now := d.line(), d.Clock()
		_, err = d.Journal.AppendTx(ctx, tx, journal.Entry{
			Lane: journal.LaneKey{Line: line, Chat: move.Chat, Queue: journal.Maintenance}, Kind: journal.KindContact, Payload: raw, OccurredAt: now,
			Dedupe: fmt.Sprintf("%s|number|%s|%s|%d", line, move.Chat, move.Lost, now.UnixMilli()),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// releaseForeign reports whether a contact that has a number or id of a chat's is
// somebody else's. Then that contact gives it up.
func (d *Directory) releaseForeign(ctx context.Context, client *chatwoot.Client, chat idmap.Chat, other chatwoot.Contact) (bool, error) {
	if other.ID == 0 {
		return false, nil
	}
	theirs, foreign, err := d.whose(ctx, chat, other)
	if err != nil || !foreign {
		return false, err
	}
	update, changed := contactChange(theirs, other, contactUpdate{Lost: chat.Aliases})
	if !changed {
		return true, nil
	}
	if update.Phone != nil {
		// Not the number that they have now: the one who had it may not have given it
		// up yet. A job of their own brings it.
		update.Phone = new(string)
	}
	_, err = client.UpdateContact(ctx, other.ID, update)
	if chatwoot.IsNotFound(err) {
		return true, nil
	}
	return true, err
}

// whose gives the chat of a contact that is of another person than a chat's: another
// chat has it, or it is known by another hidden id.
func (d *Directory) whose(ctx context.Context, chat idmap.Chat, other chatwoot.Contact) (theirs idmap.Chat, foreign bool, err error) {
	chats, err := d.IDs.ChatsOfContact(ctx, d.line(), int64(other.ID))
	if err != nil {
		return theirs, false, err
	}
	if slices.ContainsFunc(chats, func(c idmap.Chat) bool { return c.ID == chat.ID }) {
		return theirs, false, nil
	}
	if len(chats) > 0 {
		epoch, err := d.IDs.Epoch(ctx, d.line())
		if err != nil {
			return theirs, false, err
		}
		theirs, err = d.IDs.Chat(ctx, d.line(), chats[0].ID, epoch)
		return theirs, true, err
	}
	if lid := chat.LID(); lid != "" && idmap.IsLID(other.Identifier) && other.Identifier != lid {
		return idmap.Chat{Aliases: []string{other.Identifier}, ByLID: true}, true, nil
	}
	return theirs, false, nil
}

// errMerging says that a message waits until two chats are one.
var errMerging = fmt.Errorf("the number is of somebody who has a chat already: %w", journal.ErrBusy)

// Register gives a chat the addresses under which WhatsApp has its account, before
// anything is sent there, so that receipts and answers find the chat. If somebody has
// them already the two chats become one first, and the job goes on in that one.
func (d *Directory) Register(ctx context.Context, j *work.Job, chat idmap.Chat, account content.Address) (idmap.Chat, error) {
	if account.Alt == "" && slices.Contains(chat.Aliases, account.JID) {
		return chat, nil
	}
	var found idmap.Resolved
	d.merging.Lock()
	d.recent.forget()
	err := j.Record(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		if found, err = d.IDs.Register(ctx, tx, d.line(), chat.ID, account.JID, account.Alt); err != nil {
			return err
		}
		if err := d.queueMoves(ctx, tx, found.Moves); err != nil || found.Merge == nil {
			return err
		}
		return d.queueMerge(ctx, tx, *found.Merge)
	})
	d.merging.Unlock()
	if err != nil {
		return chat, err
	}
	if found.Merge != nil {
		d.Journal.WakeAll()
		return chat, &work.RetryError{After: mergePause / 2, Err: errMerging}
	}
	if j.Epoch, err = d.IDs.Epoch(ctx, d.line()); err != nil {
		return chat, err
	}
	return d.IDs.Chat(ctx, d.line(), chat.ID, j.Epoch)
}
