package supervisor

import (
	"context"
	"time"
)

// DefaultAskEvery is how often it is asked whether a line can go on that stopped
// for what may pass.
const DefaultAskEvery = time.Minute

// keepAsking lets lines go on by themselves that stopped because Chatwoot refused
// their token, or had no inbox for them: both may have been the doing of a moment.
// Every process asks; whichever learns it first says so in SQL.
func (s *Supervisor) keepAsking() {
	tick := time.NewTicker(s.cfg.AskEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-tick.C:
		}
		if err := s.askForPaused(s.ctx); err != nil && s.ctx.Err() == nil {
			s.cfg.Log.Warn("the paused lines cannot be looked after", "error", err)
		}
	}
}

func (s *Supervisor) askForPaused(ctx context.Context) error {
	all, err := s.cfg.Store.List(ctx)
	if err != nil {
		return err
	}
	for _, line := range all {
		if !line.Pause.Cause.MayPass() {
			continue
		}
		if err := s.cfg.Stands(ctx, line); err != nil {
			s.cfg.Log.Debug("a paused line cannot go on yet", "line", string(line.ID), "error", err)
			continue
		}
		resumed, err := s.cfg.Store.ResumeFrom(ctx, line.ID, line.Pause.Cause)
		if err != nil {
			return err
		}
		if resumed {
			s.cfg.Log.Info("the line goes on: what it was paused for has passed", "line", string(line.ID), "cause", string(line.Pause.Cause))
			s.RequestSync()
		}
	}
	return nil
}
