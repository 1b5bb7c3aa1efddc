package bridge

import (
	"context"
	"errors"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// ID implements work.Line.
func (r *lineRuntime) ID() string { return r.inbox.LineID() }

// Ready implements work.Line.
func (r *lineRuntime) Ready(queue journal.Queue) bool {
	return r.active && (queue != journal.Out || r.arrivals.CaughtUp())
}

// Chatwoot implements work.Line.
func (r *lineRuntime) Chatwoot() work.Chatwoot { return r.inbox }

// Changed implements work.Line.
func (r *lineRuntime) Changed() { r.b.Changed(r.inbox.Line().ID) }

// Pause implements work.Line.
func (r *lineRuntime) Pause(ctx context.Context, p lines.Pause) (paused bool, err error) {
	if confirmed, err := r.inbox.Confirmed(ctx, p.Cause); err != nil || !confirmed {
		return false, err
	}
	if err := r.b.lines.SetPaused(ctx, r.inbox.Line().ID, p); err != nil {
		return false, err
	}
	r.b.super.RequestSync()
	return true, nil
}

// Open implements work.Line.
func (r *lineRuntime) Open(lease *journal.Lease) work.Lane {
	switch lease.Lane().Queue {
	case journal.Out:
		return r.outbound.Open(lease)
	case journal.Maintenance:
		return r.delivery.OpenUpkeep(lease)
	default:
		return work.InOrder{}
	}
}

// errUnknownAddress says that an event came from an address of a kind that the
// bridge does not know, or that the database could not hold it. It is kept as a
// dead job: visible, and replayable by a release that knows better.
var errUnknownAddress = &work.PermanentError{Err: errors.New("an address of a kind that the bridge does not know, or an event that the database cannot hold; the log says which")}

// Do implements work.Line. It is the table of jobs: which kind of which queue is
// done by whom.
func (r *lineRuntime) Do(ctx context.Context, j *work.Job) error {
	switch j.Queue() {
	case journal.In:
		if j.Kind == journal.KindConvert {
			return r.inbound.Convert(ctx, j)
		}
		return r.inbound.Handle(ctx, j)
	case journal.Out:
		return r.outbound.Handle(ctx, j)
	case journal.Status:
		if j.Kind == journal.KindShow {
			return r.delivery.ClearFalseFailure(ctx, j)
		}
		return r.delivery.HandleReceipt(ctx, j)
	}
	switch j.Kind { // what may come late
	case journal.KindContact:
		return r.contacts.UpdateContact(ctx, j)
	case journal.KindAd:
		return r.contacts.RecordAd(ctx, j)
	case journal.KindMerge:
		return r.contacts.MergeContacts(ctx, j)
	case journal.KindRecheck:
		return r.contacts.RecheckContact(ctx, j)
	case journal.KindJoin:
		return r.contacts.MergeChats(ctx, j)
	case journal.KindRinging:
		return r.intake.HandleRinging(ctx, j)
	case journal.KindParked:
		return errUnknownAddress
	case journal.KindFile:
		return r.inbound.HandleFile(ctx, j)
	case journal.KindReceipt:
		return r.delivery.HandleReceipt(ctx, j)
	case journal.KindSecret:
		return r.inbound.HandleSecret(ctx, j)
	case journal.KindTally:
		return r.inbound.HandleTally(ctx, j)
	case string(content.EnvMediaRetry):
		return r.inbound.HandleUploadedAgain(ctx, j)
	default:
		return r.finishHistory(ctx, j)
	}
}

// GiveUp implements work.Line.
func (r *lineRuntime) GiveUp(ctx context.Context, j *work.Job, cause error) error {
	switch j.Queue() {
	case journal.In:
		if j.Kind == journal.KindConvert {
			return nil // its placeholder stands
		}
		return r.inbound.ShowUnreadable(ctx, j)
	case journal.Out:
		return r.outbound.GiveUp(ctx, j, cause)
	case journal.Maintenance:
		return r.inbound.ShowMissing(ctx, j)
	default:
		return nil
	}
}

// finishHistory takes an offer of history for what the library learns from it.
func (r *lineRuntime) finishHistory(ctx context.Context, j *work.Job) error {
	if err := r.session.FinishHistory(ctx, j.Payload); err != nil {
		return err
	}
	return j.Done(ctx, nil)
}
