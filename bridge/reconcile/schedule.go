package reconcile

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/wait"
)

// Schedule says when Chatwoot's messages are compared with the ledger, besides
// at a start and when webhooks may have been missed.
type Schedule struct {
	// Every is how often that is done while nothing seems wrong; 0 means 5
	// minutes.
	Every time.Duration
	// Again is when the comparison after a start is repeated: a webhook that was on
	// its way then has failed by now, or arrived; 0 means 15 seconds.
	Again time.Duration
	// Spacing is the least time between two comparisons that were asked for; the
	// inbox is read a third as often. 0 means 3 seconds.
	Spacing time.Duration
	// PerSecond is how many requests a second the comparisons of all lines of one
	// Chatwoot make together; 0 means 2.
	PerSecond float64
}

// OrDefaults fills in what is not set.
func (p Schedule) OrDefaults() Schedule {
	return Schedule{
		PerSecond: p.PerSecond,

		Every:   cmp.Or(p.Every, 5*time.Minute),
		Again:   cmp.Or(p.Again, 15*time.Second),
		Spacing: cmp.Or(p.Spacing, 3*time.Second),
	}
}

const (
	// catchUpWait bounds how long a line that starts sends nothing, while Chatwoot
	// cannot be asked what was written meanwhile.
	catchUpWait = 20 * time.Second
	// awayPause is how long after its return a Chatwoot that was away is asked at
	// the latest: what was written while nobody listened must not leave after what
	// is written now.
	awayPause = 5 * time.Second
	// onward is the pause after a comparison that has found what nobody told of,
	// and the shortest one.
	onward = 200 * time.Millisecond
)

// refreshEvery is how often the inbox is read again at least.
const refreshEvery = 5 * time.Minute

// Run asks Chatwoot what the line needs to know of it, until it answers, and then
// compares Chatwoot's messages with the ledger: after the start, after events may
// have been missed, and from time to time. It returns when ctx ends, or when the
// line has to pause. One comparison costs one request, which lines of one account
// share, and one more for each conversation in which something happened, or two
// where that is more than a page; reading the inbox costs two. All of them are
// made at the pace of Shared.
func (r *Reconciler) Run(ctx context.Context) {
	var leave func()
	r.listings, leave = r.Shared.join(r.Inbox.Line())
	defer leave()
	r.pace, r.listening = r.Shared.pace(r.Inbox.Line().ChatwootURL), r.Clock()
	timer := time.AfterFunc(catchUpWait, r.catchUp)
	defer timer.Stop()
	if r.insist(ctx) {
		r.keepCompared(ctx)
	}
}

// insist asks until Chatwoot answers; false means that the line ends or pauses.
func (r *Reconciler) insist(ctx context.Context) bool {
	for attempt := 0; ; attempt++ {
		err := r.Guard.Run("asking Chatwoot", func() error { return r.refresh(ctx) })
		if err == nil {
			return true
		}
		if ctx.Err() != nil || r.pauses(ctx, err) {
			return false
		}
		r.Log.Debug("Chatwoot cannot be asked", "error", err)
		if !wait.Sleep(ctx, askAgain(err, attempt)) {
			return false
		}
	}
}

// refresh reads what was changed in Chatwoot about the inbox.
func (r *Reconciler) refresh(ctx context.Context) error {
	if err := r.pace.Wait(ctx, 2); err != nil { // the version and the inbox
		return err
	}
	at := r.Clock()
	if err := r.Inbox.Refresh(ctx); err != nil {
		return err
	}
	r.refreshed = at
	return nil
}

func (r *Reconciler) keepCompared(ctx context.Context) {
	var last time.Time
	gap, asked := true, false // nobody listened before the start
	for pause, failures := time.Duration(0), 0; ; {
		switch wait.Woken(ctx, pause, r.Arrivals.Requests()) {
		case wait.Ended:
			return
		case wait.Signal:
			gap, asked = true, true
			if rest := r.Schedule.Spacing - r.Clock().Sub(last); rest > 0 {
				pause = min(pause, rest)
				continue
			}
		}
		last = r.Clock()
		err := r.Guard.Run("comparing messages", func() error { return r.refreshAndCompare(ctx, gap, asked) })
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && r.pauses(ctx, err):
			return
		case err != nil:
			r.Log.Warn("messages cannot be compared with Chatwoot's", "error", err)
			pause = askAgain(err, failures)
			failures++
			continue
		case r.leftOut.times > 0: // what was missed is not all known: gap stays
			r.catchUp()
			pause, failures = min(behindBackoff.After(r.leftOut.times-1), r.untilNext(last)), 0
			if !r.refreshIfDue(ctx) {
				return
			}
			continue
		case r.Arrivals.NoteCompared():
			r.catchUp()
			pause = min(r.Schedule.Again, r.untilNext(last))
		default:
			pause = r.untilNext(last)
		}
		if !r.refreshIfDue(ctx) {
			return
		}
		pause = r.listings.meet(pause)
		failures, gap, asked = 0, false, false
	}
}

// untilNext is the pause after a comparison that began at a time. Where comparisons
// are what brings agents' messages, one that has found some is followed by the next
// one soon: an agent is writing. The pace bounds what that costs.
func (r *Reconciler) untilNext(began time.Time) time.Duration {
	every := r.Schedule.Every
	if r.Cadence != nil {
		every = r.Cadence()
	}
	soon := min(every, onward)
	if r.untold > 0 && every < r.Schedule.Every && every <= soonest {
		return soon
	}
	return max(every-r.Clock().Sub(began), soon)
}

// refreshAndCompare also reads what was changed in Chatwoot about the inbox, when
// the comparison was asked for.
func (r *Reconciler) refreshAndCompare(ctx context.Context, gap, asked bool) error {
	if asked && r.Clock().Sub(r.refreshed) >= 3*r.Schedule.Spacing {
		if err := r.refresh(ctx); err != nil {
			return err
		}
	}
	return r.compare(ctx, gap, asked)
}

// refreshIfDue reads the inbox again from time to time. It does so after a
// comparison, so that lines which compare at the same moment also ask for the list
// at the same moment. False means that the line ends or pauses.
func (r *Reconciler) refreshIfDue(ctx context.Context) bool {
	if r.Clock().Sub(r.refreshed) < refreshEvery {
		return true
	}
	err := r.Guard.Run("asking Chatwoot", func() error { return r.refresh(ctx) })
	if err == nil {
		return true
	}
	if ctx.Err() != nil || r.pauses(ctx, err) {
		return false
	}
	r.Log.Debug("Chatwoot cannot be asked", "error", err) // and is again after the next comparison
	return true
}

// pauses stops the line if err says so.
func (r *Reconciler) pauses(ctx context.Context, err error) bool {
	o := work.Classify(err, work.Trial{Now: r.Clock()})
	if o.Action != work.Pause {
		return false
	}
	paused, err := r.Pause(ctx, o.Pause)
	switch {
	case err != nil && ctx.Err() == nil:
		r.Log.Error("the pause cannot be stored", "error", err)
	case paused:
		r.Log.Warn("the line was paused", "reason", o.Reason)
	}
	return paused
}

// catchUp lets agents' messages leave.
func (r *Reconciler) catchUp() {
	r.Arrivals.CatchUp()
	r.Journal.Wake(journal.Out, 0)
}

// askAgain is the pause after a question that has failed.
func askAgain(err error, attempt int) time.Duration {
	pause := work.Backoff.After(attempt)
	var unavailable *chatwoot.UnavailableError
	if errors.As(err, &unavailable) {
		return min(pause, awayPause)
	}
	return pause
}
