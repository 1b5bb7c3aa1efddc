package bridge

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wootbridge/wootbridge/bridge/idmap"
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
// after webhooks may have been missed, and from time to time. One pass costs a
// request, and one more for each conversation in which something happened.
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
		err := r.b.isolate(func() error { return r.reconcile(r.ctx) })
		switch {
		case r.ctx.Err() != nil:
			return
		case err != nil:
			r.log.Warn("messages cannot be compared with Chatwoot's", "error", err)
			wait = backoff(failures)
			failures++
			continue
		case first:
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
	r.b.journal.Wake()
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
	active, err := desk.ActiveConversations(ctx, r.line.Inbox, began.Sub(since))
	if err != nil {
		return err
	}
	newest := make([]chatwoot.MessageID, len(active))
	passes, ctx := errgroup.WithContext(ctx)
	passes.SetLimit(reconcileAtOnce)
	for i, conversation := range active {
		passes.Go(func() (err error) {
			newest[i], err = r.reconcileConversation(ctx, desk, conversation, since, mark.watermark)
			return err
		})
	}
	if err := passes.Wait(); err != nil {
		return err
	}
	next := passMark{watermark: max(mark.watermark, slices.Max(append(newest, 0))), at: began}
	return r.b.lines.setReconciled(r.ctx, r.line.ID, next)
}

// reconcileConversation compares one conversation's messages, in order, and
// gives the newest.
func (r *runtime) reconcileConversation(ctx context.Context, desk *chatwoot.Client, conversation chatwoot.EventConversation, since time.Time, watermark chatwoot.MessageID) (newest chatwoot.MessageID, err error) {
	messages, err := messagesSince(ctx, desk, conversation.ID, since)
	if err != nil {
		return 0, err
	}
	for _, m := range messages {
		if err := r.compare(ctx, desk, conversation, m, watermark); err != nil {
			return 0, err
		}
		newest = m.ID
	}
	return newest, nil
}

// messagesSince reads a conversation's messages back to a time, in order.
func messagesSince(ctx context.Context, desk *chatwoot.Client, conversation chatwoot.ConversationID, since time.Time) ([]chatwoot.Message, error) {
	var all []chatwoot.Message
	var before chatwoot.MessageID
	for range reconcilePages {
		page, err := desk.Messages(ctx, conversation, 0, before)
		if chatwoot.IsNotFound(err) {
			return all, nil // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		all = slices.Concat(page, all)
		if len(page) == 0 || page[0].CreatedAt.Before(since) {
			break
		}
		before = page[0].ID
	}
	return all, nil
}

// compare holds one message against the ledger.
func (r *runtime) compare(ctx context.Context, desk *chatwoot.Client, conversation chatwoot.EventConversation, m chatwoot.Message, watermark chatwoot.MessageID) error {
	line, red := string(r.line.ID), m.Status == string(idmap.Failed)
	around := chatwoot.Event{Account: r.line.Account, Inbox: r.line.Inbox, Conversation: conversation}
	if isOwnSource(m.SourceID) && !m.Attributes.Deleted {
		if !red {
			return nil
		}
		r.b.metrics.reconciled.WithLabelValues("own bubble").Inc()
		return r.showOwn(ctx, desk, conversation.ID, m.ID)
	}
	if m.Private || m.Type != chatwoot.Outgoing && m.Type != chatwoot.Template {
		return nil
	}
	known, err := r.b.ids.AgentMessage(ctx, line, int64(m.ID))
	if err != nil {
		return err
	}
	raw, err := chatwoot.EncodeCreated(m, around)
	if err != nil {
		return err
	}
	take := func(what, kind, dedupe string) error {
		around.Message = m
		r.b.metrics.reconciled.WithLabelValues(what).Inc()
		return r.commit(ctx, around, raw, kind, dedupe, nil)
	}
	switch {
	case m.Attributes.Deleted:
		if known.State == idmap.AgentDeleted {
			return nil
		}
		r.b.metrics.reconciled.WithLabelValues("deletion").Inc()
		around.Message = m
		return r.commit(ctx, around, raw, jobDeleted, fmt.Sprintf("%s|deleted|%d", line, m.ID), r.recordDeleted(m.ID))
	case !sendable(m):
		return nil
	case known.State == idmap.AgentUnseen && m.ID > watermark:
		return take("message", jobCreated, createdKey(line, m.ID))
	case known.State == idmap.AgentFailed && !red:
		return take("retry", jobRetry, fmt.Sprintf("%s|retry|%d|%d", line, m.ID, known.Failures))
	case known.State == idmap.AgentSent && red:
		r.b.metrics.reconciled.WithLabelValues("bubble").Inc()
		return r.showAgain(ctx, around, m)
	}
	return nil
}

// showOwn takes the red from a message that the bridge itself has written: its
// webhook failed, which Chatwoot shows as if the message had.
func (r *runtime) showOwn(ctx context.Context, desk *chatwoot.Client, conversation chatwoot.ConversationID, m chatwoot.MessageID) error {
	links, err := r.b.ids.LinksByMessage(ctx, string(r.line.ID), int64(m))
	if err != nil {
		return err
	}
	status := idmap.Sent
	if len(links) > 0 && links[0].Direction == idmap.FromOwnPhone && links[0].Status.Rank() > idmap.Sent.Rank() {
		status = links[0].Status
	}
	err = desk.SetStatus(ctx, conversation, m, string(status), "")
	if chatwoot.IsNotFound(err) {
		return nil
	}
	return err
}

// showAgain lets the chat's status lane put on a bubble what its message has
// reached: Chatwoot shows it as failed, because a webhook did not get through.
func (r *runtime) showAgain(ctx context.Context, e chatwoot.Event, m chatwoot.Message) error {
	links, err := r.b.ids.LinksByMessage(ctx, string(r.line.ID), int64(m.ID))
	if err != nil || len(links) == 0 {
		return err
	}
	e.Message = m
	raw, err := chatwoot.EncodeCreated(m, e)
	if err != nil {
		return err
	}
	_, err = r.b.journal.Append(ctx, journal.Entry{
		Lane:   journal.LaneKey{Line: string(r.line.ID), Chat: links[0].Chat, Dir: journal.Status},
		Dedupe: fmt.Sprintf("%s|show|%d|%s", r.line.ID, m.ID, newID()),
		Kind:   jobShow, Payload: raw, At: r.b.cfg.Clock(),
	})
	return err
}
