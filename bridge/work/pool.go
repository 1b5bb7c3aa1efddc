package work

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/internal/guard"
	"github.com/wootbridge/wootbridge/internal/wait"
)

// Config sets up a Pool.
type Config struct {
	Journal *journal.Journal
	Lines   Lines
	Clock   func() time.Time
	Log     *slog.Logger
	Guard   guard.Guard
	// Count is told of each attempt: its queue, and done, retry, dead or paused.
	Count func(queue, outcome string)
}

// Pool is the workers of a process.
type Pool struct {
	cfg       Config
	slots     slots
	outages   outages
	health    health
	longWaits longWaits
	running   sync.WaitGroup
	// ctx ends when the pool claims no more, work when the jobs under way have
	// had their time.
	ctx    context.Context
	work   context.Context
	cancel context.CancelFunc // of work
}

// New makes a Pool; Start runs it.
func New(cfg Config) *Pool {
	p := &Pool{cfg: cfg}
	p.work, p.cancel = context.WithCancel(context.Background())
	return p
}

// crew are the workers of one queue: a queue that stands still does not take the
// workers of another. The live ones leave the backlog alone: when all others
// are busy with it, what a customer writes now finds a worker.
type crew struct {
	queue   journal.Queue
	workers int
	live    bool
}

var (
	senders = &crew{queue: journal.Out, workers: 8}
	crews   = []*crew{
		{queue: journal.In, workers: 8}, {queue: journal.In, workers: 4, live: true}, senders,
		{queue: journal.Status, workers: 2}, {queue: journal.Maintenance, workers: 2},
	}
)

// pollEvery bounds how long a missed wake-up or a clock that jumped can delay
// a lane.
const pollEvery = 5 * time.Second

// Start lets the workers claim lanes until ctx ends.
func (p *Pool) Start(ctx context.Context) {
	p.ctx = ctx
	for _, c := range crews {
		signal := p.cfg.Journal.Signal(c.queue)
		for range c.workers {
			p.running.Go(func() { p.claimAndDrain(c, signal) })
		}
	}
}

// Wait returns when every goroutine of the pool has ended; call it when the
// context of Start has. Jobs under way may take grace; what takes longer is
// handed back as not finished, and looked at before a repeat.
func (p *Pool) Wait(grace time.Duration) {
	timer := time.AfterFunc(grace, p.cancel)
	defer timer.Stop()
	p.running.Wait()
	p.cancel()
}

// Sending is how many lanes of a line are being sent at present.
func (p *Pool) Sending(line string) int { return p.slots.used(slot{senders, line}) }

// claimAndDrain claims one lane of this process's lines after the other until
// the pool stops.
func (p *Pool) claimAndDrain(c *crew, signal *journal.Signal) {
	for p.ctx.Err() == nil {
		lines, limit := p.claimable(c)
		filter := journal.Filter{Lines: slices.AppendSeq([]string{}, maps.Keys(lines)), Queue: c.queue, Live: c.live}
		lease, err := p.cfg.Journal.Claim(p.ctx, filter)
		if err != nil {
			p.cfg.Log.Warn("no lane can be claimed", "error", err)
		}
		if lease != nil {
			signal.Notify() // there may be more than one lane
			p.drainInSlot(lease, slot{c, lines[lease.Lane().Line]}, limit)
			continue
		}
		pause := pollEvery
		if len(filter.Lines) == 0 {
			// Nothing to look for; a line that becomes active wakes everybody.
		} else if due, ok, err := p.cfg.Journal.NextDue(p.ctx, filter); err == nil && ok {
			pause = min(pause, max(due.Sub(p.cfg.Clock()), 5*time.Millisecond))
		}
		wait.Woken(p.ctx, pause, signal.C())
	}
}

// drainInSlot works on a lane, unless others have taken the last of its
// destination's slots meanwhile. An unclean lane is never handed back here: that
// would erase the fact that it is unclean.
func (p *Pool) drainInSlot(lease *journal.Lease, at slot, limit int) {
	if lease.Unclean() {
		limit = math.MaxInt
	}
	if !p.slots.acquire(at, limit) {
		_ = lease.Yield(p.work, p.cfg.Clock())
		return
	}
	defer p.slots.release(at)
	p.drain(lease, at.crew.live)
}

// lookahead is how many jobs of a lane a worker reads together: a few, but for
// out lanes all of them: the newest entry may have the lowest message id and
// must go first.
func lookahead(queue journal.Queue) int {
	if queue == journal.Out {
		return math.MaxInt32
	}
	return 50
}

// drain works on a lane until it is empty, has to wait, or is lost; a live
// worker also leaves it when what is left has become a backlog.
func (p *Pool) drain(lease *journal.Lease, live bool) {
	ctx, stop := lease.Keep(p.work)
	defer stop()
	var lane Lane
	var opened Line
	unclean := lease.Unclean()
	for {
		jobs, err := lease.Next(ctx, lookahead(lease.Lane().Queue))
		if err == nil && len(jobs) == 0 {
			var finished bool
			if finished, err = lease.Finish(ctx); err == nil && finished {
				return
			}
		}
		if err == nil && len(jobs) > 0 {
			line, ok := p.cfg.Lines.Line(lease.Lane().Line)
			if !ok {
				p.leave(ctx, lease, unclean)
				return
			}
			if line != opened { // the first, or one that was replaced meanwhile
				lane, opened = line.Open(lease), line
			}
			var more bool
			if more, err = p.step(ctx, line, lease, lane.Next(ctx, jobs), jobs, unclean); err == nil && (!more || lease.Finished()) {
				return
			}
			unclean = false
		}
		if err != nil {
			if !errors.Is(err, journal.ErrLeaseLost) && ctx.Err() == nil {
				p.cfg.Log.Error("a lane cannot go on", "direction", string(lease.Lane().Queue), "error", err)
			}
			return // the lease runs out, and the next owner looks before it repeats
		}
		if p.ctx.Err() != nil || live && len(jobs) > 0 && IsBacklog(jobs[0], p.cfg.Clock()) {
			_ = lease.Yield(context.WithoutCancel(ctx), p.cfg.Clock())
			return
		}
	}
}

// leave puts a lane down whose line is not here. An unclean lease runs out
// instead: given back, the lane would count as clean.
func (p *Pool) leave(ctx context.Context, lease *journal.Lease, unclean bool) {
	if !unclean {
		_ = lease.Yield(ctx, p.cfg.Clock().Add(pollEvery))
	}
}
