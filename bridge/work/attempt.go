package work

import (
	"context"
	"errors"
	"time"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// The outcomes of attempts, as they are counted.
const (
	outcomeDone   = string(journal.Done)
	outcomeRetry  = string(journal.Retried)
	outcomeDead   = string(journal.Dead)
	outcomePaused = string(journal.Paused)
)

// doubtedMost bounds how long a lane rests whose line would have to be paused, until
// that is confirmed.
const doubtedMost = 10 * time.Second

// answeredWithin is how old Chatwoot's last good answer to anybody may be for it to
// count as one that answers; somebody asks it something every five minutes.
const answeredWithin = 6 * time.Minute

// answers reports whether a job's destination answers, though not this job.
func answers(line Line, j *Job, failure error, now time.Time) bool {
	if j.Queue() == journal.Out {
		return !errors.Is(failure, whatsapp.ErrNotConnected) && !errors.Is(failure, whatsapp.ErrUpload)
	}
	return now.Sub(line.Chatwoot().Answered()) <= answeredWithin
}

// destinationOf names where a queue's jobs go.
func destinationOf(line Line, queue journal.Queue) string {
	if queue == journal.Out {
		return "whatsapp " + line.ID()
	}
	return "chatwoot " + line.Chatwoot().URL()
}

// step does the next job of a lane, and says whether the lease is still held.
func (p *Pool) step(ctx context.Context, line Line, lease *journal.Lease, at *held, next Turn, jobs []journal.Job, unclean bool) (more bool, err error) {
	if next.Wait > 0 {
		err := lease.Yield(ctx, p.cfg.Clock().Add(next.Wait))
		if err == nil && next.Yielded != nil {
			err = next.Yielded(ctx)
		}
		return false, err
	}
	if waits, err := p.waitOn(ctx, lease, next.Job); waits {
		return false, err
	}
	next.Job.Begun = p.cfg.Clock()
	next.Job.MayHaveActed = unclean || next.Job.MayHaveActed
	j := &Job{
		Job: next.Job, Lease: lease, Epoch: lease.Epoch(),
		Ambiguous: next.Job.MayHaveActed, UncleanLease: unclean, Following: jobs[1:],
		apart: func(ctx context.Context, fn func() error) error { return p.withFile(ctx, lease.Lane(), at, fn) },
	}
	queue := string(lease.Lane().Queue)
	failure := p.besideOthers(ctx, lease, func() error { return p.cfg.Guard.Run("handling a job", func() error { return line.Do(ctx, j) }) })
	defer p.endOutage(ctx, line.Chatwoot())
	if failure == nil {
		p.health.succeeded(destinationOf(line, j.Queue()), j, p.cfg.Clock())
		p.cfg.Count(queue, outcomeDone)
		line.Changed()
		return true, nil
	}
	if errors.Is(failure, journal.ErrLeaseLost) || ctx.Err() != nil {
		return false, failure
	}
	defer line.Changed()
	if errors.Is(failure, errManyFiles) && !j.MayHaveActed {
		return false, lease.Yield(ctx, p.cfg.Clock().Add(fileRest))
	}
	return p.fail(ctx, line, j, failure)
}

// fail does what follows from an attempt that failed.
func (p *Pool) fail(ctx context.Context, line Line, j *Job, failure error) (more bool, err error) {
	now := p.cfg.Clock()
	queue, log := string(j.Queue()), p.cfg.Log.With("line", line.ID())
	trial := p.health.failed(destinationOf(line, j.Queue()), j, now, answers(line, j, failure, now))
	switch o := Classify(failure, trial); o.Action {
	case DeadLetter:
		p.cfg.Count(queue, outcomeDead)
		log.Warn("a job was given up", "direction", queue, "reason", o.Reason)
		return p.giveUp(ctx, line, j, failure, o.Reason)
	case Pause:
		paused, err := line.Pause(ctx, o.Pause)
		switch {
		case err != nil:
			return false, err
		case paused:
			p.cfg.Count(queue, outcomePaused)
			log.Warn("the line was paused", "reason", o.Reason)
			return false, j.Lease.Fail(ctx, j.Job, j.failure(journal.Paused, o.Reason, p.cfg.Clock()))
		case forRefusal.over(trial): // it is refused for this job alone
			p.cfg.Count(queue, outcomeDead)
			log.Warn("a job was given up", "direction", queue, "reason", o.Reason)
			return p.giveUp(ctx, line, j, failure, o.Reason)
		}
		p.cfg.Count(queue, outcomeRetry)
		return false, j.Lease.Fail(ctx, j.Job, j.failure(journal.Retried, o.Reason, p.cfg.Clock().Add(min(o.After, doubtedMost))))
	default:
		p.cfg.Count(queue, outcomeRetry)
		until := p.cfg.Clock().Add(o.After)
		p.longWaits.note(j.ID, until, p.cfg.Clock())
		if err := j.Lease.Fail(ctx, j.Job, j.failure(journal.Retried, o.Reason, until)); err != nil {
			return false, err
		}
		if o.Away {
			p.awaitReturn(line.Chatwoot(), j.Lease.Lane(), until)
		}
		return false, nil
	}
}

// giveUp ends a job for ever, after people were told. The job waits until they
// can be.
func (p *Pool) giveUp(ctx context.Context, line Line, j *Job, failure error, reason string) (more bool, err error) {
	j.Ambiguous = j.MayHaveActed // this attempt may have posted what it was given up for
	told := p.cfg.Guard.Run("giving a job up", func() error { return line.GiveUp(ctx, j, failure) })
	if told != nil {
		now := p.cfg.Clock()
		trial := p.health.failed(destinationOf(line, j.Queue()), j, now, answers(line, j, told, now))
		if o := Classify(told, Trial{Attempt: j.Attempt, Now: now}); o.Action != DeadLetter && !forNotice.over(trial) {
			return false, j.Lease.Fail(ctx, j.Job, j.failure(journal.Retried, reason, now.Add(o.After)))
		}
		p.cfg.Log.Error("a job that was given up cannot be shown", "line", line.ID(), "direction", string(j.Queue()), "error", told)
	}
	p.health.ended(j)
	return true, j.Lease.Dead(ctx, j.Job, reason, nil)
}

// failure is what the journal keeps of this attempt.
func (j *Job) failure(outcome journal.Outcome, reason string, retryAt time.Time) journal.Failure {
	return journal.Failure{Outcome: outcome, Cause: reason, RetryAt: retryAt, MayHaveActed: j.MayHaveActed}
}
