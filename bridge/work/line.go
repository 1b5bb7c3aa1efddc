package work

import (
	"context"
	"time"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
)

// Line is what a Pool needs of a line.
type Line interface {
	ID() string
	// Ready reports whether lanes of the queue may be claimed here and now.
	Ready(queue journal.Queue) bool
	Chatwoot() Chatwoot
	// Open begins a drain of a lane.
	Open(lease *journal.Lease) Lane
	// Do does a job and records its end with it. See errors.go for what its
	// error means.
	Do(ctx context.Context, j *Job) error
	// GiveUp tells people that a job is given up for cause.
	GiveUp(ctx context.Context, j *Job, cause error) error
	// Pause stops the line, if Chatwoot confirms that it has to: one answer is not
	// believed. It reports whether it did.
	Pause(ctx context.Context, p lines.Pause) (paused bool, err error)
	// Changed says that the line's queue may have changed.
	Changed()
}

// Chatwoot is where most jobs of a line go. Lines may share one.
type Chatwoot interface {
	URL() string
	// Limit is how many requests it may work on at present.
	Limit() int
	// Away reports whether requests fail there for everyone at present.
	Away() bool
	// Answered is when it last answered well to anybody but a message: to a
	// comparison, or a probe.
	Answered() time.Time
	// Probe asks for something that Chatwoot reads from its database; a refusal
	// is an answer too.
	Probe(ctx context.Context) error
}

// Lane decides the order of a lane's jobs. It lives for one drain, so it may
// remember what it has read.
type Lane interface {
	// Next picks one of the jobs that wait, which are never none, in the order
	// in which they came.
	Next(ctx context.Context, jobs []journal.Job) Turn
}

// Turn is what a lane does next: a job now, or nothing for a while.
type Turn struct {
	Job journal.Job
	// Wait, if positive, puts the lane down for as long.
	Wait time.Duration
	// Yielded, if set, is called when the lane has been put down: what it waits
	// for may have come while nobody could see that it waits.
	Yielded func(ctx context.Context) error
}

// InOrder is the Lane of a queue whose jobs are done as they came.
type InOrder struct{}

// Next implements Lane.
func (InOrder) Next(_ context.Context, jobs []journal.Job) Turn { return Turn{Job: jobs[0]} }

// Lines are the lines of this process.
type Lines interface {
	Line(id string) (Line, bool)
	All() []Line
}
