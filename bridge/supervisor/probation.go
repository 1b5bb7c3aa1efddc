package supervisor

import (
	"context"
	"errors"

	"github.com/wootbridge/wootbridge/bridge/lines"
)

// crashesUntilPause is how often in a row the process may die while a line
// connects before the line is taken for the cause.
const crashesUntilPause = 2

// sentenceCrashed says to people why a line does not run.
const sentenceCrashed = "The program crashed twice while this line connected to WhatsApp; the other lines go on. Update Wootbridge, then resume."

// claim takes a free line. After an unclean end lines connect one at a time, so
// that it shows which one broke the process; one that did so repeatedly is
// paused, and the others live.
func (s *Supervisor) claim(ctx context.Context, line lines.Line) (ours, onProbation bool, err error) {
	onProbation = line.Held.Owner != ""
	connects := 1
	if onProbation {
		if s.anyOnProbation() {
			return false, false, nil
		}
		if s.cfg.Crashed && s.owner.leftOver(line.Held) {
			connects += line.Held.Connects
		}
		if connects > crashesUntilPause {
			s.cfg.Log.Error("the line was paused: the process crashed while it connected", "line", string(line.ID))
			return false, false, s.cfg.Store.SetPaused(ctx, line.ID, lines.Pause{Cause: lines.PausedByCrash, Sentence: sentenceCrashed})
		}
	}
	err = s.owner.claim(ctx, line.ID, line.Held, connects)
	if errors.Is(err, errNotFree) {
		return false, false, nil
	}
	return err == nil, onProbation, err
}

func (s *Supervisor) anyOnProbation() bool {
	for _, r := range s.All() {
		if r.Active() && r.OnProbation() {
			return true
		}
	}
	return false
}
