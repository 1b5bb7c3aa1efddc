package bridge

import (
	"context"
	"database/sql"
	"time"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// Chatwoot shows when a message was posted, not when it was sent. Before the
// first of a run of customers' messages that come late a line says when that
// was, and again when it is no longer about right; the messages themselves stay
// as they are.

const (
	// lateAfter is how much later than sent a message may be posted unsaid.
	lateAfter = 2 * time.Minute
	// lateSpan is for how much of the sent times one line stands.
	lateSpan = 10 * time.Minute
)

// lateness is what there is to say of when a message was sent.
type lateness struct {
	// announce says that a line goes before the message.
	announce bool
	// run is to be recorded together with the message, if anything is.
	run *idmap.LateRun
}

// lateness looks whether a message comes late, and whether the agents know. A
// run of late messages ends with the first one in time, which costs nothing to
// find out: its job has a place in the lane too.
func (t *task) lateness(m content.Message) (lateness, error) {
	if t.settings().Events == lines.EventsOff || m.At.IsZero() || t.b.cfg.Clock().Sub(m.At) <= lateAfter {
		return lateness{}, nil
	}
	run, err := t.b.ids.LateRun(t.ctx, t.Chat())
	if err != nil {
		return lateness{}, err
	}
	goesOn := run.Pos != 0 && run.Pos == t.Pos-1
	announce := !m.FromMe && isNews(m.Content) && (!goesOn || m.At.Sub(run.Sent).Abs() > lateSpan)
	switch {
	case announce:
		run.Sent = m.At
	case !goesOn:
		return lateness{}, nil
	}
	run.Pos = t.Pos
	return lateness{announce: announce, run: &run}, nil
}

// isNews reports whether a content is a message of its own.
func isNews(c content.Content) bool {
	switch c.(type) {
	case content.Revoke, content.Nothing:
		return false
	default:
		return true
	}
}

// record is called in the transaction that ends the message's job.
func (l lateness) record(t *task) func(context.Context, *sql.Tx) error {
	if l.run == nil {
		return nil
	}
	return func(ctx context.Context, tx *sql.Tx) error { return t.b.ids.SetLateRun(ctx, tx, t.Chat(), *l.run) }
}

// announceLate gives the line before a message. Where the message itself is in
// Chatwoot already, from an attempt that was still in time, there is no place
// for it any more.
func (t *task) announceLate(m content.Message, posts []render.Post) ([]render.Post, error) {
	settings := t.settings()
	if settings.Timezone == "" { // then it is the inbox's
		if _, err := t.inboxSettings(t.desk.WithPriority(t.priority())); err != nil {
			return nil, err
		}
	}
	if t.Ambiguous {
		posted, err := t.isPosted(posts[0].SourceID)
		if err != nil || posted {
			return nil, err
		}
	}
	form := render.Pill
	if settings.Events == lines.EventsNote {
		form = render.Note
	}
	return []render.Post{render.Late(m, t.location(), settings.Language, form, t.rendering())}, nil
}

// isPosted looks for a message in the chat's conversation, if there is one.
func (t *task) isPosted(sourceID string) (bool, error) {
	chat, err := t.b.ids.Chat(t.ctx, string(t.line.ID), t.Chat(), t.Epoch)
	if err != nil || chat.Conversation == 0 {
		return false, err
	}
	desk := t.desk.WithPriority(t.priority())
	_, found, err := desk.FindMessage(t.ctx, chatwoot.ConversationID(chat.Conversation), sourceID, t.Created.Add(-clockTolerance))
	if chatwoot.IsNotFound(err) {
		return false, nil
	}
	return found, err
}
