package bridge

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

// mergedContacts is the payload of a jobMerge.
type mergedContacts struct {
	Elder   chatwoot.ContactID `json:"elder"`
	Younger chatwoot.ContactID `json:"younger"`
}

// recordMerge journals that the contacts of two chats are to become one in
// Chatwoot too.
func (r *runtime) recordMerge(ctx context.Context, tx *sql.Tx, merge idmap.Merge, elder, younger int64) error {
	if elder == 0 || younger == 0 || elder == younger {
		return nil
	}
	raw, err := json.Marshal(mergedContacts{chatwoot.ContactID(elder), chatwoot.ContactID(younger)})
	if err != nil {
		return fmt.Errorf("record a merge: %w", err)
	}
	line := string(r.line.ID)
	_, err = r.b.journal.AppendTx(ctx, tx, journal.Entry{
		Lane: journal.LaneKey{Line: line, Chat: merge.Elder, Dir: journal.Upkeep}, Kind: jobMerge, Payload: raw, At: r.b.cfg.Clock(),
		Dedupe: fmt.Sprintf("%s|merge|%d|%d", line, elder, younger),
	})
	return err
}

// mergeContacts makes one contact of two in Chatwoot.
func (t *task) mergeContacts() error {
	var merged mergedContacts
	if err := json.Unmarshal(t.Payload, &merged); err != nil {
		return &work.BrokenPayloadError{Err: err}
	}
	if err := t.joinContacts(t.desk.WithPriority(chatwoot.Upkeep), merged.Elder, merged.Younger); err != nil {
		return err
	}
	return t.Done(t.ctx, nil)
}

// joinContacts merges the younger contact into the elder. One that is gone was
// merged before, or deleted, which comes to the same.
func (t *task) joinContacts(desk *chatwoot.Client, elder, younger chatwoot.ContactID) error {
	err := desk.MergeContacts(t.ctx, elder, younger)
	if chatwoot.IsNotFound(err) {
		return nil
	}
	return err
}

// join makes one chat of two, and one contact of theirs. The error is
// journal.ErrBusy, and nothing was written, while a worker is busy with one.
func (r *runtime) join(ctx context.Context, tx *sql.Tx, merge idmap.Merge) error {
	line := string(r.line.ID)
	if err := r.b.journal.MergeChats(ctx, tx, line, merge.Elder, merge.Younger); err != nil {
		return err
	}
	elder, younger, err := r.b.ids.Contacts(ctx, tx, merge)
	if err != nil {
		return err
	}
	if err := r.recordMerge(ctx, tx, merge, elder, younger); err != nil {
		return err
	}
	return r.b.ids.MergeChats(ctx, tx, line, merge)
}

// joinPause is between two attempts to join chats that are busy.
const joinPause = time.Second

// recordJoin journals that two chats are to be joined once nobody works on
// them.
func (r *runtime) recordJoin(ctx context.Context, tx *sql.Tx, merge idmap.Merge) error {
	raw, err := json.Marshal(merge)
	if err != nil {
		return fmt.Errorf("record a join: %w", err)
	}
	line := string(r.line.ID)
	// In a lane of its own: the chats' lanes must be free for it.
	_, err = r.b.journal.AppendTx(ctx, tx, journal.Entry{
		Lane: journal.LaneKey{Line: line, Chat: "join-" + merge.Younger, Dir: journal.Upkeep}, Kind: jobJoin, Payload: raw, At: r.b.cfg.Clock(),
		Dedupe: line + "|join|" + merge.Elder + "|" + merge.Younger,
	})
	return err
}

// joinChats joins two chats that were busy when they turned out to be one
// person.
func (t *task) joinChats() error {
	var merge idmap.Merge
	if err := json.Unmarshal(t.Payload, &merge); err != nil {
		return &work.BrokenPayloadError{Err: err}
	}
	generation, err := t.b.ids.Generation(t.ctx, string(t.line.ID))
	if err != nil {
		return err
	}
	younger, err := t.b.ids.Chat(t.ctx, string(t.line.ID), merge.Younger, generation)
	if ignoreUnknown(err) != nil {
		return err
	}
	if err != nil || younger.ID != merge.Younger {
		return t.Done(t.ctx, nil) // joined meanwhile
	}
	t.joins.Lock()
	t.chats.forget() // nobody finds one before the lock is given back
	err = t.b.db.InTx(t.ctx, func(ctx context.Context, tx *sql.Tx) error {
		return t.join(ctx, tx, merge)
	})
	t.joins.Unlock()
	if errors.Is(err, journal.ErrBusy) {
		return &work.RetryError{After: joinPause, Err: err}
	}
	if err != nil {
		return err
	}
	t.b.journal.WakeAll()
	return t.Done(t.ctx, nil)
}
