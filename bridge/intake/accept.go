package intake

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wootbridge/wootbridge/bridge/contacts"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/foreign"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/inbox"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// Intake takes a line's events in.
type Intake struct {
	Inbox    *inbox.Inbox
	Contacts *contacts.Directory
	IDs      *idmap.Map
	DB       *database.DB
	Journal  *journal.Journal
	Store    *lines.Store
	Arrivals *Arrivals
	// AgentTyping is told when an agent begins or ends to type.
	AgentTyping func(e chatwoot.Event)
	// WakeOutbound lets the lanes go on that wait for the connection.
	WakeOutbound func(ctx context.Context) error
	// Sending is how many chats of the line are being sent to at present.
	Sending func() int
	Clock   func() time.Time
	Log     *slog.Logger
	NewID   func() string
	// WebhookFailed is told what Chatwoot says of a webhook that did not get
	// through, Heard that one did.
	WebhookFailed func(externalError string)
	Heard         func(ctx context.Context)
	// Told sees to it that the process that holds the line's connection knows of
	// every event that this one has lost, before it stores another one. It may be nil.
	Told func(ctx context.Context) error
	// LookWithin bounds how long an unsigned webhook waits for Chatwoot's own word; 0
	// means 3 s.
	LookWithin time.Duration
	// CountFailure is called for each event of WhatsApp that could not be
	// committed at once.
	CountFailure func()
	// Left, if set, is called for each message of a group that the line does not take.
	Left func()

	standstill standstill
	told       told
	retries    retries
	looksOnce  sync.Once
	lookups    *lookups
	// restores is how often Chatwoot was restored, as far as was seen.
	restores atomic.Int64
	leftOut  atomic.Int64
}

// Accept commits an event of WhatsApp.
func (in *Intake) Accept(ctx context.Context, e content.Envelope) error {
	if e.Kind == content.EnvReceipt && !contacts.IsCounterpart(e.Chat.JID) {
		return nil // of a list: it has no bubble
	}
	if !in.wanted(e) {
		return nil
	}
	err := in.commit(ctx, e)
	if database.NeverFits(err) {
		err = in.keepAside(ctx, e, err)
	}
	in.standstill.note(err, in.Clock())
	if err != nil {
		in.CountFailure()
		return fmt.Errorf("commit an event: %w", err)
	}
	return nil
}

// Trouble is a sentence for people while the line takes nothing in, or "".
func (in *Intake) Trouble() string { return in.standstill.trouble(in.Clock()) }

// keepAside keeps an event that the database will never take as it is, in a form
// that always fits: what comes behind it must not wait for ever. It is visible
// among the jobs that were given up.
func (in *Intake) keepAside(ctx context.Context, e content.Envelope, refused error) error {
	// Once more: two that write the same row at once can be refused as well.
	if err := in.commit(ctx, e); !database.NeverFits(err) {
		return err
	}
	in.Log.Error("the database cannot hold an event as it is; it is kept as a job that was given up", "kind", string(e.Kind), "error", refused)
	line, id := in.Inbox.LineID(), sha256.Sum256([]byte(e.Dedupe))
	_, err := in.Journal.Append(ctx, journal.Entry{
		Lane: journal.LaneKey{Line: line, Chat: "-", Queue: journal.Maintenance}, Dedupe: line + "|parked|" + hex.EncodeToString(id[:]),
		Kind: journal.KindParked, Payload: e.Payload, OccurredAt: e.At,
	})
	return err
}

// commit resolves the chat and appends the event. A known chat (the usual case)
// needs two statements; a new one is made in the same transaction.
func (in *Intake) commit(ctx context.Context, e content.Envelope) error {
	if !hasChat(e) || e.Kind == content.EnvHistory {
		_, err := in.Journal.Append(ctx, in.entry(e, "-"))
		return err
	}
	known, err := in.Contacts.IfKnown(ctx, e.Chat, func(chat string) error {
		entry := in.entry(e, chat)
		if rings, is := in.ringing(e, chat); is {
			if _, err := in.Journal.Append(ctx, rings); err != nil {
				return err
			}
		}
		appended, err := in.Journal.Append(ctx, entry)
		if err != nil || appended || e.Kind != content.EnvMessage {
			return err
		}
		return in.unlessCopy(ctx, entry)
	})
	if known || err != nil || e.Kind == content.EnvHappening {
		return err // nobody reads what happens where there is no conversation
	}
	var entry journal.Entry
	err = in.Contacts.Resolve(ctx, e.Chat, func(ctx context.Context, tx *sql.Tx, chat string) error {
		entry = in.entry(e, chat)
		if rings, is := in.ringing(e, chat); is {
			if _, err := in.Journal.AppendTx(ctx, tx, rings); err != nil {
				return err
			}
		}
		_, err := in.Journal.AppendTx(ctx, tx, entry)
		return err
	})
	if err == nil {
		if e.Step == content.CallRings {
			in.Journal.Wake(journal.Maintenance, 0)
		}
		in.Journal.Wake(entry.Lane.Queue, entry.Delay)
	}
	return err
}

// unlessCopy appends a message under the id of another one of the same chat, as a
// member of a group can write it who has read that one. Copies of one message have the
// same sender, under either of his addresses.
func (in *Intake) unlessCopy(ctx context.Context, entry journal.Entry) error {
	payload, known, err := in.Journal.Payload(ctx, entry.Dedupe)
	if err != nil || !known {
		return err
	}
	first, err := content.Header(payload)
	second, broken := content.Header(entry.Payload)
	if err != nil || broken != nil || !second.Group || !second.Sender.IsAnother(first.Sender) {
		return nil // as far as anybody can tell it is the same message
	}
	entry.Dedupe += "|" + foreign.Hashed(second.Sender.JID)
	_, err = in.Journal.Append(ctx, entry)
	return err
}

const (
	// receiptBatchDelay lets the receipts come together that belong together:
	// "delivered" and "read" of one message, those of messages sent in a row.
	// They then cost one claim, and one request where the last says it all.
	receiptBatchDelay = 150 * time.Millisecond
	// receiptBusyDelay is the same while messages to several chats wait to be
	// sent: messages go first, then their ticks.
	receiptBusyDelay = time.Second
)

func (in *Intake) receiptDelay() time.Duration {
	if in.Sending() > 1 {
		return receiptBusyDelay
	}
	return receiptBatchDelay
}

// hasChat reports whether an event belongs to a chat of the line.
func hasChat(e content.Envelope) bool {
	return contacts.IsCounterpart(e.Chat.JID) || e.Kind == content.EnvMessage && contacts.IsChannel(e.Chat.JID)
}

// entry is an event's place in the journal.
func (in *Intake) entry(e content.Envelope, chat string) journal.Entry {
	line := in.Inbox.LineID()
	lane := journal.LaneKey{Line: line, Chat: chat, Queue: journal.In}
	kind, delay := string(e.Kind), time.Duration(0)
	switch {
	case e.Kind == content.EnvHistory, e.Kind == content.EnvMediaRetry:
		lane.Queue = journal.Maintenance
	case e.Kind == content.EnvReceipt:
		lane.Queue, delay = journal.Status, in.receiptDelay()
	}
	if e.Kind != content.EnvHistory && !hasChat(e) {
		kind, lane.Queue = journal.KindParked, journal.Maintenance
	}
	return journal.Entry{
		Lane: lane, Dedupe: MessageKey(line, chat, e.Dedupe), Kind: kind, Payload: e.Payload, OccurredAt: e.At, Delay: delay,
		Backlog: e.Waited || in.cameLate(e.At) || in.Inbox.Away(),
	}
}

// lateArrival is how long after its time an event may arrive for somebody to wait for
// it still.
const lateArrival = 30 * time.Second

// cameLate reports whether an event was long on its way here. Chatwoot's clock is
// asked: this machine's may be wrong.
func (in *Intake) cameLate(at time.Time) bool {
	return in.Inbox.Theirs(in.Clock()).Sub(at) > lateArrival
}
