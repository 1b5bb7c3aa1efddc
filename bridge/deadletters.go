package bridge

import (
	"context"
	"errors"

	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/journal"
)

// maxJobs bounds one page of jobs.
const maxJobs = 1000

// Jobs lists jobs for people to look at, without what is in them.
func (b *Bridge) Jobs(ctx context.Context, f journal.JobFilter) ([]journal.JobInfo, error) {
	switch f.State {
	case journal.Waiting, journal.Done, journal.Dead:
	default:
		return nil, fault.Invalid("state", "state must be waiting, done or dead")
	}
	if f.Limit <= 0 || f.Limit > maxJobs {
		f.Limit = maxJobs
	}
	return b.journal.Jobs(ctx, f)
}

// Replay tries a dead job again, at the end of its lane.
func (b *Bridge) Replay(ctx context.Context, job int64) error {
	err := b.journal.Replay(ctx, job)
	if errors.Is(err, journal.ErrNoDeadJob) {
		return fault.NotFound("there is no dead job with this id")
	}
	return err
}

// ReplayAll tries all dead jobs of a line again, or of all lines when line is
// empty, and says how many.
func (b *Bridge) ReplayAll(ctx context.Context, line LineID) (int, error) {
	if _, ok := b.line(string(line)); line != "" && !ok {
		return 0, fault.NotFound("there is no line with this id")
	}
	return b.journal.ReplayAll(ctx, string(line))
}

// Ready reports whether the bridge can take events in: its database answers.
func (b *Bridge) Ready(ctx context.Context) error {
	if b.ctx.Err() != nil {
		return errStopping
	}
	if err := b.db.PingContext(ctx); err != nil {
		return &Error{Code: CodeUnavailable, Message: "the database does not answer"}
	}
	return nil
}
