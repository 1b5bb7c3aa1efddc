package contacts

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// mergedContacts is the payload of a job of that kind.
type mergedContacts struct {
	Elder   chatwoot.ContactID `json:"elder"`
	Younger chatwoot.ContactID `json:"younger"`
}

// queueContactMerge journals that the contacts of two chats are to become one in
// Chatwoot too.
func (d *Directory) queueContactMerge(ctx context.Context, tx *sql.Tx, merge idmap.Merge, elder, younger int64) error {
	if elder == 0 || younger == 0 || elder == younger {
		return nil
	}
	raw, err := json.Marshal(mergedContacts{chatwoot.ContactID(elder), chatwoot.ContactID(younger)})
	if err != nil {
		return fmt.Errorf("queue a merge of contacts: %w", err)
	}
	line := d.line()
	_, err = d.Journal.AppendTx(ctx, tx, journal.Entry{
		Lane: journal.LaneKey{Line: line, Chat: merge.Elder, Queue: journal.Maintenance}, Kind: journal.KindMerge, Payload: raw, OccurredAt: d.Clock(),
		Dedupe: fmt.Sprintf("%s|merge|%d|%d", line, elder, younger),
	})
	return err
}

// MergeContacts makes one contact of two in Chatwoot.
func (d *Directory) MergeContacts(ctx context.Context, j *work.Job) error {
	var merged mergedContacts
	if err := json.Unmarshal(j.Payload, &merged); err != nil {
		return &work.BrokenPayloadError{Err: err}
	}
	if err := d.mergeTwo(ctx, d.Inbox.At(chatwoot.Background), merged.Elder, merged.Younger); err != nil {
		return err
	}
	return j.Done(ctx, nil)
}

// mergeTwo merges the younger contact into the elder. One that is gone was
// merged before, or deleted, which comes to the same.
func (d *Directory) mergeTwo(ctx context.Context, client *chatwoot.Client, elder, younger chatwoot.ContactID) error {
	err := client.MergeContacts(ctx, elder, younger)
	if chatwoot.IsNotFound(err) {
		return nil
	}
	return err
}

// merge makes one chat of two, and queues the same for their contacts. The error is
// journal.ErrBusy, and nothing was written, while a worker is busy with one.
func (d *Directory) merge(ctx context.Context, tx *sql.Tx, merge idmap.Merge) error {
	line := d.line()
	if err := d.Journal.MergeChats(ctx, tx, line, merge.Elder, merge.Younger); err != nil {
		return err
	}
	elder, younger, err := d.IDs.Contacts(ctx, tx, merge)
	if err != nil {
		return err
	}
	if err := d.queueContactMerge(ctx, tx, merge, elder, younger); err != nil {
		return err
	}
	return d.IDs.MergeChats(ctx, tx, line, merge)
}

// mergePause is between two attempts to merge chats that are busy.
const mergePause = time.Second

// mergeOrQueue merges two chats that turned out to be one person, and gives the
// one that stays. While a worker is busy with one of them it is put off.
func (d *Directory) mergeOrQueue(ctx context.Context, tx *sql.Tx, chat string, merge *idmap.Merge) (string, error) {
	if merge == nil {
		return chat, nil
	}
	err := d.merge(ctx, tx, *merge)
	if errors.Is(err, journal.ErrBusy) {
		return chat, d.queueMerge(ctx, tx, *merge)
	}
	return merge.Elder, err
}

// queueMerge journals that two chats are to be merged once nobody works on
// them.
func (d *Directory) queueMerge(ctx context.Context, tx *sql.Tx, merge idmap.Merge) error {
	raw, err := json.Marshal(merge)
	if err != nil {
		return fmt.Errorf("queue a merge: %w", err)
	}
	line := d.line()
	// In a lane of its own: the chats' lanes must be free for it.
	_, err = d.Journal.AppendTx(ctx, tx, journal.Entry{
		Lane: journal.LaneKey{Line: line, Chat: "join-" + merge.Younger, Queue: journal.Maintenance}, Kind: journal.KindJoin, Payload: raw, OccurredAt: d.Clock(),
		Dedupe: line + "|join|" + merge.Elder + "|" + merge.Younger,
	})
	return err
}

// MergeChats merges two chats that were busy when they turned out to be one
// person.
func (d *Directory) MergeChats(ctx context.Context, j *work.Job) error {
	var merge idmap.Merge
	if err := json.Unmarshal(j.Payload, &merge); err != nil {
		return &work.BrokenPayloadError{Err: err}
	}
	epoch, err := d.IDs.Epoch(ctx, d.line())
	if err != nil {
		return err
	}
	younger, err := d.IDs.Chat(ctx, d.line(), merge.Younger, epoch)
	if idmap.IgnoreUnknown(err) != nil {
		return err
	}
	if err != nil || younger.ID != merge.Younger {
		return j.Done(ctx, nil) // merged meanwhile
	}
	d.merging.Lock()
	d.recent.forget() // nobody finds one before the lock is given back
	err = d.DB.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return d.merge(ctx, tx, merge)
	})
	d.merging.Unlock()
	if errors.Is(err, journal.ErrBusy) {
		return &work.RetryError{After: mergePause, Err: err}
	}
	if err != nil {
		return err
	}
	d.Journal.WakeAll()
	return j.Done(ctx, nil)
}
