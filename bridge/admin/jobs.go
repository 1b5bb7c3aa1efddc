package admin

import (
	"context"
	"errors"

	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// maxJobs bounds one page of jobs.
const maxJobs = 1000

// Jobs lists jobs for people to look at, without what is in them.
func (s *Service) Jobs(ctx context.Context, f journal.JobFilter) ([]journal.JobInfo, error) {
	switch f.State {
	case journal.Waiting, journal.Done, journal.Dead:
	case journal.Unconverted:
		if err := s.adoptOlder(ctx); err != nil {
			return nil, err
		}
	default:
		return nil, fault.Invalid("state", "state must be waiting, done, dead or unconverted")
	}
	if f.Limit <= 0 || f.Limit > maxJobs {
		f.Limit = maxJobs
	}
	return s.cfg.Journal.Jobs(ctx, f)
}

// Replay tries a dead job again, at the end of its lane.
func (s *Service) Replay(ctx context.Context, job int64) error {
	err := s.cfg.Journal.Replay(ctx, job)
	if errors.Is(err, journal.ErrNoDeadJob) {
		return fault.NotFound("there is no dead job with this id")
	}
	return err
}

// ReplayAll tries all dead jobs of a line again, or of all lines when line is
// empty, and says how many.
func (s *Service) ReplayAll(ctx context.Context, line lines.ID) (int, error) {
	if line != "" {
		if _, err := s.find(ctx, line); err != nil {
			return 0, err
		}
	}
	return s.cfg.Journal.ReplayAll(ctx, string(line))
}

// ReplayUnconverted converts messages that were shown as placeholders, of a line, or of
// all lines when line is empty: those for which there is a converter by now. It says how
// many, and how many have none.
func (s *Service) ReplayUnconverted(ctx context.Context, line lines.ID) (replayed, left int, err error) {
	if line != "" {
		if _, err := s.find(ctx, line); err != nil {
			return 0, 0, err
		}
	}
	if err := s.adoptOlder(ctx); err != nil {
		return 0, 0, err
	}
	return s.cfg.Journal.ReplayUnconverted(ctx, string(line), content.Converts)
}

// adoptOlder finds what earlier releases could not convert, as far as it is not pruned.
func (s *Service) adoptOlder(ctx context.Context) error {
	return s.cfg.Journal.AdoptOlder(ctx, string(content.EnvMessage), content.EarlierUnsupported)
}
