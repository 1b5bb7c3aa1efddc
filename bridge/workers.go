package bridge

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// pools are the workers by direction: one direction that stands still does not
// take the workers of another. The live ones leave the backlog alone: when all
// others are busy with it, what a customer writes now finds a worker.
var pools = []*pool{{journal.In, 8, false}, {journal.In, 4, true}, outPool, {journal.Status, 2, false}, {journal.Upkeep, 2, false}}

var outPool = &pool{journal.Out, 8, false}

type pool struct {
	dir     journal.Direction
	workers int
	live    bool
}

// pollEvery bounds how long a missed wake-up or a clock that jumped can delay
// a lane.
const pollEvery = 5 * time.Second

func (b *Bridge) startWorkers() {
	for _, pool := range pools {
		bell := b.journal.Bell(pool.dir)
		for range pool.workers {
			b.workers.Go(func() { b.work(pool, bell) })
		}
	}
}

// work claims one lane of this process's lines after the other until the
// bridge stops.
func (b *Bridge) work(p *pool, bell *journal.Bell) {
	for b.ctx.Err() == nil {
		lines, places := b.claimable(p)
		filter := journal.Filter{Lines: slices.AppendSeq([]string{}, maps.Keys(lines)), Dir: p.dir, Live: p.live}
		lease, err := b.journal.Claim(b.ctx, filter)
		if err != nil {
			b.log.Warn("no lane can be claimed", "error", err)
		}
		if lease != nil {
			bell.Ring() // there may be more than one lane
			b.drainShared(lease, share{p, lines[lease.Lane().Line]}, places)
			continue
		}
		wait := pollEvery
		if len(filter.Lines) == 0 {
			// Nothing to look for; a line that becomes active wakes everybody.
		} else if due, ok, err := b.journal.NextDue(b.ctx, filter); err == nil && ok {
			wait = min(wait, max(due.Sub(b.cfg.Clock()), 5*time.Millisecond))
		}
		timer := time.NewTimer(wait)
		select {
		case <-b.ctx.Done():
		case <-bell.Rung():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// drainShared works on a lane, unless others have taken the last of its
// destination's places meanwhile. A lane that was not released cleanly is not
// put back, as nobody would know any more that it was not.
func (b *Bridge) drainShared(lease *journal.Lease, sh share, places int) {
	if lease.Unclean() {
		places = math.MaxInt
	}
	if !b.shares.enter(sh, places) {
		_ = lease.Defer(b.workCtx, b.cfg.Clock())
		return
	}
	defer b.shares.leave(sh)
	b.drain(lease, sh.pool.live)
}

// ahead is how many jobs of a lane a worker looks at together: a few, but all of
// what agents wrote, for what came last may be what has to leave first.
func ahead(dir journal.Direction) int {
	if dir == journal.Out {
		return math.MaxInt32
	}
	return 50
}

// drain works on a lane until it is empty, has to wait, or is lost; a live
// worker also leaves it when what is left has become a backlog.
func (b *Bridge) drain(lease *journal.Lease, live bool) {
	ctx, stop := lease.Keep(b.workCtx)
	defer stop()
	first, ids := true, messageIDs{}
	for {
		jobs, err := lease.Next(ctx, ahead(lease.Lane().Dir))
		if err == nil && len(jobs) == 0 {
			var released bool
			if released, err = lease.Release(ctx); err == nil && released {
				return
			}
		}
		if err == nil && len(jobs) > 0 {
			var more bool
			if more, err = b.step(ctx, lease, jobs, ids, first && lease.Unclean()); err == nil && (!more || lease.Released()) {
				return
			}
			first = false
		}
		if err != nil {
			if !errors.Is(err, journal.ErrLeaseLost) && ctx.Err() == nil {
				b.log.Error("a lane cannot go on", "direction", string(lease.Lane().Dir), "error", err)
			}
			return // the lease runs out, and the next owner looks before it repeats
		}
		if b.ctx.Err() != nil || live && len(jobs) > 0 && b.isBacklog(jobs[0]) {
			_ = lease.Defer(context.WithoutCancel(ctx), b.cfg.Clock())
			return
		}
	}
}

// isBacklog reports whether a job waits for the capacity that live traffic
// leaves.
func (b *Bridge) isBacklog(job journal.Job) bool {
	return b.cfg.Clock().Sub(job.Created) > journal.LiveAge
}

// task is one job being worked on.
type task struct {
	*runtime
	ctx   context.Context
	lease *journal.Lease
	job   journal.Job
	// generation is the line's, for lookups that may be cached.
	generation int64
	// ambiguous says that a post of an earlier attempt may be there already,
	// unclean that it may even be under way: the lane's last owner died.
	ambiguous, unclean bool
	// unsure says the same of this attempt and those before it; it is kept
	// with the job when the attempt fails. See create.
	unsure bool
	// behind are the jobs that wait behind this one.
	behind []journal.Job
	// left are the ids of what WhatsApp has taken and the ledger does not know
	// yet as sent.
	left []string
}

// step does the next job of a lane, and says whether the lease is still held.
func (b *Bridge) step(ctx context.Context, lease *journal.Lease, jobs []journal.Job, ids messageIDs, unclean bool) (more bool, err error) {
	r, ok := b.line(lease.Lane().Line)
	if !ok && unclean {
		return false, nil // the lease runs out: given back, the lane would count as clean
	}
	if !ok {
		return false, lease.Defer(ctx, b.cfg.Clock().Add(pollEvery))
	}
	job := jobs[0]
	if lease.Lane().Dir == journal.Out {
		next := r.nextOut(ctx, lease, jobs, ids)
		if next.wait > 0 {
			return false, r.rest(ctx, lease, next)
		}
		job = next.job
	}
	ambiguous := unclean || job.Unsure
	t := &task{
		runtime: r, ctx: ctx, lease: lease, job: job, generation: lease.Generation(),
		ambiguous: ambiguous, unclean: unclean, unsure: ambiguous, behind: jobs[1:],
	}
	dir := string(lease.Lane().Dir)
	failure := b.isolate(t.act)
	defer b.endOutage(ctx, r.line.ChatwootURL)
	if failure == nil {
		b.metrics.effects.WithLabelValues(dir, "done").Inc()
		b.announce(r.line.ID)
		return true, nil
	}
	if errors.Is(failure, journal.ErrLeaseLost) || ctx.Err() != nil {
		return false, failure
	}
	v := judge(failure, job.Attempt, job.FirstFailed, b.cfg.Clock())
	defer b.announce(r.line.ID)
	switch v.action {
	case bury:
		b.metrics.effects.WithLabelValues(dir, "dead").Inc()
		r.log.Warn("a job was given up", "direction", dir, "reason", v.reason)
		return t.bury(failure, v.reason)
	case pause:
		b.metrics.effects.WithLabelValues(dir, "paused").Inc()
		r.log.Warn("the line was paused", "reason", v.reason)
		if err := b.lines.SetPaused(ctx, r.line.ID, pauseSentence(failure)); err != nil {
			return false, err
		}
		b.nudge()
		return false, lease.Fail(ctx, job, v.reason, b.cfg.Clock(), t.unsure)
	default:
		b.metrics.effects.WithLabelValues(dir, "retry").Inc()
		until := b.cfg.Clock().Add(v.after)
		if err := lease.Fail(ctx, job, v.reason, until, t.unsure); err != nil {
			return false, err
		}
		if v.away {
			b.awaitReturn(r, lease.Lane(), until)
		}
		return false, nil
	}
}

func (t *task) act() error {
	switch t.lease.Lane().Dir {
	case journal.In:
		return t.inbound()
	case journal.Out:
		return t.outbound()
	case journal.Status:
		if t.job.Kind == jobShow {
			return t.showTruth()
		}
		return t.receipt()
	default:
		return t.upkeep()
	}
}

// bury ends a job for ever, after the agent was told. While nobody can be told,
// the job waits.
func (t *task) bury(failure error, reason string) (more bool, err error) {
	dir := t.lease.Lane().Dir
	t.ambiguous = t.unsure // this attempt may have posted what it was given up for
	told := t.b.isolate(func() error {
		switch dir {
		case journal.In:
			return t.showUnreadable()
		case journal.Out:
			// Recorded first, so that Retry is understood however fast it comes.
			if err := t.lease.Record(t.ctx, t.recordFailed); err != nil {
				return err
			}
			return t.showFailed(failure)
		case journal.Upkeep:
			return t.showMissing()
		}
		return nil
	})
	if told != nil {
		now := t.b.cfg.Clock()
		if v := judge(told, t.job.Attempt, t.job.FirstFailed, now); v.action == retry {
			return false, t.lease.Fail(t.ctx, t.job, reason, now.Add(v.after), t.unsure)
		}
		t.log.Error("a job that was given up cannot be shown", "direction", string(dir), "error", told)
	}
	return true, t.lease.Dead(t.ctx, t.job, reason, nil)
}

// upkeep does what may come late: contacts, files, and an offer of history,
// which is taken for what the library learns from it.
func (t *task) upkeep() error {
	switch t.job.Kind {
	case jobContact:
		return t.updateContact()
	case jobMerge:
		return t.mergeContacts()
	case jobJoin:
		return t.joinChats()
	case jobParked:
		return errParked
	case jobFile:
		return t.lateFile()
	case string(whatsapp.EnvReceipt):
		return t.receipt()
	case string(whatsapp.EnvMediaRetry):
		return t.uploadedAgain()
	}
	if err := t.session.FinishHistory(t.ctx, t.job.Payload); err != nil {
		return err
	}
	return t.lease.Done(t.ctx, t.job, nil)
}
