package reconcile

import (
	"context"
	"log/slog"
	"time"

	"github.com/wootbridge/wootbridge/bridge/contacts"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/inbox"
	"github.com/wootbridge/wootbridge/bridge/intake"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/guard"
)

// Reconciler compares Chatwoot's messages of a line with the ledger. It runs once.
type Reconciler struct {
	Inbox    *inbox.Inbox
	Contacts *contacts.Directory
	Intake   *intake.Intake
	Arrivals *intake.Arrivals
	IDs      *idmap.Map
	Journal  *journal.Journal
	Store    *lines.Store
	// Shared is common to all Reconcilers of the process.
	Shared   *Shared
	Schedule Schedule
	// Cadence, if set, is asked after each comparison how long after its begin the
	// next one is to begin; nil means Schedule.Every.
	Cadence func() time.Duration
	// Pause stops the line, if that is confirmed, and reports whether it did.
	Pause func(ctx context.Context, p lines.Pause) (paused bool, err error)
	Guard guard.Guard
	Clock func() time.Time
	Log   *slog.Logger
	// Count is told what each comparison has found.
	Count func(what string)
	// WebhookFailed, if it is set, is told what Chatwoot says on a red bubble, and
	// when its message was written.
	WebhookFailed func(externalError string, written time.Time)
	// WebhookFails, if it is set, reports whether Chatwoot calls a webhook that it
	// does not reach.
	WebhookFails func() bool

	// The rest is Run's own.
	listings  *Listings
	pace      *Pace
	listening time.Time // since when somebody hears of messages
	refreshed time.Time // when the inbox was read last
	lastList  time.Time // when the newest list began that was compared
	deepAt    time.Time // when the last comparison began that looked for every change
	stuck     map[int]int
	leftOut   leftOut
	untold    int // messages that the last comparison found, and no way had told of
	seen      map[chatwoot.ConversationID]seen
	reddened  reddened
	owner     owner
}

// seen is what a conversation looked like when it was compared last.
type seen struct {
	look string
	at   time.Time
	last chatwoot.Message
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
	// looksFor is for how long a conversation is not read again that looks as it
	// did: its look does not tell of what was done to earlier messages.
	looksFor = time.Minute
	// wholeMost is how many conversations are compared in one go; of more a
	// comparison remembers how far it has come, after every batch of them.
	wholeMost = 50
	batch     = 25
)

// compare is one comparison: what agents wrote and nobody told the bridge is journaled
// as if its event had come; what they deleted is taken back; and a bubble that is
// red although its message arrived shows the truth again. After a gap also older
// messages may have been deleted, or sent again, of which nobody told. What is
// asked for knows all that has happened before it was asked for.
//
// Nothing is done about any conversation before all were read: by what is in them
// the ledger may turn out to be another one. One that cannot be compared while
// Chatwoot answers otherwise is left behind, with how far it was compared, and is
// tried again by later comparisons; see lines.Behind.
func (r *Reconciler) compare(ctx context.Context, gap, asked bool) error {
	p, err := r.newPass(ctx, gap, asked)
	if err != nil {
		return err
	}
	found, err := p.active(ctx)
	if err != nil {
		return err
	}
	if err := p.begin(ctx); err != nil {
		return err
	}
	todo := p.changed(found)
	if len(todo) > wholeMost {
		var trusted bool
		if todo, trusted, err = p.sweep(ctx, todo); err != nil || !trusted {
			return err
		}
	}
	return p.finish(ctx, append(todo, p.due(found)...))
}
