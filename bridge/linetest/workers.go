package linetest

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/internal/guard"
)

// Handlers are the parts under test: what does the jobs of each queue. A queue
// without a handler stands still.
type Handlers map[journal.Queue]Handler

// Handler does the jobs of a queue; the zero value of all but Do is to do nothing.
type Handler struct {
	Do     func(ctx context.Context, j *work.Job) error
	GiveUp func(ctx context.Context, j *work.Job, cause error) error
	Open   func(lease *journal.Lease) work.Lane
}

// Start lets workers do the line's jobs until the test ends. The line's pauses
// are ignored: the jobs that cause them stay.
func (l *Line) Start(handlers Handlers) {
	pool := work.New(work.Config{
		Journal: l.Journal, Lines: only{worked{l, handlers}}, Clock: l.Clock, Log: l.Log, Guard: guard.Guard{Log: l.Log}, Count: func(string, string) {},
	})
	ctx, cancel := context.WithCancel(context.Background())
	pool.Start(ctx)
	l.t.Cleanup(sync.OnceFunc(func() {
		cancel()
		pool.Wait(time.Minute)
	}))
}

// Drain does the line's jobs in the caller's goroutine until nothing is left that
// could be done, without the pauses between attempts, and gives the errors of the
// attempts that failed. What is put off, but not for a failure, stays.
func (l *Line) Drain(handlers Handlers) (failures []error) {
	l.t.Helper()
	line := worked{l, handlers}
	for again := true; again; {
		again = false
		for queue := range handlers {
			lease, err := l.Journal.Claim(context.Background(), journal.Filter{Queue: queue})
			require.NoError(l.t, err)
			if lease != nil {
				failures, again = append(failures, l.drainLane(line, lease)...), true
			}
		}
		require.Less(l.t, len(failures), 100, "it goes on failing: %v", failures)
	}
	return failures
}

// drainLane does the jobs of a lane until one fails.
func (l *Line) drainLane(line worked, lease *journal.Lease) (failures []error) {
	l.t.Helper()
	ctx, lane, unclean := context.Background(), line.Open(lease), lease.Unclean()
	for {
		jobs, err := lease.Next(ctx, math.MaxInt32)
		require.NoError(l.t, err)
		if len(jobs) == 0 {
			_, err := lease.Finish(ctx)
			require.NoError(l.t, err)
			return failures
		}
		turn := lane.Next(ctx, jobs)
		if turn.Wait > 0 {
			require.NoError(l.t, lease.Yield(ctx, l.Clock().Add(turn.Wait)))
			return failures
		}
		turn.Job.MayHaveActed = unclean || turn.Job.MayHaveActed
		j := &work.Job{
			Job: turn.Job, Lease: lease, Epoch: lease.Epoch(),
			Ambiguous: turn.Job.MayHaveActed, UncleanLease: unclean, Following: jobs[1:],
		}
		unclean = false
		failure := line.Do(ctx, j)
		if failure == nil {
			if lease.Finished() {
				return failures
			}
			continue
		}
		failures = append(failures, failure)
		switch o := work.Classify(failure, work.Trial{Attempt: j.Attempt, Now: l.Clock()}); o.Action {
		case work.DeadLetter:
			j.Ambiguous = j.MayHaveActed
			require.NoError(l.t, line.GiveUp(ctx, j, failure))
			require.NoError(l.t, lease.Dead(ctx, j.Job, o.Reason, nil))
		case work.Pause:
			require.Fail(l.t, o.Pause.Sentence)
		default:
			require.NoError(l.t, lease.Fail(ctx, j.Job, journal.Failure{Outcome: journal.Retried, Cause: o.Reason, RetryAt: l.Clock(), MayHaveActed: j.MayHaveActed}))
			return failures
		}
		if lease.Finished() {
			return failures
		}
	}
}

// only is a process with one line.
type only struct{ line worked }

// Line implements work.Lines.
func (o only) Line(id string) (work.Line, bool) { return o.line, id == ID }

// All implements work.Lines.
func (o only) All() []work.Line { return []work.Line{o.line} }

// worked is the line as the workers see it.
type worked struct {
	l        *Line
	handlers Handlers
}

// ID implements work.Line.
func (worked) ID() string { return ID }

// Ready implements work.Line.
func (w worked) Ready(queue journal.Queue) bool { return w.handlers[queue].Do != nil }

// Chatwoot implements work.Line.
func (w worked) Chatwoot() work.Chatwoot { return w.l.Inbox }

// Open implements work.Line.
func (w worked) Open(lease *journal.Lease) work.Lane {
	if open := w.handlers[lease.Lane().Queue].Open; open != nil {
		return open(lease)
	}
	return work.InOrder{}
}

// Do implements work.Line.
func (w worked) Do(ctx context.Context, j *work.Job) error { return w.handlers[j.Queue()].Do(ctx, j) }

// GiveUp implements work.Line.
func (w worked) GiveUp(ctx context.Context, j *work.Job, cause error) error {
	if giveUp := w.handlers[j.Queue()].GiveUp; giveUp != nil {
		return giveUp(ctx, j, cause)
	}
	return nil
}

// Pause implements work.Line.
func (worked) Pause(context.Context, lines.Pause) (bool, error) { return true, nil }

// Changed implements work.Line.
func (worked) Changed() {}
