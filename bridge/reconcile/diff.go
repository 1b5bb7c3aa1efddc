package reconcile

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/compose"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/intake"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// Diff is what a comparison with Chatwoot's messages has found. Nothing is done
// about any before all are known.
type Diff struct {
	repairs []repair
	// newest is the newest message that is not too new for the watermark; see scan.
	newest chatwoot.MessageID
	// last is the conversation's last message.
	last chatwoot.Message
	// foreign counts the messages that bear the bridge's mark and are not its
	// own.
	foreign int
}

// repair is what to do about one message.
type repair struct {
	what string // for the metric
	do   func(context.Context) error
}

func (d *Diff) add(what string, do func(context.Context) error) {
	d.repairs = append(d.repairs, repair{what, do})
}

// recordedWithin is how old a message of ours is when it must be in the ledger.
const recordedWithin = 10 * time.Minute

// checkBridgeMessage looks at a message that bears the bridge's mark. One that neither
// the ledger nor the journal knows comes from another database: this one is from
// a backup, or a copy, or another bridge has used the inbox. What such a ledger
// does not know may well have been sent.
func (r *Reconciler) checkBridgeMessage(ctx context.Context, diff *Diff, e chatwoot.Event, watermark chatwoot.MessageID) error {
	m := e.Message
	id := sourceid.Link(m.SourceID)
	if m.ID > watermark && !strings.Contains(id, "#") && r.Inbox.Theirs(r.Clock()).Sub(m.CreatedAt.Time) > recordedWithin {
		known, err := r.knows(ctx, e, id)
		if err != nil {
			return err
		}
		if !known {
			if known, err = r.imitated(ctx, m); err != nil {
				return err
			}
		}
		if !known {
			diff.foreign++
		}
	}
	if m.Status == string(idmap.Failed) {
		diff.add("own bubble", func(ctx context.Context) error { return r.clearOwnFailure(ctx, e) })
	}
	return nil
}

// knows reports whether a WhatsApp message is in the ledger, or still in the
// journal: it may have been posted without an answer, and waits or was given up.
func (r *Reconciler) knows(ctx context.Context, e chatwoot.Event, id string) (bool, error) {
	if _, err := r.IDs.Linked(ctx, r.Inbox.LineID(), id); !errors.Is(err, idmap.ErrUnknown) {
		return err == nil, err
	}
	chat, err := r.Contacts.ChatOf(ctx, e)
	if err != nil {
		return false, err
	}
	return r.Journal.Holds(ctx, journal.LaneKey{Line: r.Inbox.LineID(), Chat: chat, Queue: journal.In}, id)
}

// imitated reports whether somebody else has put the bridge's mark on a message, as
// everybody can who may post: it says nothing of the ledger. Written while this
// process listens it is none that the ledger has lost, and what the bridge posts in
// the desk's name has the owner of its token as the sender.
func (r *Reconciler) imitated(ctx context.Context, m chatwoot.Message) (bool, error) {
	imitated := !r.listening.IsZero() && m.CreatedAt.After(r.Inbox.Theirs(r.listening).Add(time.Second)) // in whole seconds
	if !imitated && m.Type == chatwoot.Outgoing && m.User != 0 {
		owner, err := r.owner.ask(ctx, r)
		if err != nil {
			return false, err
		}
		imitated = m.User != owner
	}
	if imitated {
		r.Log.Warn("a message bears the bridge's mark and is not its own; it is left alone", "message", int64(m.ID))
	}
	return imitated, nil
}

// owner is whose token the line has, once that was asked.
type owner struct {
	mu sync.Mutex
	id int64
}

func (o *owner) ask(ctx context.Context, r *Reconciler) (int64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.id != 0 {
		return o.id, nil
	}
	if err := r.pace.Wait(ctx, 1); err != nil {
		return 0, err
	}
	profile, err := r.Inbox.At(chatwoot.Background).Profile(ctx)
	o.id = profile.ID
	return o.id, err
}

// checkAgentMessage looks at a message of an agent, a bot or Chatwoot itself.
func (r *Reconciler) checkAgentMessage(ctx context.Context, diff *Diff, e chatwoot.Event, watermark chatwoot.MessageID) error {
	line, m := r.Inbox.LineID(), e.Message
	if m.Private || m.Type != chatwoot.Outgoing && m.Type != chatwoot.Template {
		return nil
	}
	if _, err := r.Intake.Meet(ctx, m); err != nil {
		return err
	}
	known, err := r.IDs.AgentMessage(ctx, line, int64(m.ID))
	if err != nil {
		return err
	}
	raw, err := chatwoot.EncodeCreated(m, e)
	if err != nil {
		return err
	}
	take := func(what, kind, dedupe string, record work.Recorder) {
		diff.add(what, func(ctx context.Context) error { return r.Intake.AppendOut(ctx, e, raw, kind, dedupe, record) })
	}
	red := m.Status == string(idmap.Failed)
	switch {
	case m.Attributes.Deleted:
		if known.State != idmap.AgentDeleted {
			take("deletion", journal.KindDeleted, intake.DeletedKey(line, m.ID, known.Restores), r.Intake.RecordDeleted(m))
		}
	case !compose.Sendable(m):
	case known.State == idmap.AgentUnseen && m.ID > watermark && (red || m.Status == string(idmap.Sent)):
		diff.add("message", func(ctx context.Context) error { return r.takeMissing(ctx, e, raw) })
	case known.State.ShownFailed() && !red:
		take("retry", journal.KindRetry, intake.RetryKey(line, m.ID, known), nil)
	case known.State == idmap.AgentSent && red:
		diff.add("bubble", func(ctx context.Context) error { return r.Intake.ClearFalseFailure(ctx, e) })
	}
	return nil
}

// takeMissing journals a message as if its event had come. If no way had told of it
// while there was somebody to be told, more of them may be missing.
func (r *Reconciler) takeMissing(ctx context.Context, e chatwoot.Event, raw []byte) error {
	appended := false
	err := r.Intake.AppendCreated(ctx, e, raw, func(context.Context, *sql.Tx) error {
		appended = true
		return nil
	})
	// Lists give whole seconds: one of the second in which listening began may be
	// of before, which costs a few requests.
	if err == nil && appended && e.Message.CreatedAt.Add(time.Second).After(r.Inbox.Theirs(r.listening)) {
		r.Arrivals.NoteMissing()
		r.untold++
	}
	return err
}

// clearOwnFailure takes the red from a message that the bridge itself has written: its
// webhook failed, which Chatwoot shows as if the message had.
func (r *Reconciler) clearOwnFailure(ctx context.Context, e chatwoot.Event) error {
	links, err := r.IDs.LinksByMessage(ctx, r.Inbox.LineID(), int64(e.Message.ID))
	if err != nil {
		return err
	}
	status := idmap.Sent
	if len(links) > 0 && links[0].Origin == idmap.FromOwnPhone && links[0].Status.Rank() > idmap.Sent.Rank() {
		status = links[0].Status
	}
	if err := r.pace.Wait(ctx, 1); err != nil {
		return err
	}
	err = r.Inbox.At(chatwoot.Background).SetStatus(ctx, e.Conversation.ID, e.Message.ID, string(status), "")
	if chatwoot.IsNotFound(err) {
		return nil
	}
	return err
}
