package intake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/wootbridge/wootbridge/bridge/compose"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// ErrBeforeLine says that an agent wrote before there was the line.
var ErrBeforeLine = errors.New("the message is older than the line")

// AcceptEvent commits what is to be done about an event of Chatwoot, once,
// whichever way tells of it; raw is its body, or what stands for it. The error is
// ErrBeforeLine for a message that is not for this line.
func (in *Intake) AcceptEvent(ctx context.Context, e chatwoot.Event, raw []byte) error {
	switch e.Kind {
	case chatwoot.EventMessageCreated:
		return in.acceptCreated(ctx, e, raw)
	case chatwoot.EventMessageUpdated:
		return in.acceptUpdate(ctx, e, raw)
	case chatwoot.EventTypingOn, chatwoot.EventTypingOff:
		if e.AgentTyping {
			in.AgentTyping(e)
		}
		return nil
	case chatwoot.EventStatusChanged:
		return in.Contacts.NoteStatus(ctx, e)
	case chatwoot.EventContactUpdated, chatwoot.EventContactDeleted, chatwoot.EventContactChanged:
		return in.Contacts.NoteChange(ctx, e)
	default:
		return nil
	}
}

func (in *Intake) acceptCreated(ctx context.Context, e chatwoot.Event, raw []byte) error {
	// Echoes too: they tell first that events are late. Of two ways the first one
	// counts.
	if in.told.note(strconv.FormatInt(int64(e.Message.ID), 10)) {
		in.Arrivals.Note(e.Message.CreatedAt.Time)
	}
	if !compose.Sendable(e.Message) {
		return nil
	}
	defer in.Arrivals.Begin(e.Message.ID)()
	old, err := in.BeforeLine(ctx, e.Message)
	if err != nil {
		return err
	}
	if old {
		return ErrBeforeLine
	}
	return in.AppendCreated(ctx, e, raw, nil)
}

// UnsettledFor is how long a comparison of Chatwoot's messages leaves the newest
// ones unsettled, so that the watermark does not pass a message on its way.
const UnsettledFor = 2 * time.Minute

// BeforeLine reports whether a message was written before the line was made. Then
// it was meant for whichever phone the inbox had; this one may be another's. A
// message may seem to be younger than the line and be older, because Chatwoot's
// clock is not the bridge's; so the watermark decides near the line's making, and
// not later, when comparisons have moved it.
func (in *Intake) BeforeLine(ctx context.Context, m chatwoot.Message) (bool, error) {
	line := in.Inbox.Line()
	if m.CreatedAt.Sub(line.Created) > UnsettledFor {
		return false, nil
	}
	mark, err := in.Store.Mark(ctx, line.ID)
	return err == nil && m.ID <= mark.Watermark, err
}

// AppendOut appends an event to the out lane of its chat, together with what
// record writes; nil writes nothing. An event that was taken before changes
// nothing.
func (in *Intake) AppendOut(ctx context.Context, e chatwoot.Event, raw []byte, kind, dedupe string, record work.Recorder) error {
	if in.told.has(dedupe) {
		return nil
	}
	if _, err := in.appendOut(ctx, e, raw, kind, dedupe, record); err != nil {
		return err
	}
	in.told.note(dedupe)
	return nil
}

// AppendCreated is AppendOut for a message that is to be sent. An id that the ledger or
// the journal knows of an earlier message shows that Chatwoot was restored.
func (in *Intake) AppendCreated(ctx context.Context, e chatwoot.Event, raw []byte, record work.Recorder) error {
	line, m := in.Inbox.LineID(), e.Message
	if in.toldCreated(m) {
		return nil
	}
	for range 2 {
		restores, err := in.Meet(ctx, m)
		if err != nil {
			return err
		}
		key := CreatedKey(line, m.ID, restores)
		fresh, err := in.appendOut(ctx, e, raw, journal.KindCreated, key, record)
		if err != nil {
			return err
		}
		if fresh {
			break
		}
		before, known, err := in.Journal.OccurredAt(ctx, key)
		if err != nil {
			return err
		}
		if !known || before.Unix() <= 0 || m.CreatedAt.Unix() <= before.Unix() { // not every way tells a time
			break
		}
		if _, err := in.IDs.NoteRestored(ctx, line, int64(m.ID), restores.Times); err != nil {
			return err
		}
	}
	in.told.note(createdOnce(m))
	return nil
}

// toldCreated reports whether a message that is to be sent was taken in lately.
func (in *Intake) toldCreated(m chatwoot.Message) bool { return in.told.has(createdOnce(m)) }

func createdOnce(m chatwoot.Message) string {
	return fmt.Sprintf("created|%d|%d", m.ID, m.CreatedAt.Unix())
}

// Meet looks whether an agent's message is the one that the ledger has under its id, and
// gives what its keys are made by.
func (in *Intake) Meet(ctx context.Context, m chatwoot.Message) (idmap.Restores, error) {
	restores, err := in.IDs.Meet(ctx, in.Inbox.LineID(), int64(m.ID), m.CreatedAt.Time)
	if err == nil && in.restores.Swap(restores.Times) != restores.Times {
		in.Arrivals.ForgetIDs()
	}
	return restores, err
}

func (in *Intake) appendOut(ctx context.Context, e chatwoot.Event, raw []byte, kind, dedupe string, record work.Recorder) (appended bool, err error) {
	err = in.Contacts.UseChatOf(ctx, e, func(chat string) error {
		if kind == journal.KindCreated {
			if err := in.Contacts.FollowAgent(ctx, e, chat); err != nil {
				return err
			}
		}
		entry := journal.Entry{
			Lane: journal.LaneKey{Line: in.Inbox.LineID(), Chat: chat, Queue: journal.Out}, Dedupe: dedupe, Kind: kind, Payload: raw, OccurredAt: e.Message.CreatedAt.Time,
		}
		if kind == journal.KindCreated {
			entry.Delay = in.Inbox.Settings().OrderWait() // an earlier one may be on its way
			entry.Backlog = in.cameLate(entry.OccurredAt)
		}
		if record == nil {
			appended, err = in.Journal.Append(ctx, entry)
			return err
		}
		err := in.DB.InTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
			if appended, err = in.Journal.AppendTx(ctx, tx, entry); err != nil || !appended {
				return err
			}
			return record(ctx, tx)
		})
		if err == nil {
			in.Journal.Wake(entry.Lane.Queue, entry.Delay)
		}
		return err
	})
	return appended, err
}

// acceptUpdate looks at a message that changed. Chatwoot says neither what nor
// why: it may be the Retry button, an echo of the bridge's own statuses, a
// translation. Only what the bridge knows of the message tells.
func (in *Intake) acceptUpdate(ctx context.Context, e chatwoot.Event, raw []byte) error {
	line, m := in.Inbox.LineID(), e.Message
	if m.Attributes.Deleted {
		if m.Private || m.Type != chatwoot.Outgoing && m.Type != chatwoot.Template {
			return nil
		}
		restores, err := in.meetUpdated(ctx, m)
		if err != nil {
			return err
		}
		return in.AppendOut(ctx, e, raw, journal.KindDeleted, DeletedKey(line, m.ID, restores), in.RecordDeleted(m))
	}
	if m.Attributes.ExternalError != "" {
		return in.acceptFailure(ctx, e, raw) // Retry clears the reason before anything else
	}
	if !compose.Sendable(m) {
		return nil
	}
	if _, err := in.Meet(ctx, m); err != nil {
		return err
	}
	known, err := in.IDs.AgentMessage(ctx, line, int64(m.ID))
	if err != nil {
		return err
	}
	switch {
	case known.State.ShownFailed() && in.retries.toldByOther(m.ID, e.Live, in.Clock()):
		// The same press, told late; or another one that only this way tells, which
		// the comparison finds.
		in.Arrivals.RequestComparison()
		return nil
	case known.State.ShownFailed():
		return in.AppendOut(ctx, e, raw, journal.KindRetry, RetryKey(line, m.ID, known), in.recordShown(m, ""))
	case known.Shown == idmap.Failed && known.State != idmap.AgentSent && known.State != idmap.AgentDeleted:
		// It waits for the connection and goes out by itself; Retry has only
		// taken the red away, which comes back.
		if err := in.DB.InTx(ctx, in.recordShown(m, "")); err != nil {
			return err
		}
		return in.WakeOutbound(ctx)
	case known.State == idmap.AgentUnseen:
		return in.acceptUnseen(ctx, e, raw)
	}
	return nil
}

// acceptUnseen takes what says that a message has changed for one that says that it was
// written: that never arrived, or is late. What is only remembered of it a process that
// dies forgets.
func (in *Intake) acceptUnseen(ctx context.Context, e chatwoot.Event, raw []byte) error {
	if !e.Message.CreatedAt.After(in.Inbox.Line().Created) {
		return nil
	}
	if old, err := in.BeforeLine(ctx, e.Message); err != nil || old {
		return err
	}
	return in.AppendCreated(ctx, e, raw, nil)
}

// meetUpdated is Meet for a message that may be one of the bridge's own.
func (in *Intake) meetUpdated(ctx context.Context, m chatwoot.Message) (idmap.Restores, error) {
	if sourceid.IsOurs(m.SourceID) {
		return in.IDs.Restores(ctx, in.Inbox.LineID())
	}
	return in.Meet(ctx, m)
}

// acceptFailure looks at a bubble that turned red. Chatwoot does that to every
// message of which a webhook does not get through, also to those that arrived.
func (in *Intake) acceptFailure(ctx context.Context, e chatwoot.Event, raw []byte) error {
	if e.Live {
		in.WebhookFailed(e.Message.Attributes.ExternalError)
	}
	ours := sourceid.IsOurs(e.Message.SourceID)
	known, err := in.IDs.AgentMessage(ctx, in.Inbox.LineID(), int64(e.Message.ID))
	switch {
	case err != nil:
		return err
	case ours, known.State == idmap.AgentSent:
		return in.takeRedAway(ctx, e)
	case known.State == idmap.AgentUnseen && compose.Sendable(e.Message):
		in.Arrivals.NoteLost() // and others, perhaps
		return in.acceptUnseen(ctx, e, raw)
	}
	return nil
}

// takeRedAway puts a bubble right that is red for nothing: at once where that
// lasts, and with the next comparison while every change of the bubble is posted to
// a webhook that does not get through, and turns it red again.
func (in *Intake) takeRedAway(ctx context.Context, e chatwoot.Event) error {
	if here, _ := in.Inbox.Pointed(); here && e.Live {
		in.Arrivals.RequestComparison()
		return nil
	}
	if !e.Live && sourceid.IsOurs(e.Message.SourceID) {
		in.Arrivals.RequestComparison() // webhooks come again: what else was lost?
	}
	return in.ClearFalseFailure(ctx, e)
}

// ClearFalseFailure lets the chat's status lane put on a bubble what its message
// has reached: Chatwoot shows it as failed, because a webhook did not get through.
func (in *Intake) ClearFalseFailure(ctx context.Context, e chatwoot.Event) error {
	m := e.Message
	raw, err := chatwoot.EncodeCreated(m, e)
	if err != nil {
		return err
	}
	return in.Contacts.UseChatOf(ctx, e, func(chat string) error {
		_, err := in.Journal.Append(ctx, journal.Entry{
			Lane:   journal.LaneKey{Line: in.Inbox.LineID(), Chat: chat, Queue: journal.Status},
			Dedupe: fmt.Sprintf("%s|show|%d|%s", in.Inbox.LineID(), m.ID, in.NewID()),
			Kind:   journal.KindShow, Payload: raw, OccurredAt: in.Clock(),
		})
		return err
	})
}

// RecordDeleted notes a deletion as soon as it is known: it may come before the
// message was sent, which then never is.
func (in *Intake) RecordDeleted(m chatwoot.Message) work.Recorder {
	return func(ctx context.Context, tx *sql.Tx) error {
		return in.IDs.SetAgentMessage(ctx, tx, in.Inbox.LineID(), int64(m.ID), m.CreatedAt.Time, idmap.AgentDeleted)
	}
}

// recordShown notes what a bubble shows, of a message that is still to be sent.
func (in *Intake) recordShown(m chatwoot.Message, shown idmap.Status) work.Recorder {
	return func(ctx context.Context, tx *sql.Tx) error {
		if err := in.IDs.SetAgentMessage(ctx, tx, in.Inbox.LineID(), int64(m.ID), m.CreatedAt.Time, idmap.AgentReceived); err != nil {
			return err
		}
		return in.IDs.SetShown(ctx, tx, in.Inbox.LineID(), int64(m.ID), shown)
	}
}
