package outbound

import (
	"context"
	"time"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
)

const (
	// quietWait is how long an agent's message waits for the connection before
	// its bubble says so.
	quietWait = time.Minute
	// offlineLook bounds how long a waiting lane rests; the connection wakes
	// it sooner.
	offlineLook = time.Minute
	// offlineBatch is how many waiting messages of a chat are looked at.
	offlineBatch = 500
)

// waitForPhone is an out lane's turn while WhatsApp is not connected: expired
// messages fail visibly, messages that wait for longer than a minute are marked as
// not sent yet, and the lane rests until the next of these times.
func (h *Handler) waitForPhone(ctx context.Context, lease *journal.Lease, best journal.Job) work.Turn {
	wakes := h.wakes.Load()
	now, maxAge := h.Clock(), h.Inbox.Settings().MaxAge()
	if expired(h.byOurClock(best), maxAge, now) {
		return work.Turn{Job: best}
	}
	jobs, err := lease.Waiting(ctx, offlineBatch)
	if err != nil {
		jobs = []journal.Job{best}
	}
	for _, job := range jobs {
		if job.Kind == journal.KindDeleted || now.Sub(job.RecordedAt) < quietWait {
			continue
		}
		if err := h.showWaiting(ctx, lease, job); err != nil {
			h.Log.Warn("a waiting message cannot be shown as such", "error", err)
			break
		}
	}
	return work.Turn{Job: best, Wait: nextShown(h.byOurClock(best), jobs, maxAge, now), Yielded: func(ctx context.Context) error {
		// A connection or a Retry that arrived while the lane was still leased
		// found nothing to wake, so wake it again.
		if h.connected() || h.wakes.Load() != wakes {
			return h.Journal.Hasten(ctx, h.Inbox.LineID(), journal.Out)
		}
		return nil
	}}
}

// expired reports whether a message waited longer than an answer is worth
// sending.
func expired(job journal.Job, maxAge time.Duration, now time.Time) bool {
	return job.Kind != journal.KindDeleted && now.Sub(waitsSince(job)) > maxAge
}

// waitsSince is when somebody asked for what a job does: an agent who wrote the
// message, however late the bridge learned of it, or pressed Retry, or an admin who
// replayed it after it was given up.
func waitsSince(job journal.Job) time.Time {
	if !job.Replayed.IsZero() {
		return job.Replayed
	}
	if job.Kind == journal.KindCreated && job.OccurredAt.Unix() > 0 && job.OccurredAt.Before(job.RecordedAt) {
		return job.OccurredAt
	}
	return job.RecordedAt
}

// byOurClock is a job of an event of Chatwoot's with the event's time as this
// machine's clock shows it.
func (h *Handler) byOurClock(job journal.Job) journal.Job {
	if job.OccurredAt.Unix() > 0 {
		job.OccurredAt = h.Inbox.Ours(job.OccurredAt)
	}
	return job
}

// nextShown is the time until something is to be shown.
func nextShown(best journal.Job, jobs []journal.Job, maxAge time.Duration, now time.Time) time.Duration {
	rest := offlineLook
	sooner := func(at time.Time) {
		if d := at.Sub(now); d > 0 {
			rest = min(rest, d)
		}
	}
	sooner(waitsSince(best).Add(maxAge + time.Millisecond))
	for _, job := range jobs {
		sooner(job.RecordedAt.Add(quietWait))
	}
	return rest
}

// WakeWaiting wakes the lanes that wait for the connection.
func (h *Handler) WakeWaiting(ctx context.Context) error {
	h.wakes.Add(1)
	return h.Journal.Hasten(ctx, h.Inbox.LineID(), journal.Out)
}

// showWaiting says on a bubble that its message waits.
func (h *Handler) showWaiting(ctx context.Context, lease *journal.Lease, job journal.Job) error {
	e, err := chatwoot.ParseEvent(job.Payload)
	if err != nil {
		return nil // the job itself will say so
	}
	return h.Delivery.MarkWaiting(ctx, lease, e, waitsSince(h.byOurClock(job)).Add(h.Inbox.Settings().MaxAge()))
}
