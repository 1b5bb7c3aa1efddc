package delivery

import (
	"context"
	"database/sql"
	"log/slog"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/inbox"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// Statuses are the statuses of a line's bubbles.
type Statuses struct {
	Inbox   *inbox.Inbox
	IDs     *idmap.Map
	DB      *database.DB
	Journal *journal.Journal
	Session Session
	Clock   func() time.Time
	Log     *slog.Logger
	// Aside says of other kinds of jobs that wait aside, as receipts do, for how long one
	// does still; 0 is no longer.
	Aside map[string]func(ctx context.Context, chat string, job journal.Job) time.Duration

	// locks keep the statuses of one message in order: its out lane and its
	// status lane both show them, and Chatwoot applies steps back too.
	locks [16]sync.Mutex

	unopened unopened
}

// Session is what delivery needs of WhatsApp.
type Session interface {
	// MarkRead shows the sender of messages in a chat that they were read.
	MarkRead(ctx context.Context, chat, sender string, ids []string, at time.Time) error
	// Group is what WhatsApp says of a group, without names.
	Group(ctx context.Context, jid string, names bool) (content.Group, error)
}

// Lock takes a message's lock; the result gives it back.
func (s *Statuses) Lock(message int64) (unlock func()) {
	mu := &s.locks[uint64(message)%uint64(len(s.locks))]
	mu.Lock()
	return mu.Unlock
}

// SyncStatus puts on a bubble what all parts of its message have reached,
// unless it shows as much already. A message that failed, or of which a part
// did, stays red; one of which nobody knew whether it failed is a sent one when
// receipts say so.
func (s *Statuses) SyncStatus(ctx context.Context, j *work.Job, message, conversation int64) error {
	defer s.Lock(message)()
	line := s.Inbox.LineID()
	to, ok, err := s.Pending(ctx, s.DB, message)
	if err != nil || !ok {
		return err
	}
	err = s.Inbox.At(chatwoot.Status).SetStatus(ctx, chatwoot.ConversationID(conversation), chatwoot.MessageID(message), string(to), "")
	if err != nil && !chatwoot.IsNotFound(err) {
		return err
	}
	return j.Record(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := s.IDs.NoteArrived(ctx, tx, line, message); err != nil {
			return err
		}
		return s.IDs.SetShown(ctx, tx, line, message, to)
	})
}

// Pending is the status that a bubble should show and does not; hold the bubble's
// lock.
func (s *Statuses) Pending(ctx context.Context, q database.Queryer, message int64) (idmap.Status, bool, error) {
	line := s.Inbox.LineID()
	links, err := s.IDs.In(q).LinksByMessage(ctx, line, message)
	if err != nil {
		return "", false, err
	}
	known, err := s.IDs.In(q).AgentMessage(ctx, line, message)
	if err != nil {
		return "", false, err
	}
	to, ok := pendingStatus(links, known)
	return to, ok, nil
}

// pendingStatus is the status that a bubble should show and does not. Chatwoot
// itself shows a new message as sent, so that is said only to clear a red one.
// An agent's message has no ticks before all of it was sent: a receipt of its
// text must not promise a file that is still to go, nor take the red away while
// a failure is being recorded.
func pendingStatus(links []idmap.Link, known idmap.AgentMessage) (idmap.Status, bool) {
	if len(links) == 0 || known.State == idmap.AgentFailed || known.State == idmap.AgentDeleted {
		return "", false
	}
	unsure := known.State == idmap.AgentUnsure
	if links[0].Origin == idmap.FromAgent && known.State != idmap.AgentSent && !unsure {
		return "", false
	}
	reached := links[0].Status
	for _, l := range links {
		if l.Status.Rank() < reached.Rank() {
			reached = l.Status
		}
	}
	shown := known.Shown
	if shown == "" {
		shown = idmap.Sent
	}
	least := idmap.Sent
	if unsure { // a receipt beats a failure, our own record does not
		least = idmap.Delivered
	}
	return reached, reached.Rank() >= least.Rank() && reached.Rank() > shown.Rank()
}
