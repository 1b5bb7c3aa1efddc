package bridge

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// settleAfter is when a line that is still connecting counts as survived: the
// network may be away, but nothing that WhatsApp sent broke the process.
const settleAfter = time.Minute

// crashesUntilPause is how often in a row the process may die while a line
// connects before the line is taken for the cause.
const crashesUntilPause = 2

// look is a request to look after the lines now; done, if not nil, gets the
// outcome.
type look struct{ done chan error }

// tend looks after the lines until the bridge stops: it is the only place
// where runtimes are made, replaced and ended. What should be is in SQL; tend
// makes it so. Everybody else writes SQL and asks for a look.
func (b *Bridge) tend() {
	tick := time.NewTicker(b.owner.every())
	defer tick.Stop()
	for {
		var asked look
		select {
		case <-b.ctx.Done():
			return
		case <-tick.C:
		case asked = <-b.looks:
		}
		err := b.lookAfterLines(b.ctx)
		if err != nil && b.ctx.Err() == nil {
			b.log.Warn("the lines cannot be looked after", "error", err)
		}
		if asked.done != nil {
			asked.done <- err
		}
	}
}

// nudge asks for a look soon; it does not wait.
func (b *Bridge) nudge() {
	select {
	case b.looks <- look{}:
	default: // one is asked for already
	}
}

// lookNow asks for a look and waits for it.
func (b *Bridge) lookNow(ctx context.Context) error {
	asked := look{done: make(chan error, 1)}
	select {
	case b.looks <- asked:
	case <-b.ctx.Done():
		return errStopping
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-asked.done:
		return err
	case <-b.ctx.Done():
		return errStopping
	case <-ctx.Done():
		return ctx.Err()
	}
}

var errStopping = &Error{Code: CodeUnavailable, Message: "the bridge is stopping"}

// lookAfterLines renews what is ours, claims what is free, and makes every
// line's runtime what SQL says it should be.
func (b *Bridge) lookAfterLines(ctx context.Context) error {
	// Before renewing: a line whose session ends meanwhile is given back, so it
	// is not ours whatever the renewal says.
	ending := b.endingLines()
	held, until, err := b.owner.renew(ctx)
	if err != nil {
		return err
	}
	b.expiry.Reset(until.Sub(b.cfg.Clock()) - b.owner.margin())
	lines, err := b.lines.List(ctx)
	if err != nil {
		return err
	}
	known := map[LineID]bool{}
	var failures []error
	for _, line := range lines {
		known[line.ID] = true
		if ending[line.ID] {
			continue
		}
		if err := b.lookAfter(ctx, line, held[line.ID]); err != nil {
			failures = append(failures, fmt.Errorf("line %s: %w", line.ID, err))
		}
	}
	for _, r := range b.runtimes() {
		if !known[r.line.ID] {
			b.replace(r, nil)
		}
	}
	return errors.Join(failures...)
}

func (b *Bridge) lookAfter(ctx context.Context, line Line, ours bool) error {
	b.mu.Lock()
	r, ending := b.running[line.ID], b.ending[line.ID]
	b.mu.Unlock()
	if ending != nil {
		return nil // it nudges when it has ended
	}
	careful := false
	if line.Paused == "" && !ours && b.owner.free(line.Held) {
		var err error
		if ours, careful, err = b.claim(ctx, line); err != nil {
			return err
		}
	}
	active := ours && line.Paused == ""
	switch {
	case r == nil, r.active != active, active && !r.serves(line):
		next, err := b.newRuntime(line, active, careful)
		if err != nil {
			return err
		}
		b.replace(r, next)
	default:
		r.current.Store(&line.Settings)
		r.record.Store(&line)
	}
	return nil
}

// claim takes a free line. After an unclean end lines connect one at a time,
// so that it shows which one broke the process; one that did so repeatedly is
// paused, and the others live.
func (b *Bridge) claim(ctx context.Context, line Line) (ours, careful bool, err error) {
	careful = line.Held.Owner != ""
	connects := 1
	if careful {
		if b.someoneSettles() {
			return false, false, nil
		}
		if b.cfg.Crashed && b.owner.leftOver(line.Held) {
			connects += line.Held.Connects
		}
		if connects > crashesUntilPause {
			b.log.Error("the line was paused: the process crashed while it connected", "line", string(line.ID))
			return false, false, b.lines.SetPaused(ctx, line.ID, sentenceCrashed)
		}
	}
	err = b.owner.claim(ctx, line.ID, line.Held, connects)
	if errors.Is(err, errNotFree) {
		return false, false, nil
	}
	return err == nil, careful, err
}

const sentenceCrashed = "The program crashed twice while this line connected to WhatsApp; the other lines go on. Update Wootbridge, then resume."

func (b *Bridge) someoneSettles() bool {
	for _, r := range b.runtimes() {
		if r.active && r.careful && !r.settled.Load() {
			return true
		}
	}
	return false
}

// replace puts next in the place of r and ends r; either may be nil. While the
// old session ends, the line takes webhooks but has no connection.
func (b *Bridge) replace(r, next *runtime) {
	id, ends := replaced(r, next), r != nil && r.active
	if ends && next != nil {
		next = next.idle() // the look after the end makes it active
	}
	ended := make(chan struct{})
	b.mu.Lock()
	if b.running[id] != r {
		b.mu.Unlock()
		return // it was replaced meanwhile
	}
	if ends {
		b.ending[id] = ended
	}
	if next == nil {
		delete(b.running, id)
	} else {
		b.running[id] = next
		if next.active {
			next.start() // under the lock: nobody ends what has not begun
		}
	}
	b.mu.Unlock()
	if ends {
		b.background.Go(func() {
			r.stop()
			b.mu.Lock()
			delete(b.ending, id)
			b.mu.Unlock()
			close(ended)
			b.nudge()
		})
	}
	b.announce(id)
}

func replaced(r, next *runtime) LineID {
	if r != nil {
		return r.line.ID
	}
	return next.line.ID
}

// expired ends every connection: the lease on the lines could not be renewed,
// and another process may take them. It does not wait for a look, which may
// itself be waiting for the database.
func (b *Bridge) expired() {
	b.log.Error("the lease on the lines could not be renewed; disconnecting until the database answers")
	for _, r := range b.runtimes() {
		if r.active {
			b.replace(r, r)
		}
	}
}

func (b *Bridge) runtimes() []*runtime {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Collect(maps.Values(b.running))
}

func (b *Bridge) endingLines() map[LineID]bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	ending := map[LineID]bool{}
	for id := range b.ending {
		ending[id] = true
	}
	return ending
}

// waitEnded waits until a line's session, if it is ending, has ended.
func (b *Bridge) waitEnded(ctx context.Context, id LineID) error {
	b.mu.Lock()
	ended := b.ending[id]
	b.mu.Unlock()
	if ended == nil {
		return nil
	}
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
