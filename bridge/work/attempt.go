package work

import (
	"context"
	"errors"
	"time"

	"github.com/wootbridge/wootbridge/bridge/journal"
)

// The outcomes of attempts, as they are counted.
const (
	outcomeDone   = string(journal.Done)
	outcomeRetry  = string(journal.Retried)
	outcomeDead   = string(journal.Dead)
	outcomePaused = string(journal.Paused)
)

// step does the next job of a lane, and says whether the lease is still held.
func (p *Pool) step(ctx context.Context, line Line, lease *journal.Lease, next Turn, jobs []journal.Job, unclean bool) (more bool, err error) {
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
	}
	queue := string(lease.Lane().Queue)
	failure := p.cfg.Guard.Run("handling a job", func() error { return line.Do(ctx, j) })
	defer p.endOutage(ctx, line.Chatwoot())
	if failure == nil {
		p.cfg.Count(queue, outcomeDone)
		line.Changed()
		return true, nil
	}
	if errors.Is(failure, journal.ErrLeaseLost) || ctx.Err() != nil {
		return false, failure
	}
	defer line.Changed()
	return p.fail(ctx, line, j, failure)
}

// fail does what follows from an attempt that failed.
func (p *Pool) fail(ctx context.Context, line Line, j *Job, failure error) (more bool, err error) {
	now := p.cfg.Clock()
	queue, log := string(j.Queue()), p.cfg.Log.With("line", line.ID())
	switch o := Classify(failure, j.Attempt, j.FirstFailed, now); o.Action {
	case DeadLetter:
		p.cfg.Count(queue, outcomeDead)
		log.Warn("a job was given up", "direction", queue, "reason", o.Reason)
		return p.giveUp(ctx, line, j, failure, o.Reason)
	case Pause:
		p.cfg.Count(queue, outcomePaused)
		log.Warn("the line was paused", "reason", o.Reason)
		if err := line.Pause(ctx, o.Sentence); err != nil {
			return false, err
		}
		return false, j.Lease.Fail(ctx, j.Job, j.failure(journal.Paused, o.Reason, p.cfg.Clock()))
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
		if o := Classify(told, j.Attempt, j.FirstFailed, now); o.Action == Retry {
			return false, j.Lease.Fail(ctx, j.Job, j.failure(journal.Retried, reason, now.Add(o.After)))
		}
		p.cfg.Log.Error("a job that was given up cannot be shown", "line", line.ID(), "direction", string(j.Queue()), "error", told)
	}
	return true, j.Lease.Dead(ctx, j.Job, reason, nil)
}

// failure is what the journal keeps of this attempt.
func (j *Job) failure(outcome journal.Outcome, reason string, retryAt time.Time) journal.Failure {
	return journal.Failure{Outcome: outcome, Cause: reason, RetryAt: retryAt, MayHaveActed: j.MayHaveActed}
}
