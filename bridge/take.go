package bridge

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// Take commits an event of WhatsApp; it does SQL and nothing else.
func (r *runtime) Take(ctx context.Context, e content.Envelope) error {
	if e.Kind == content.EnvReceipt && !isCounterpart(e.Chat.JID) {
		return nil // of a list: it has no bubble
	}
	err := r.take(ctx, e)
	if database.NeverFits(err) {
		err = r.keepAside(ctx, e, err)
	}
	r.intake.note(err, r.b.cfg.Clock())
	if err != nil {
		r.b.metrics.takeFailures.Inc()
		return fmt.Errorf("commit an event: %w", err)
	}
	return nil
}

// keepAside keeps an event that the database will never take as it is, in a form
// that always fits: what comes behind it must not wait for ever. It is visible
// among the jobs that were given up.
func (r *runtime) keepAside(ctx context.Context, e content.Envelope, refused error) error {
	// Once more: two that write the same row at once can be refused as well.
	if err := r.take(ctx, e); !database.NeverFits(err) {
		return err
	}
	r.log.Error("the database cannot hold an event as it is; it is kept as a job that was given up", "kind", string(e.Kind), "error", refused)
	line, id := string(r.line.ID), sha256.Sum256([]byte(e.Dedupe))
	_, err := r.b.journal.Append(ctx, journal.Entry{
		Lane: journal.LaneKey{Line: line, Chat: "-", Dir: journal.Upkeep}, Dedupe: line + "|parked|" + hex.EncodeToString(id[:]),
		Kind: jobParked, Payload: e.Payload, At: e.At,
	})
	return err
}

// take finds the chat and appends: in two statements where the chat is known as
// it is, which nearly all are, otherwise in one transaction with what there is
// to learn of the chat.
func (r *runtime) take(ctx context.Context, e content.Envelope) error {
	if !isCounterpart(e.Chat.JID) || e.Kind == content.EnvHistory {
		_, err := r.b.journal.Append(ctx, r.entry(e, "-"))
		return err
	}
	line := string(r.line.ID)
	known, err := r.takeKnown(ctx, e)
	if known || err != nil {
		return err
	}
	r.joins.Lock()
	defer r.joins.Unlock()
	defer r.chats.forget()
	var entry journal.Entry
	err = r.b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		chat, merge, err := r.b.ids.Resolve(ctx, tx, line, r.sourceID, e.Chat.JID, e.Chat.Alt)
		if err != nil {
			return err
		}
		if chat, err = r.merge(ctx, tx, chat, merge); err != nil {
			return err
		}
		entry = r.entry(e, chat)
		_, err = r.b.journal.AppendTx(ctx, tx, entry)
		return err
	})
	if err == nil {
		r.b.journal.WakeFor(entry)
	}
	return err
}

func (r *runtime) takeKnown(ctx context.Context, e content.Envelope) (known bool, err error) {
	r.joins.RLock()
	defer r.joins.RUnlock()
	chat, known := r.chats.of(e.Chat)
	if !known {
		if chat, known, err = r.b.ids.Known(ctx, string(r.line.ID), e.Chat.JID, e.Chat.Alt); err != nil || !known {
			return false, err
		}
		r.chats.remember(e.Chat, chat)
	}
	_, err = r.b.journal.Append(ctx, r.entry(e, chat))
	return true, err
}

// knownChats are the chats that wrote lately, by both addresses of theirs. They
// change only when two are joined, which only the process does that has the
// line's connection.
type knownChats struct {
	mu    sync.Mutex
	chats map[content.Address]string
}

// knownMost bounds them.
const knownMost = 10_000

func (k *knownChats) of(address content.Address) (chat string, known bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	chat, known = k.chats[address]
	return chat, known
}

func (k *knownChats) remember(address content.Address, chat string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.chats == nil || len(k.chats) >= knownMost {
		k.chats = map[content.Address]string{}
	}
	k.chats[address] = chat
}

func (k *knownChats) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.chats = nil
}

const (
	// receiptRest lets the receipts come together that belong together:
	// "delivered" and "read" of one message, those of messages sent in a row.
	// They then cost one claim, and one request where the last says it all.
	receiptRest = 150 * time.Millisecond
	// receiptYield is the same while messages to several chats wait to be sent:
	// messages go first, then their ticks.
	receiptYield = time.Second
)

func (r *runtime) receiptDelay() time.Duration {
	if r.b.pool.Sending(string(r.line.ID)) > 1 {
		return receiptYield
	}
	return receiptRest
}

// entry is an event's place in the journal.
func (r *runtime) entry(e content.Envelope, chat string) journal.Entry {
	line := string(r.line.ID)
	lane := journal.LaneKey{Line: line, Chat: chat, Dir: journal.In}
	kind, delay := string(e.Kind), time.Duration(0)
	switch {
	case e.Kind == content.EnvHistory, e.Kind == content.EnvMediaRetry:
		lane.Dir = journal.Upkeep
	case e.Kind == content.EnvReceipt:
		lane.Dir, delay = journal.Status, r.receiptDelay()
	}
	if e.Kind != content.EnvHistory && !isCounterpart(e.Chat.JID) {
		kind, lane.Dir = jobParked, journal.Upkeep
	}
	return journal.Entry{Lane: lane, Dedupe: line + "|" + chat + "|" + e.Dedupe, Kind: kind, Payload: e.Payload, At: e.At, Delay: delay}
}

// merge joins two chats that turned out to be one person. While a worker is
// busy with one of them it is put off.
func (r *runtime) merge(ctx context.Context, tx *sql.Tx, chat string, merge *idmap.Merge) (string, error) {
	if merge == nil {
		return chat, nil
	}
	err := r.join(ctx, tx, *merge)
	if errors.Is(err, journal.ErrBusy) {
		return chat, r.recordJoin(ctx, tx, *merge)
	}
	return merge.Elder, err
}
