package bridge

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/chatwoot"
)

const (
	// reconcileEvery is how often Chatwoot's messages are compared with the
	// ledger while nothing seems wrong.
	reconcileEvery = 5 * time.Minute
	// reconcileAgain is when the pass after a start is repeated: a webhook that
	// was on its way then has failed by now, or arrived.
	reconcileAgain = 15 * time.Second
	// reconcileSpacing is the least time between two passes.
	reconcileSpacing = 10 * time.Second
	// reconcileOverlap is how far a pass looks back beyond the last one.
	reconcileOverlap = 2 * time.Minute
	// reconcileReach is how far a pass looks back at most; a line that was
	// away for longer has told its agents long ago.
	reconcileReach = 14 * 24 * time.Hour
	// reconcileAtOnce is how many conversations a pass reads at once.
	reconcileAtOnce = 3
	// reconcilePages bounds how many pages of one conversation a pass reads.
	reconcilePages = 50
)

// keepReconciled compares Chatwoot's messages with the ledger after a start,
// after webhooks may have been missed, and from time to time; the inbox's own
// settings are read again then, too. One pass costs three requests, and one more
// for each conversation in which something happened: for each page of it that
// is new.
func (r *runtime) keepReconciled() {
	var last time.Time
	for wait, failures := time.Duration(0), 0; ; {
		timer := time.NewTimer(wait)
		select {
		case <-r.ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		case <-r.missed:
			timer.Stop()
			if rest := reconcileSpacing - r.b.cfg.Clock().Sub(last); rest > 0 {
				wait = min(wait, rest)
				continue
			}
		}
		first := !r.caughtUp.Load()
		last = r.b.cfg.Clock()
		err := r.b.isolate(func() error {
			if !first { // what was changed in Chatwoot since the line has started
				if err := r.greetOnce(); err != nil {
					return err
				}
			}
			return r.reconcile(r.ctx)
		})
		switch {
		case r.ctx.Err() != nil:
			return
		case err != nil && judge(err, 0, time.Time{}, r.b.cfg.Clock()).action == pause:
			r.pauseFor(err)
			return
		case err != nil:
			r.log.Warn("messages cannot be compared with Chatwoot's", "error", err)
			wait = backoff(failures)
			failures++
			continue
		case !r.compared.Swap(true):
			r.catchUpDone()
			wait = reconcileAgain
		default:
			wait = reconcileEvery
		}
		failures = 0
	}
}

// catchUpWait bounds how long a line that starts sends nothing, while Chatwoot
// cannot be asked what was written meanwhile.
const catchUpWait = 20 * time.Second

func (r *runtime) catchUpDone() {
	r.caughtUp.Store(true)
	r.b.journal.Wake(journal.Out)
}

// webhooksMissed asks for a pass soon.
func (r *runtime) webhooksMissed() {
	select {
	case r.missed <- struct{}{}:
	default:
	}
}

// reconcile is one pass: what agents wrote and nobody told the bridge is
// journaled as if its webhook had come; what they deleted is taken back; and a
// bubble that is red although its message arrived shows the truth again.
func (r *runtime) reconcile(ctx context.Context) error {
	began := r.b.cfg.Clock()
	mark, err := r.b.lines.reconciled(ctx, r.line.ID)
	if err != nil {
		return err
	}
	since := began.Add(-reconcileReach)
	if mark.at.Add(-reconcileOverlap).After(since) {
		since = mark.at.Add(-reconcileOverlap)
	}
	desk := r.desk.WithPriority(chatwoot.Upkeep)
	var active []chatwoot.EventConversation
	err = insist(ctx, func() (err error) {
		active, err = desk.ActiveConversations(ctx, r.line.Inbox, began.Sub(since))
		return err
	})
	if err != nil {
		return err
	}
	found := make([]findings, len(active))
	reading, readCtx := errgroup.WithContext(ctx)
	reading.SetLimit(reconcileAtOnce)
	for i, conversation := range active {
		reading.Go(func() (err error) {
			found[i], err = r.reconcileConversation(readCtx, desk, conversation, since, mark.watermark)
			return err
		})
	}
	if err := reading.Wait(); err != nil {
		return err
	}
	all := join(found)
	if mark.strange != confirmed && all.strange() {
		r.log.Error("Chatwoot holds messages of this bridge that its database does not know; nothing is sent again until an admin confirms", "messages", all.unknown)
		return r.b.lines.setStrange(ctx, r.line.ID, int64(all.unknown))
	}
	for _, act := range all.acts {
		r.b.metrics.reconciled.WithLabelValues(act.what).Inc()
		if err := act.do(ctx); err != nil {
			return err
		}
	}
	return r.b.lines.setReconciled(ctx, r.line.ID, passMark{watermark: max(mark.watermark, all.newest), at: began})
}

// reconcileConversation compares one conversation's messages, in order.
func (r *runtime) reconcileConversation(ctx context.Context, desk *chatwoot.Client, conversation chatwoot.EventConversation, since time.Time, watermark chatwoot.MessageID) (found findings, err error) {
	messages, err := messagesSince(ctx, desk, conversation.ID, since)
	if err != nil {
		return found, err
	}
	for _, m := range messages {
		around := chatwoot.Event{Account: r.line.Account, Inbox: r.line.Inbox, Conversation: conversation, Message: m}
		compare := r.compareAgents
		if isOwnSource(m.SourceID) && !m.Attributes.Deleted {
			compare = r.compareOwn
		}
		if err := compare(ctx, &found, around, watermark); err != nil {
			return found, err
		}
		found.newest = max(found.newest, m.ID)
	}
	return found, nil
}

// messagesSince reads a conversation's messages back to a time, in order.
func messagesSince(ctx context.Context, desk *chatwoot.Client, conversation chatwoot.ConversationID, since time.Time) ([]chatwoot.Message, error) {
	var all []chatwoot.Message
	var before chatwoot.MessageID
	for range reconcilePages {
		var page []chatwoot.Message
		err := insist(ctx, func() (err error) {
			page, err = desk.Messages(ctx, conversation, 0, before)
			return err
		})
		if chatwoot.IsNotFound(err) {
			return all, nil // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		all = slices.Concat(page, all)
		if len(page) < chatwoot.LastMessages || page[0].CreatedAt.Before(since) {
			break
		}
		before = page[0].ID
	}
	return all, nil
}
