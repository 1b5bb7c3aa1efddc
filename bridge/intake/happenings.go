package intake

import (
	"context"
	"fmt"

	"github.com/wootbridge/wootbridge/bridge/contacts"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// wanted reports whether anybody is to read of an event. What nobody is to read is
// acknowledged and not stored. A group that comes in for mentions of the line's number
// tells only those who read it of what happens to it.
func (in *Intake) wanted(e content.Envelope) bool {
	settings := in.Inbox.Settings()
	if e.Chat.InGroup() && !settings.TakesGroup(e.Chat.JID, e.Mentions || e.Kind != content.EnvMessage) {
		if e.Kind == content.EnvMessage {
			in.leftOut.Add(1)
			if in.Left != nil {
				in.Left()
			}
		}
		return false
	}
	switch e.Kind {
	case content.EnvCall:
		return contacts.IsCounterpart(e.Chat.JID) && (settings.Calls != lines.CallsOff || settings.RejectCalls)
	case content.EnvHappening:
		if !contacts.IsCounterpart(e.Chat.JID) {
			return false
		}
		if e.Happens == content.HappensSecurity {
			return settings.SecurityCodes != lines.SecurityCodesOff
		}
		return settings.Events != lines.EventsOff || e.Renames
	default:
		return true
	}
}

// LeftOut is how many messages of groups were not taken in since the start, because the
// line does not take them.
func (in *Intake) LeftOut() int64 { return in.leftOut.Load() }

// ringing is the job that looks what became of a call that rings: nobody may tell.
func (in *Intake) ringing(e content.Envelope, chat string) (journal.Entry, bool) {
	if e.Kind != content.EnvCall || e.Step != content.CallRings {
		return journal.Entry{}, false
	}
	line := in.Inbox.LineID()
	return journal.Entry{
		Lane: journal.LaneKey{Line: line, Chat: chat, Queue: journal.Maintenance}, Dedupe: line + "|" + chat + "|ringing|" + e.Dedupe,
		Kind: journal.KindRinging, Payload: e.Payload, OccurredAt: e.At,
	}, true
}

// HandleRinging takes the end of a call of which nobody has told, into the lane of its
// chat: there it is known whether somebody has.
func (in *Intake) HandleRinging(ctx context.Context, j *work.Job) error {
	m, err := content.Header(j.Payload)
	if err != nil {
		return &work.BrokenPayloadError{Err: err}
	}
	line := in.Inbox.LineID()
	_, err = in.Journal.Append(ctx, journal.Entry{
		Lane: journal.LaneKey{Line: line, Chat: j.Chat(), Queue: journal.In}, Dedupe: fmt.Sprintf("%s|%s|rung|%s", line, j.Chat(), m.ID),
		Kind: journal.KindRinging, Payload: j.Payload, OccurredAt: j.OccurredAt,
	})
	if err != nil {
		return err
	}
	return j.Done(ctx, nil)
}
