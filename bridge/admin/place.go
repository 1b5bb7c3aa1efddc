package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// An inbox belongs to one line. With two, each answer would leave from both numbers.

// sayTaken says to people that an inbox is another line's; other errors stay.
func sayTaken(err error) error {
	var taken *lines.TakenError
	if !errors.As(err, &taken) {
		return err
	}
	return fault.Conflict(fmt.Sprintf("the line %q (%s) has this inbox already, and an inbox belongs to one line: name another inbox, leave it out so that a new one is made, or delete that line first", taken.Name, taken.ID))
}

// refuseTaken is sayTaken for a line that was made at the same moment as another
// one, which was faster: the inbox's webhook points to that one again.
func (s *Service) refuseTaken(ctx context.Context, client *chatwoot.Client, line lines.Line, err error) error {
	var taken *lines.TakenError
	if !errors.As(err, &taken) {
		return err
	}
	all, listed := s.cfg.Store.List(ctx)
	if i := slices.IndexFunc(all, func(l lines.Line) bool { return l.ID == taken.ID }); listed == nil && i >= 0 && all[i].Settings.HearsWebhooks() {
		if webhook, unknown := s.cfg.Reach.Webhook(all[i]); unknown == nil {
			if _, failed := client.SetInboxWebhook(ctx, line.Inbox, webhook); failed != nil {
				s.cfg.Log.Warn("an inbox's webhook points to a line that was not made; its own line points it back", "line", string(taken.ID), "error", failed)
			}
		}
	}
	return sayTaken(err)
}

// sentenceShared says why a line does not run whose inbox another line has.
const sentenceShared = "The line %q (%s) has the same inbox in Chatwoot, and every answer would leave from both numbers. Delete one of the two lines, or move this one to the Chatwoot that it belongs to; then resume it."

// PauseShared pauses every line whose inbox an elder line has. Releases before this
// one let such lines be made.
func (s *Service) PauseShared(ctx context.Context) error {
	all, err := s.cfg.Store.List(ctx) // the oldest first
	if err != nil {
		return err
	}
	for _, line := range all {
		err := s.cfg.Store.TakePlace(ctx, line)
		var taken *lines.TakenError
		switch {
		case err == nil:
			continue
		case !errors.As(err, &taken):
			return err
		}
		pause := lines.Pause{Cause: lines.PausedByTwin, Sentence: fmt.Sprintf(sentenceShared, taken.Name, taken.ID)}
		if line.Pause == pause || line.Pause.Cause == lines.PausedByAdmin {
			continue // an admin's line does not run until it is resumed, which looks again
		}
		s.cfg.Log.Error("the line was paused: another line has its inbox", "line", string(line.ID), "other", string(taken.ID))
		if err := s.cfg.Store.SetPaused(ctx, line.ID, pause); err != nil {
			return err
		}
	}
	return nil
}

// takeInbox makes a line the only one of its inbox, before it may run again.
func (s *Service) takeInbox(ctx context.Context, line lines.Line) error {
	err := s.cfg.Store.TakePlace(ctx, line)
	var taken *lines.TakenError
	if errors.As(err, &taken) {
		return fault.Conflict(fmt.Sprintf("the line %q (%s) has the same inbox in Chatwoot: delete one of the two lines, or move this one to the Chatwoot that it belongs to; then resume it", taken.Name, taken.ID))
	}
	return err
}

// goOn lets a line run again that stopped by itself, now that the reason may be
// gone. It stays paused where an administrator has paused it, or where its inbox is
// another line's.
func (s *Service) goOn(ctx context.Context, line lines.Line) error {
	if !line.Pause.Cause.MayPass() {
		return nil
	}
	err := s.cfg.Store.TakePlace(ctx, line)
	var taken *lines.TakenError
	switch {
	case errors.As(err, &taken):
		return nil
	case err != nil:
		return err
	}
	_, err = s.cfg.Store.ResumeFrom(ctx, line.ID, line.Pause.Cause)
	return err
}
