package delivery

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// MarkWaiting makes the bubble of an agent's message red while it waits for the
// connection, once, and says until when it goes out by itself.
func (s *Statuses) MarkWaiting(ctx context.Context, lease *journal.Lease, e chatwoot.Event, until time.Time) error {
	line, id := s.Inbox.LineID(), int64(e.Message.ID)
	defer s.Lock(id)()
	known, err := s.IDs.AgentMessage(ctx, line, id)
	if err != nil || known.Shown == idmap.Failed || known.State == idmap.AgentDeleted || known.State == idmap.AgentSent {
		return err
	}
	// Recorded first, so that Retry is understood however fast it is pressed.
	show := func(shown idmap.Status) func(context.Context, *sql.Tx) error {
		return func(ctx context.Context, tx *sql.Tx) error { return s.IDs.SetShown(ctx, tx, line, id, shown) }
	}
	if err := lease.Record(ctx, show(idmap.Failed)); err != nil {
		return err
	}
	reason := s.Inbox.Texts().Text("fail.waiting", "time", clockTime(until, s.Clock(), s.Inbox.Location()))
	err = s.Inbox.At(chatwoot.Status).SetStatus(ctx, e.Conversation.ID, e.Message.ID, string(idmap.Failed), reason)
	if err == nil || chatwoot.IsNotFound(err) {
		return nil
	}
	return errors.Join(err, lease.Record(ctx, show(known.Shown)))
}

// clockTime writes a time to come: the hour alone within a day, with the date
// beyond.
func clockTime(t, now time.Time, location *time.Location) string {
	if t.Sub(now) <= 24*time.Hour {
		return t.In(location).Format("15:04")
	}
	return t.In(location).Format("2006-01-02 15:04")
}
