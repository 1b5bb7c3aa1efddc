package outbound

import (
	"context"
	"sync"
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
	// lookPatience is for how long a chat's messages wait for Chatwoot to say what came
	// before them, asked after each lookAgain, while it cannot.
	lookPatience = 30 * time.Second
	lookAgain    = time.Second
)

// isBehind reports whether a message's conversation could not be compared when the others
// were.
func (h *Handler) isBehind(job journal.Job) bool {
	if !h.Arrivals.AnyBehind() {
		return false
	}
	e, err := chatwoot.ParseEvent(job.Payload)
	if err != nil {
		return false
	}
	_, behind := h.Arrivals.Behind(e.Conversation.ID)
	return behind
}

// looks are the chats for which Chatwoot did not say what came before their messages,
// and since when.
type looks struct {
	mu    sync.Mutex
	since map[string]time.Time
}

// failed gives for how long that has been so.
func (l *looks) failed(chat string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.since == nil {
		l.since = map[string]time.Time{}
	}
	if _, known := l.since[chat]; !known {
		l.since[chat] = now
	}
	return now.Sub(l.since[chat])
}

func (l *looks) succeeded(chat string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.since, chat)
}

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
	e.Message.Conversation = e.Conversation.ID
	var listed []chatwoot.Message
	after, err := h.sentUpTo(ctx, chat, e.Conversation.ID)
	if err == nil {
		err = chatwoot.RetryRead(ctx, func() (err error) {
			listed, err = h.Inbox.Client().Messages(ctx, e.Conversation.ID, after, e.Message.ID)
			return err
		})
	}
	if err != nil {
		h.Log.Debug("earlier messages cannot be asked for", "error", err)
		if h.looks.failed(chat, h.Clock()) < lookPatience {
			return lookAgain
		}
		h.Arrivals.NoteAsked(chat, e.Message.ID)
		return 0
	}
	h.looks.succeeded(chat)
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
func (h *Handler) sentUpTo(ctx context.Context, chat string, c chatwoot.ConversationID) (chatwoot.MessageID, error) {
	if compared, behind := h.Arrivals.Behind(c); behind {
		return max(compared, 1), nil
	}
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
	_, behind := h.Arrivals.Behind(before.Conversation)
	expected := m.Status == string(idmap.Sent) && m.Attributes.ExternalError == "" || m.Status == string(idmap.Failed) && (behind || h.Arrivals.Incomplete())
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
