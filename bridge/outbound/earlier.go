package outbound

import (
	"context"
	"time"

	"github.com/wootbridge/wootbridge/bridge/compose"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/intake"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/chatwoot"
)

const (
	// overdueReach is how far back an event that did not come yet is looked for.
	overdueReach = 5 * time.Minute
	// foundEarlier is the wait after which there are lower ids.
	foundEarlier = time.Millisecond
	// storeAgain is how soon earlier messages are asked for again that could
	// not be stored.
	storeAgain = 500 * time.Millisecond
)

// fetchEarlier asks Chatwoot, once for each message, for those before it whose
// events did not come yet, and journals them as if they had: their events
// then find the key taken. The message waits for as long as is said, for them.
// That it was asked for is kept in memory only: a process that died may have
// been about to journal what it had found.
func (h *Handler) fetchEarlier(ctx context.Context, lease *journal.Lease, job journal.Job) (pause time.Duration) {
	chat := lease.Lane().Chat
	e, err := chatwoot.ParseEvent(job.Payload)
	if err != nil || h.Arrivals.AskedBefore(chat, e.Message.ID) {
		return 0
	}
	h.LateEvents.Inc()
	var listed []chatwoot.Message
	after, err := h.sentUpTo(ctx, chat)
	if err == nil {
		err = chatwoot.RetryRead(ctx, func() (err error) {
			listed, err = h.Inbox.Client().Messages(ctx, e.Conversation.ID, after, e.Message.ID)
			return err
		})
	}
	if err != nil {
		h.Log.Debug("earlier messages cannot be asked for", "error", err)
		h.Arrivals.NoteAsked(chat, e.Message.ID)
		return 0
	}
	for _, m := range listed {
		if !h.awaited(m, e.Message) {
			continue
		}
		waits, err := h.journalEarlier(ctx, lease.Lane(), e, m)
		if err != nil {
			h.Log.Warn("an earlier message cannot be stored", "error", err)
			return storeAgain
		}
		if waits {
			pause = foundEarlier
		}
	}
	h.Arrivals.NoteAsked(chat, e.Message.ID)
	return pause
}

// sentUpTo is the message from which on a chat's earlier ones are looked for: what
// left last, or, where that is not known any more, what was compared. Without a
// lower bound Chatwoot lists the last few only.
func (h *Handler) sentUpTo(ctx context.Context, chat string) (chatwoot.MessageID, error) {
	if sent := h.Arrivals.LastSent(chat); sent != 0 {
		return sent, nil
	}
	mark, err := h.Intake.Store.Mark(ctx, h.Inbox.Line().ID)
	return max(mark.Watermark, 1), err
}

// awaited reports whether a listed message is one whose event is expected, or
// may have been lost, which turns it red. In lists its time is
// in whole seconds.
func (h *Handler) awaited(m, before chatwoot.Message) bool {
	expected := m.Status == string(idmap.Sent) && m.Attributes.ExternalError == "" || m.Status == string(idmap.Failed) && h.Arrivals.Incomplete()
	return m.ID < before.ID && expected && compose.Sendable(m) &&
		m.CreatedAt.Add(time.Second).After(h.Inbox.Line().Created) && before.CreatedAt.Sub(m.CreatedAt.Time) < overdueReach
}

// journalEarlier journals a message that is still to be sent, and reports whether it
// waits now. Its own event may have done so a moment ago, after the lane was looked
// at: then it waits as well.
func (h *Handler) journalEarlier(ctx context.Context, lane journal.LaneKey, around chatwoot.Event, m chatwoot.Message) (bool, error) {
	line := h.Inbox.LineID()
	restores, err := h.Intake.Meet(ctx, m)
	if err != nil {
		return false, err
	}
	known, err := h.IDs.AgentMessage(ctx, line, int64(m.ID))
	if err != nil || known.State != idmap.AgentUnseen {
		return false, err
	}
	if old, err := h.Intake.BeforeLine(ctx, m); err != nil || old {
		return false, err
	}
	raw, err := chatwoot.EncodeCreated(m, around)
	if err != nil {
		return false, err
	}
	_, err = h.Journal.Append(ctx, journal.Entry{Lane: lane, Dedupe: intake.CreatedKey(line, m.ID, restores), Kind: journal.KindCreated, Payload: raw, OccurredAt: m.CreatedAt.Time})
	return err == nil, err
}
