package reconcile

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wootbridge/wootbridge/bridge/contacts"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/inbox"
	"github.com/wootbridge/wootbridge/bridge/intake"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/guard"
)

// Reconciler compares Chatwoot's messages of a line with the ledger.
type Reconciler struct {
	Inbox    *inbox.Inbox
	Contacts *contacts.Directory
	Intake   *intake.Intake
	Arrivals *intake.Arrivals
	IDs      *idmap.Map
	Journal  *journal.Journal
	Store    *lines.Store
	Schedule Schedule
	// Pause stops the line; the sentence says to people why.
	Pause func(ctx context.Context, sentence string) error
	Guard guard.Guard
	Clock func() time.Time
	Log   *slog.Logger
	// Count is told what each comparison has found.
	Count func(what string)
}

const (
	// overlap is how far a comparison looks back beyond the last one.
	overlap = intake.UnsettledFor
	// reach is how far a comparison looks back at most; a line that was away for
	// longer has told its agents long ago.
	reach = 14 * 24 * time.Hour
	// takeBackReach is how far back a comparison looks for what was deleted while
	// nobody listened. WhatsApp takes back nothing that is older.
	takeBackReach = 60 * time.Hour
	// readersAtOnce is how many conversations are read at once.
	readersAtOnce = 3
)

// compare is one comparison: what agents wrote and nobody told the bridge is
// journaled as if its event had come; what they deleted is taken back; and a
// bubble that is red although its message arrived shows the truth again. After
// a gap also older messages may have been deleted, or sent again, of which
// nobody told.
func (r *Reconciler) compare(ctx context.Context, gap bool) error {
	began := r.Clock()
	mark, err := r.Store.Mark(ctx, r.Inbox.Line().ID)
	if err != nil {
		return err
	}
	s := scan{r: r, client: r.Inbox.At(chatwoot.Background), watermark: mark.Watermark, cutoff: began.Add(-overlap)}
	s.since = maxTime(began.Add(-reach), mark.At.Add(-overlap))
	var active []chatwoot.EventConversation
	err = chatwoot.RetryReadPastLimit(ctx, func() (err error) {
		active, err = s.client.ActiveConversations(ctx, r.Inbox.Line().Inbox, began.Sub(s.since))
		return err
	})
	if err != nil {
		return err
	}
	if back := began.Add(-takeBackReach); gap && back.Before(s.since) {
		s.since = back
	}
	if err := s.findStart(ctx); err != nil {
		return err
	}
	diffs := make([]Diff, len(active))
	reading, readCtx := errgroup.WithContext(ctx)
	reading.SetLimit(readersAtOnce)
	for i, conversation := range active {
		reading.Go(func() (err error) {
			diffs[i], err = s.compare(readCtx, conversation)
			return err
		})
	}
	if err := reading.Wait(); err != nil {
		return err
	}
	all := concat(diffs)
	if mark.Foreign != lines.ForeignConfirmed && all.foreign > 0 {
		r.Log.Error("Chatwoot holds messages of this bridge that its database does not know; nothing is sent again until an admin confirms", "messages", all.foreign)
		return r.Store.SetForeign(ctx, r.Inbox.Line().ID, int64(all.foreign))
	}
	for _, repair := range all.repairs {
		r.Count(repair.what)
		if err := repair.do(ctx); err != nil {
			return err
		}
	}
	return r.Store.SetMark(ctx, r.Inbox.Line().ID, lines.Mark{Watermark: max(mark.Watermark, all.newest), At: began})
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
