package work

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/internal/guard"
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

// Pool works on the lanes of a process's lines.
type Pool struct {
	cfg       Config
	places    places
	files     files
	signals   map[journal.Queue]*journal.Signal
	outages   outages
	health    health
	longWaits longWaits
	suspects  suspects
	solo      solo
	running   sync.WaitGroup
	// ctx ends when the pool claims no more, work when the jobs under way have
	// had their time.
	ctx    context.Context
	work   context.Context
	stop   context.CancelFunc // of ctx
	cancel context.CancelFunc // of work
	// starting guards running and ctx against an append that comes while the pool
	// stops.
	starting sync.Mutex
}

// New makes a Pool; Start runs it.
func New(cfg Config) *Pool {
	p := &Pool{cfg: cfg, signals: map[journal.Queue]*journal.Signal{}}
	p.work, p.cancel = context.WithCancel(context.Background())
	for _, queue := range queues {
		p.signals[queue] = cfg.Journal.Signal(queue)
	}
	return p
}

var queues = []journal.Queue{journal.In, journal.Out, journal.Status, journal.Maintenance}

// pollEvery bounds how long a missed wake-up or a clock that jumped can delay
// a lane.
const pollEvery = 5 * time.Second

// Start claims lanes until ctx ends. Each lane is worked on by a goroutine of its
// own: one that waits, for whatever it is, keeps nobody else from going on.
func (p *Pool) Start(ctx context.Context) {
	p.starting.Lock()
	p.ctx, p.stop = context.WithCancel(ctx)
	p.starting.Unlock()
	p.findSuspects()
	for _, queue := range queues {
		p.running.Go(func() { p.dispatch(queue) })
	}
	p.cfg.Journal.SetAdmission(admission{p})
}

// Wait returns when every goroutine of the pool has ended; call it when the
// context of Start has. Jobs under way may take grace; what takes longer is
// handed back as not finished, and looked at before a repeat.
func (p *Pool) Wait(grace time.Duration) {
	p.starting.Lock()
	if p.stop != nil {
		p.stop() // its context has ended, but for who begins a lane just now
	}
	p.starting.Unlock()
	timer := time.AfterFunc(grace, p.cancel)
	defer timer.Stop()
	p.running.Wait()
	p.cancel()
}

// Sending is how many lanes of a line are being sent at present.
func (p *Pool) Sending(line string) int { return p.places.used(journal.Out, line) }

// begin runs do beside everything else, unless the pool stops.
func (p *Pool) begin(do func()) bool {
	p.starting.Lock()
	defer p.starting.Unlock()
	if p.ctx == nil || p.ctx.Err() != nil {
		return false
	}
	p.running.Go(do)
	return true
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

// drain works on a lane until it is empty, has to wait, or is lost; at a place for
// live lanes also until what is left is a backlog.
func (p *Pool) drain(lease *journal.Lease, at *held) {
	ctx, stop := lease.Keep(p.work)
	defer stop()
	defer p.endTrial(lease.Lane())
	var lane Lane
	var opened Line
	unclean := lease.Unclean()
	for first := true; ; first = false {
		jobs, err := lease.Next(ctx, lookahead(lease.Lane().Queue))
		if err == nil && len(jobs) == 0 {
			var finished bool
			if finished, err = lease.Finish(ctx); err == nil && finished {
				return
			}
		}
		if err == nil && len(jobs) > 0 && !first && (p.ctx.Err() != nil || at.live && !jobs[0].Live) {
			_ = lease.Yield(context.WithoutCancel(ctx), p.cfg.Clock())
			return
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
			if more, err = p.stepOrTry(ctx, line, lease, at, lane.Next(ctx, jobs), jobs, unclean); err == nil && (!more || lease.Finished()) {
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
	}
}

// leave puts a lane down whose line is not here. An unclean lease runs out
// instead: given back, the lane would count as clean.
func (p *Pool) leave(ctx context.Context, lease *journal.Lease, unclean bool) {
	if !unclean {
		_ = lease.Yield(ctx, p.cfg.Clock().Add(pollEvery))
	}
}
