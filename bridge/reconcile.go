package bridge

import (
	"cmp"
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/wait"
)

// PassTimes says when Chatwoot's messages are compared with the ledger, besides
// at a start and when webhooks may have been missed.
type PassTimes struct {
	// Every is how often that is done while nothing seems wrong; 0 means 5
	// minutes.
	Every time.Duration
	// Again is when the pass after a start is repeated: a webhook that was on
	// its way then has failed by now, or arrived; 0 means 15 seconds.
	Again time.Duration
	// Spacing is the least time between two passes; 0 means 10 seconds.
	Spacing time.Duration
}

func (p PassTimes) orDefaults() PassTimes {
	return PassTimes{
		Every:   cmp.Or(p.Every, 5*time.Minute),
		Again:   cmp.Or(p.Again, 15*time.Second),
		Spacing: cmp.Or(p.Spacing, 10*time.Second),
	}
}

const (
	// reconcileOverlap is how far a pass looks back beyond the last one.
	reconcileOverlap = 2 * time.Minute
	// reconcileReach is how far a pass looks back at most; a line that was
	// away for longer has told its agents long ago.
	reconcileReach = 14 * 24 * time.Hour
	// takeBackReach is how far back a pass looks for what was deleted while
	// nobody listened. WhatsApp takes back nothing that is older.
	takeBackReach = 60 * time.Hour
	// reconcileAtOnce is how many conversations a pass reads at once.
	reconcileAtOnce = 3
)

// keepReconciled compares Chatwoot's messages with the ledger after a start,
// after webhooks may have been missed, and from time to time; the inbox's own
// settings are read again then, too. One pass costs three requests, and one more
// for each conversation in which something happened, or two where that is more
// than a page.
func (r *runtime) keepReconciled() {
	var last time.Time
	gap := true // nobody listened before the start
	for pause, failures := time.Duration(0), 0; ; {
		switch wait.Woken(r.ctx, pause, r.missed) {
		case wait.Ended:
			return
		case wait.Signal:
			gap = true
			if rest := r.b.cfg.Passes.Spacing - r.b.cfg.Clock().Sub(last); rest > 0 {
				pause = min(pause, rest)
				continue
			}
		}
		first := !r.caughtUp.Load()
		last = r.b.cfg.Clock()
		err := r.b.guard().Run("comparing messages", func() error {
			if !first { // what was changed in Chatwoot since the line has started
				if err := r.greetOnce(); err != nil {
					return err
				}
			}
			return r.reconcile(r.ctx, gap)
		})
		switch {
		case r.ctx.Err() != nil:
			return
		case err != nil:
			if o := work.Classify(err, 0, time.Time{}, r.b.cfg.Clock()); o.Action == work.Pause {
				r.pauseFor(o)
				return
			}
			r.log.Warn("messages cannot be compared with Chatwoot's", "error", err)
			pause = askAgain(err, failures)
			failures++
			continue
		case !r.compared.Swap(true):
			r.catchUpDone()
			pause = r.b.cfg.Passes.Again
		default:
			pause = r.b.cfg.Passes.Every
		}
		failures, gap = 0, false
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
// bubble that is red although its message arrived shows the truth again. After
// a gap also older messages may have been deleted, or sent again, of which
// nobody told.
func (r *runtime) reconcile(ctx context.Context, gap bool) error {
	began := r.b.cfg.Clock()
	mark, err := r.b.lines.Mark(ctx, r.line.ID)
	if err != nil {
		return err
	}
	p := pass{runtime: r, desk: r.desk.WithPriority(chatwoot.Upkeep), watermark: mark.Watermark, settled: began.Add(-reconcileOverlap)}
	p.since = later(began.Add(-reconcileReach), mark.At.Add(-reconcileOverlap))
	var active []chatwoot.EventConversation
	err = chatwoot.RetryReadPastLimit(ctx, func() (err error) {
		active, err = p.desk.ActiveConversations(ctx, r.line.Inbox, began.Sub(p.since))
		return err
	})
	if err != nil {
		return err
	}
	if back := began.Add(-takeBackReach); gap && back.Before(p.since) {
		p.since = back
	}
	if err := p.findStart(ctx); err != nil {
		return err
	}
	found := make([]findings, len(active))
	reading, readCtx := errgroup.WithContext(ctx)
	reading.SetLimit(reconcileAtOnce)
	for i, conversation := range active {
		reading.Go(func() (err error) {
			found[i], err = p.compare(readCtx, conversation)
			return err
		})
	}
	if err := reading.Wait(); err != nil {
		return err
	}
	all := join(found)
	if mark.Foreign != lines.ForeignConfirmed && all.unknown > 0 {
		r.log.Error("Chatwoot holds messages of this bridge that its database does not know; nothing is sent again until an admin confirms", "messages", all.unknown)
		return r.b.lines.SetForeign(ctx, r.line.ID, int64(all.unknown))
	}
	for _, act := range all.acts {
		r.b.metrics.reconciled.WithLabelValues(act.what).Inc()
		if err := act.do(ctx); err != nil {
			return err
		}
	}
	return r.b.lines.SetMark(ctx, r.line.ID, lines.Mark{Watermark: max(mark.Watermark, all.newest), At: began})
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
