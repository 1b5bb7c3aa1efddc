package delivery

import (
	"context"
	"database/sql"
	"errors"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/fetch"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// MarkFailed makes an agent's bubble red, with a reason to act on. It is recorded
// first, so that Retry is understood however fast it comes. parts is of how many the
// message consists: where WhatsApp may have all of them, a receipt takes the red
// away.
func (s *Statuses) MarkFailed(ctx context.Context, j *work.Job, e chatwoot.Event, failure error, parts int) error {
	text := s.failureText(failure)
	if j.Kind == journal.KindDeleted {
		text = s.Inbox.Texts().Text("fail.revoke")
	} else {
		record, err := s.recordFailure(ctx, e, failure, parts)
		if err == nil {
			err = j.Record(ctx, record)
		}
		if err != nil {
			return err
		}
	}
	defer s.Lock(int64(e.Message.ID))()
	err := s.Inbox.At(chatwoot.Status).SetStatus(ctx, e.Conversation.ID, e.Message.ID, string(idmap.Failed), text)
	if chatwoot.IsNotFound(err) {
		return nil // nobody is left to tell
	}
	return err
}

// recordFailure is RecordFailed, or notes that WhatsApp may have all of a message.
func (s *Statuses) recordFailure(ctx context.Context, e chatwoot.Event, failure error, parts int) (work.Recorder, error) {
	var unknown *whatsapp.AmbiguousError
	if !errors.As(failure, &unknown) {
		return s.RecordFailed(e), nil
	}
	links, err := s.IDs.LinksByMessage(ctx, s.Inbox.LineID(), int64(e.Message.ID))
	if err != nil || len(links) < parts {
		return s.RecordFailed(e), err
	}
	return s.recordFailed(e, idmap.AgentUnsure), nil
}

// RecordFailed notes that an agent's message is shown as failed, so that the
// Retry button of its bubble is understood. It is not for a deletion that failed:
// the message stays deleted, as Retry would send Chatwoot's "was deleted".
func (s *Statuses) RecordFailed(e chatwoot.Event) work.Recorder {
	return s.recordFailed(e, idmap.AgentFailed)
}

func (s *Statuses) recordFailed(e chatwoot.Event, state idmap.AgentState) work.Recorder {
	line, id := s.Inbox.LineID(), int64(e.Message.ID)
	return func(ctx context.Context, tx *sql.Tx) error {
		if err := s.IDs.SetAgentMessage(ctx, tx, line, id, e.Message.CreatedAt.Time, state); err != nil {
			return err
		}
		return s.IDs.SetShown(ctx, tx, line, id, idmap.Failed)
	}
}

// failureText is what the agent reads; what went wrong inside is for the log.
func (s *Statuses) failureText(failure error) string {
	key := "fail.unsent"
	var refused *whatsapp.PermanentError
	var unknown *whatsapp.AmbiguousError
	var file *FileError
	var refusedAddress *fetch.RefusedError
	switch {
	case errors.Is(failure, chatwoot.ErrTooLarge):
		return s.Inbox.Texts().Text("fail.size", "n", "2000")
	case errors.Is(failure, chatwoot.ErrNoSurveyLink):
		key = "fail.survey"
	case errors.As(failure, &refusedAddress):
		key = "fail.address"
	case errors.As(failure, &file):
		key = "fail.media"
	case errors.As(failure, &refused) && refused.Reason == ReasonExpired:
		key = "fail.expired"
	case errors.As(failure, &refused) && refused.Reason == ReasonUnmapped:
		key = "fail.unmapped"
	case errors.As(failure, &refused) && refused.Reason == whatsapp.ReasonNotOnWhatsApp:
		key = "fail.notwa"
	case errors.As(failure, &refused) && refused.Reason == whatsapp.ReasonReachOut:
		key = "fail.reachout"
	case errors.As(failure, &refused):
		key = "fail.refused"
	case errors.As(failure, &unknown):
		key = "fail.unknown"
	}
	return s.Inbox.Texts().Text(key)
}

// FileError says that an attachment cannot be sent.
type FileError struct{ Err error }

// Error implements error.
func (e *FileError) Error() string { return "an attachment cannot be sent: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *FileError) Unwrap() error { return e.Err }

// The reasons of our own for which WhatsApp's session was not asked at all; those
// of the session are in package whatsapp.
const (
	// ReasonUnmapped says that a contact has neither a chat nor a phone number.
	ReasonUnmapped = "unmapped"
	// ReasonExpired says that WhatsApp was away for too long: a late answer is
	// worse than one that the agent decides to send again.
	ReasonExpired = "expired"
)
