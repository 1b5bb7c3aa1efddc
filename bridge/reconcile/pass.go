package reconcile

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// pass is one comparison under way.
type pass struct {
	r          *Reconciler
	gap, asked bool
	mark       lines.Mark
	behind     []lines.Behind
	// began is when Chatwoot was asked what has changed, by its own clock, as are all
	// times here that are compared with Chatwoot's: the next comparison goes on from
	// there.
	began time.Time
	// askedAt is the same by our clock.
	askedAt time.Time
	// deep says that it was asked for every change, not only for new messages.
	deep bool
	// partial says that a page was left out.
	partial bool
	scan    scan
	newest  chatwoot.MessageID
	seen    map[chatwoot.ConversationID]seen
}

// candidate is a conversation that is to be compared.
type candidate struct {
	chatwoot.ActiveConversation
	behind *lines.Behind // nil where it is as far as its line
}

// reading is what was read of one.
type reading struct {
	candidate
	scan   scan
	at     time.Time
	diff   Diff
	failed error // why it alone cannot be compared
}

func (r *Reconciler) newPass(ctx context.Context, gap, asked bool) (*pass, error) {
	if r.stuck == nil {
		r.stuck = map[int]int{}
	}
	r.untold = 0
	p := &pass{r: r, gap: gap, asked: asked, seen: map[chatwoot.ConversationID]seen{}}
	var err error
	if p.mark, err = r.Store.Mark(ctx, r.Inbox.Line().ID); err != nil {
		return nil, err
	}
	if p.behind, err = r.Store.Behind(ctx, r.Inbox.Line().ID); err != nil {
		return nil, err
	}
	if err := p.lookAgain(ctx); err != nil {
		return nil, err
	}
	r.noteBehind(p.behind)
	p.scan = scan{r: r, client: r.Inbox.At(chatwoot.Background), pace: r.pace, watermark: p.mark.Watermark}
	return p, nil
}

// since sets what the comparison looks at that begins now, by Chatwoot's clock. What
// was noted at a time that has not come yet was noted by a clock that was wrong:
// nobody knows when that was.
func (p *pass) since(now time.Time) {
	p.began = now
	p.scan.cutoff = now.Add(-overlap)
	p.scan.since = now.Add(-reach)
	if mark := p.mark.At.Add(-overlap); mark.After(p.scan.since) && !toCome(p.mark.At, now) {
		p.scan.since = minTime(mark, p.scan.cutoff)
	}
	if toCome(p.mark.Swept.At, now) {
		p.mark.Swept = lines.Swept{}
	}
	if toCome(p.r.deepAt, now) {
		p.r.deepAt = time.Time{}
	}
}

// toCome reports whether a time is still to come, whatever is not known exactly of
// Chatwoot's clock.
func toCome(at, now time.Time) bool { return at.Sub(now) > overlap }

// begin is to be called when it is known what has changed: after a gap the
// messages of those conversations are read further back.
func (p *pass) begin(ctx context.Context) error {
	// Chatwoot's clock is known better now, or for the first time since ours was set.
	p.began = p.r.Inbox.Theirs(p.askedAt)
	p.scan.cutoff = p.began.Add(-overlap)
	if back := p.began.Add(-takeBackReach); p.gap && back.Before(p.scan.since) {
		p.scan.since = back
	}
	return p.scan.findStart(ctx)
}

// confirmed says that an admin wants messages passed over that the ledger lacks.
func (p *pass) confirmed() bool { return p.mark.Foreign == lines.ForeignConfirmed }

// changed leaves the conversations of the line that have to be read, the most
// recently active first.
func (p *pass) changed(found []chatwoot.ActiveConversation) (todo []candidate) {
	behind := map[chatwoot.ConversationID]bool{}
	for _, b := range p.behind {
		behind[b.Conversation] = true
	}
	for _, c := range found {
		if c.Inbox != p.r.Inbox.Line().Inbox || behind[c.ID] || p.swept(c) || p.looksTheSame(c) {
			continue
		}
		todo = append(todo, candidate{ActiveConversation: c})
	}
	slices.SortStableFunc(todo, func(a, b candidate) int { return b.Activity.Compare(a.Activity) })
	return todo
}

// swept reports whether a long comparison that was not finished has compared a
// conversation, which has not changed since.
func (p *pass) swept(c chatwoot.ActiveConversation) bool {
	swept := p.mark.Swept
	return swept != (lines.Swept{}) && c.Activity.After(swept.To) && c.Changed.Before(swept.At.Add(-overlap-clockTolerance))
}

// looksTheSame reports whether a conversation was compared a moment ago and has had
// no message since.
func (p *pass) looksTheSame(c chatwoot.ActiveConversation) bool {
	before, ok := p.r.seen[c.ID]
	if !ok || p.gap || before.look != c.Look || p.r.Clock().Sub(before.at) >= looksFor {
		return false
	}
	p.seen[c.ID] = before
	if before.last.CreatedAt.Before(p.scan.cutoff) {
		p.newest = max(p.newest, before.last.ID)
	}
	return true
}

// read reads conversations, some at once. The error is why none can be compared.
func (p *pass) read(ctx context.Context, todo []candidate) ([]reading, error) {
	readings := make([]reading, len(todo))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readersAtOnce)
	for i, c := range todo {
		group.Go(func() (err error) {
			readings[i], err = p.readOne(ctx, c)
			return err
		})
	}
	return readings, group.Wait()
}

func (p *pass) readOne(ctx context.Context, c candidate) (reading, error) {
	one := reading{candidate: c, scan: p.scan, at: p.r.Clock()}
	err := p.r.Guard.Run("comparing a conversation", func() (err error) {
		if c.behind != nil {
			one.scan.watermark, one.scan.since, one.scan.once = c.behind.Watermark, c.behind.Since, c.behind.Failures > 0
			if err := one.scan.findStart(ctx); err != nil {
				return err
			}
		}
		if one.Look == "" { // no list has told of it
			if one.ActiveConversation, err = one.scan.conversation(ctx, c.ID); chatwoot.IsNotFound(err) {
				return nil // deleted meanwhile
			} else if err != nil {
				return err
			}
		}
		one.diff, err = one.scan.compare(ctx, one.EventConversation)
		return err
	})
	one.failed, err = p.alone(ctx, err)
	return one, err
}

// foreign counts the messages of ours that the ledger lacks. Unless an admin has
// confirmed them it reports them, and nothing may be done.
func (p *pass) foreign(ctx context.Context, readings []reading) (trusted bool, err error) {
	messages := 0
	for _, one := range readings {
		messages += one.diff.foreign
	}
	return p.trusted(ctx, messages)
}

func (p *pass) trusted(ctx context.Context, foreign int) (bool, error) {
	if foreign == 0 || p.confirmed() {
		return true, nil
	}
	p.r.Log.Error("Chatwoot holds messages of this bridge that its database does not know; nothing is sent again until an admin confirms", "messages", foreign)
	return false, p.r.Store.SetForeign(ctx, p.r.Inbox.Line().ID, int64(foreign))
}

// actMost is how many conversations are read before something is done about any.
const actMost = 2 * wholeMost

// finish compares conversations, does what is to be done about them, and records
// how far the line has come.
func (p *pass) finish(ctx context.Context, todo []candidate) error {
	r, id := p.r, p.r.Inbox.Line().ID
	for some := range slices.Chunk(todo, actMost) {
		readings, err := p.read(ctx, some)
		if err != nil {
			return err
		}
		if trusted, err := p.foreign(ctx, readings); err != nil || !trusted {
			return err
		}
		var behind []lines.Behind
		for _, one := range readings {
			if one.failed == nil {
				if one.failed, err = p.repair(ctx, one); err != nil {
					return err
				}
			}
			if one.failed != nil {
				behind = append(behind, p.leaveBehind(one))
				continue
			}
			if one.candidate.behind != nil {
				if err := r.Store.CaughtUp(ctx, id, one.candidate.behind.Conversation); err != nil {
					return err
				}
			}
			p.compared(one)
		}
		if err := r.Store.SetBehind(ctx, id, behind, lines.Swept{}); err != nil {
			return err
		}
	}
	mark := lines.Mark{Watermark: max(p.mark.Watermark, p.newest), At: p.began, Restores: p.mark.Restores}
	holds := r.leftOut.holds(p.partial, r.Clock())
	if holds {
		mark.Watermark, mark.At = p.mark.Watermark, p.mark.At
	}
	if err := r.Store.SetMark(ctx, id, mark); err != nil {
		return err
	}
	r.seen = p.seen
	if p.deep && !holds {
		r.deepAt = p.began
	}
	left, err := r.Store.Behind(ctx, id)
	if err == nil {
		r.noteBehind(left)
	}
	return err
}

// noteBehind lets agents' messages in conversations that are behind look for those before
// them, however far the others were compared.
func (r *Reconciler) noteBehind(behind []lines.Behind) {
	upTo := make(map[chatwoot.ConversationID]chatwoot.MessageID, len(behind))
	for _, b := range behind {
		upTo[b.Conversation] = b.Watermark
	}
	r.Arrivals.NoteBehind(upTo)
}

// repair does what is to be done about a conversation. failed says why that is not
// possible in this one alone.
func (p *pass) repair(ctx context.Context, one reading) (failed, err error) {
	for _, repair := range one.diff.repairs {
		p.r.Count(repair.what)
		if err := repair.do(ctx); err != nil {
			return p.alone(ctx, err)
		}
	}
	return nil, nil
}

// compared takes a conversation into account in which nothing is left to do.
func (p *pass) compared(one reading) {
	p.newest = max(p.newest, one.diff.newest)
	if one.Look != "" {
		p.seen[one.ID] = seen{one.Look, one.at, chatwoot.Message{ID: one.diff.last.ID, CreatedAt: one.diff.last.CreatedAt}}
	}
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
