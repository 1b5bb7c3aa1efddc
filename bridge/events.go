package bridge

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wootbridge/wootbridge/bridge/compose"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// takeEvent commits what is to be done about an event.
func (r *runtime) takeEvent(ctx context.Context, e chatwoot.Event, raw []byte) error {
	switch e.Kind {
	case chatwoot.EventMessageCreated:
		// Echoes too: they tell first that webhooks are late.
		r.lag.note(e.Message.CreatedAt.Time, r.b.cfg.Clock())
		if !compose.Sendable(e.Message) {
			return nil
		}
		defer r.arriving.begin(e.Message.ID)()
		if old, err := r.beforeLine(ctx, e.Message); err != nil || old {
			return cmp.Or(err, errBeforeLine)
		}
		return r.commit(ctx, e, raw, jobCreated, createdKey(string(r.line.ID), e.Message.ID), nil)
	case chatwoot.EventMessageUpdated:
		return r.takeUpdate(ctx, e, raw)
	case chatwoot.EventTypingOn, chatwoot.EventTypingOff:
		if e.AgentTyping {
			r.agentTyping(e)
		}
		return nil
	case chatwoot.EventStatusChanged:
		return r.conversationStatus(ctx, e)
	default:
		return nil
	}
}

// errBeforeLine says that an agent wrote before there was the line.
var errBeforeLine = errors.New("the message is older than the line")

// beforeLineReach is how long after the line's making a message may seem to be
// written that is older: Chatwoot's clock is not the bridge's. It is no longer
// than what passes leave unsettled, for they move the watermark.
const beforeLineReach = reconcileOverlap

// beforeLine reports whether a message was written before the line was made. Then
// it was meant for whichever phone the inbox had; this one may be another's.
func (r *runtime) beforeLine(ctx context.Context, m chatwoot.Message) (bool, error) {
	if m.CreatedAt.Sub(r.line.Created) > beforeLineReach {
		return false, nil
	}
	mark, err := r.b.lines.Mark(ctx, r.line.ID)
	return err == nil && m.ID <= mark.Watermark, err
}

// recorder writes what belongs to an entry of the journal, in its transaction;
// nil writes nothing.
type recorder func(context.Context, *sql.Tx) error

// The dedupe keys of what is to be done about an agent's message, however it
// became known: by its webhook, by a later one, or by a pass over Chatwoot's
// messages.

func createdKey(line string, id chatwoot.MessageID) string {
	return fmt.Sprintf("%s|created|%d", line, id)
}

func deletedKey(line string, id chatwoot.MessageID) string {
	return fmt.Sprintf("%s|deleted|%d", line, id)
}

// retryKey tells one retry from the next: each follows another failure.
func retryKey(line string, id chatwoot.MessageID, known idmap.AgentMessage) string {
	return fmt.Sprintf("%s|retry|%d|%d", line, id, known.Failures)
}

// commit appends an event to the out lane of its chat, together with what
// record writes; an event that was taken before changes nothing.
func (r *runtime) commit(ctx context.Context, e chatwoot.Event, raw []byte, kind, dedupe string, record recorder) error {
	r.joins.RLock()
	defer r.joins.RUnlock()
	chat, err := r.chatOf(ctx, e)
	if err != nil {
		return err
	}
	entry := journal.Entry{
		Lane: journal.LaneKey{Line: string(r.line.ID), Chat: chat, Dir: journal.Out}, Dedupe: dedupe, Kind: kind, Payload: raw, At: e.Message.CreatedAt.Time,
	}
	if kind == jobCreated {
		entry.Delay = r.settings().OrderWait() // see nextOut
	}
	if record == nil {
		_, err := r.b.journal.Append(ctx, entry)
		return err
	}
	err = r.b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		appended, err := r.b.journal.AppendTx(ctx, tx, entry)
		if err != nil || !appended {
			return err
		}
		return record(ctx, tx)
	})
	if err == nil {
		r.b.journal.WakeFor(entry)
	}
	return err
}

// chatOf finds the chat of an event's conversation: by the contact's source
// id, by the conversation, or, when an agent began it, by the contact's
// WhatsApp id or phone number. What is none of these has a lane of its own, in
// which the message fails visibly.
func (r *runtime) chatOf(ctx context.Context, e chatwoot.Event) (string, error) {
	line := string(r.line.ID)
	if chat, err := r.b.ids.ChatIDBySource(ctx, line, e.Conversation.SourceID); !errors.Is(err, idmap.ErrUnknown) {
		return chat, err
	}
	if chat, err := r.b.ids.ChatIDByConversation(ctx, line, int64(e.Conversation.ID)); !errors.Is(err, idmap.ErrUnknown) {
		return chat, err
	}
	jid := counterpart(e.Conversation)
	if jid == "" {
		return conversationLane + strconv.FormatInt(int64(e.Conversation.ID), 10), nil
	}
	if number, ok := strings.CutSuffix(jid, "@s.whatsapp.net"); ok && otherBrazilian(number) != "" {
		// A chat that exists knows how the person is really addressed.
		chat, err := r.b.ids.ChatByAlias(ctx, line, otherBrazilian(number)+"@s.whatsapp.net")
		if err == nil || !errors.Is(err, idmap.ErrUnknown) {
			return chat.ID, err
		}
	}
	return r.begun(ctx, e, jid)
}

// begun is the chat of a conversation that an agent began. It is remembered as
// the chat's own, so that the answer comes into it.
func (r *runtime) begun(ctx context.Context, e chatwoot.Event, jid string) (string, error) {
	line := string(r.line.ID)
	var id string
	err := r.b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		id, _, err = r.b.ids.Resolve(ctx, tx, line, func(string) string { return e.Conversation.SourceID }, jid)
		return err
	})
	if err != nil {
		return "", err
	}
	chat, err := r.b.ids.ChatByAlias(ctx, line, jid)
	if err != nil || chat.Contact != 0 {
		return id, err
	}
	chat.Contact, chat.Conversation = int64(e.Conversation.ContactID), int64(e.Conversation.ID)
	return id, r.b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return r.b.ids.SetContact(ctx, tx, chat) })
}

// conversationLane begins the lane key of a conversation whose contact nothing
// connects to WhatsApp.
const conversationLane = "conversation-"

func isConversationLane(chat string) bool { return strings.HasPrefix(chat, conversationLane) }

// agentTyping shows the customer that somebody at the desk types.
func (r *runtime) agentTyping(e chatwoot.Event) {
	r.b.inBackground(func() {
		ctx, cancel := context.WithTimeout(r.b.ctx, 10*time.Second)
		defer cancel()
		on := e.Kind == chatwoot.EventTypingOn
		if on && !r.b.ids.Once(ctx, fmt.Sprintf("typing/out/%s/%d", r.line.ID, e.Conversation.ID), typingEvery) {
			return
		}
		chat, err := r.b.ids.ChatBySource(ctx, string(r.line.ID), e.Conversation.SourceID)
		if err == nil {
			err = r.session.Typing(ctx, target(chat.Aliases), on)
		}
		if err != nil {
			r.log.Debug("typing is not shown", "error", err)
		}
	})
}

// conversationStatus lets the next message open a new conversation where the
// inbox is not locked to a single one and this one was resolved.
func (r *runtime) conversationStatus(ctx context.Context, e chatwoot.Event) error {
	inbox := r.inbox.Load()
	if e.Conversation.Status != "resolved" || inbox == nil || inbox.LockToSingle {
		return nil
	}
	chat, err := r.b.ids.ChatByConversation(ctx, string(r.line.ID), int64(e.Conversation.ID))
	if err != nil || chat.Conversation != int64(e.Conversation.ID) {
		return ignoreUnknown(err)
	}
	chat.Conversation = 0
	return r.b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return r.b.ids.SetContact(ctx, tx, chat) })
}
