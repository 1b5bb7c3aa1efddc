package bridge

import (
	"context"
	"database/sql"
	"errors"
	"time"
	_ "time/tzdata" // a minimal image has no time zones of its own

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp"
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

// waitForPhone is an out lane's turn while WhatsApp is not connected: the
// message that waited too long goes its way (which fails, visibly), those that
// wait for a minute are shown as not sent yet, and the lane rests until one of
// these times comes next.
func (r *runtime) waitForPhone(ctx context.Context, lease *journal.Lease, best journal.Job) turn {
	looked := r.looks.Load()
	now, maxAge := r.b.cfg.Clock(), r.settings().MaxAge()
	if expired(best, maxAge, now) {
		return turn{job: best}
	}
	jobs, err := lease.Waiting(ctx, offlineBatch)
	if err != nil {
		jobs = []journal.Job{best}
	}
	for _, job := range jobs {
		if job.Kind == jobDeleted || now.Sub(job.Created) < quietWait {
			continue
		}
		if err := r.showWaiting(ctx, lease, job); err != nil {
			r.log.Warn("a waiting message cannot be shown as such", "error", err)
			break
		}
	}
	return turn{job: best, wait: restFor(best, jobs, maxAge, now), offline: true, looked: looked}
}

// expired reports whether a message waited longer than an answer is worth
// sending.
func expired(job journal.Job, maxAge time.Duration, now time.Time) bool {
	return job.Kind != jobDeleted && now.Sub(waitsSince(job)) > maxAge
}

// waitsSince is when an agent asked for what a job does: wrote the message,
// however late the bridge learned of it, or pressed Retry.
func waitsSince(job journal.Job) time.Time {
	if job.Kind == jobCreated && job.At.Unix() > 0 && job.At.Before(job.Created) {
		return job.At
	}
	return job.Created
}

// restFor is the time until something is to be shown.
func restFor(best journal.Job, jobs []journal.Job, maxAge time.Duration, now time.Time) time.Duration {
	rest := offlineLook
	sooner := func(at time.Time) {
		if d := at.Sub(now); d > 0 {
			rest = min(rest, d)
		}
	}
	sooner(waitsSince(best).Add(maxAge + time.Millisecond))
	for _, job := range jobs {
		sooner(job.Created.Add(quietWait))
	}
	return rest
}

// yielded is called when a lane that waits for the connection was put down. A
// connection or a Retry that arrived while the lane was still leased found
// nothing to wake, so wake it again.
func (r *runtime) yielded(ctx context.Context, next turn) error {
	if connected(r.session) || r.looks.Load() != next.looked {
		return r.b.journal.Hasten(ctx, string(r.line.ID), journal.Out)
	}
	return nil
}

// lookAgain wakes the lanes that wait for the connection.
func (r *runtime) lookAgain(ctx context.Context) error {
	r.looks.Add(1)
	return r.b.journal.Hasten(ctx, string(r.line.ID), journal.Out)
}

// showWaiting makes a bubble red while its message waits, once, and says until
// when it goes out by itself.
func (r *runtime) showWaiting(ctx context.Context, lease *journal.Lease, job journal.Job) error {
	e, err := chatwoot.ParseEvent(job.Payload)
	if err != nil {
		return nil // the job itself will say so
	}
	line, id := string(r.line.ID), int64(e.Message.ID)
	defer r.bubbles.lock(id)()
	known, err := r.b.ids.AgentMessage(ctx, line, id)
	if err != nil || known.Shown == idmap.Failed || known.State == idmap.AgentDeleted || known.State == idmap.AgentSent {
		return err
	}
	// Recorded first, so that Retry is understood however fast it is pressed.
	show := func(shown idmap.Status) func(context.Context, *sql.Tx) error {
		return func(ctx context.Context, tx *sql.Tx) error { return r.b.ids.SetShown(ctx, tx, line, id, shown) }
	}
	if err := lease.Record(ctx, show(idmap.Failed)); err != nil {
		return err
	}
	until := waitsSince(job).Add(r.settings().MaxAge())
	reason := r.words().Text("fail.waiting", "time", clockTime(until, r.b.cfg.Clock(), r.location()))
	err = r.desk.WithPriority(chatwoot.Status).SetStatus(ctx, e.Conversation.ID, e.Message.ID, string(idmap.Failed), reason)
	if err == nil || chatwoot.IsNotFound(err) {
		return nil
	}
	return errors.Join(err, lease.Record(ctx, show(known.Shown)))
}

// location is where the line's agents read times.
func (r *runtime) location() *time.Location {
	names := []string{r.settings().Timezone}
	if inbox := r.inbox.Load(); inbox != nil {
		names = append(names, inbox.Timezone)
	}
	for _, name := range names {
		if name == "" {
			continue
		}
		if location, err := time.LoadLocation(name); err == nil {
			return location
		}
	}
	return time.UTC
}

// clockTime writes a time to come: the hour alone within a day, with the date
// beyond.
func clockTime(t, now time.Time, location *time.Location) string {
	if t.Sub(now) <= 24*time.Hour {
		return t.In(location).Format("15:04")
	}
	return t.In(location).Format("2006-01-02 15:04")
}

func connected(s *whatsapp.Session) bool { return s.State().Code == whatsapp.StateConnected }
