package bridge

import (
	"context"
	"database/sql"
	"html"
	"time"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/markup"
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
	// lateSuffix marks the line before a message that came late.
	lateSuffix = "#late"
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

// announceLate posts the line before a message. Where the message itself is in
// Chatwoot already, from an attempt that was still in time, there is no place
// for it any more.
func (t *task) announceLate(m content.Message, p post) error {
	if t.settings().Timezone == "" { // then it is the inbox's
		if _, err := t.inboxSettings(t.desk.WithPriority(t.priority())); err != nil {
			return err
		}
	}
	if t.Ambiguous {
		posted, err := t.isPosted(p.SourceID)
		if err != nil || posted {
			return err
		}
	}
	_, _, err := t.post(m, t.lateLine(m), nil)
	return err
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

// lateLine is the line that says when a message was sent: a pill, which is
// HTML, or a note, which is markdown.
func (t *task) lateLine(m content.Message) post {
	sent, settings := m.At.In(t.location()), t.settings()
	text := t.words().Text("late", "date", date(sent, settings.Language), "time", sent.Format("15:04"))
	p := post{SourceID: sourceID(m.ID) + lateSuffix, Type: chatwoot.Activity, Content: html.EscapeString(text), Leads: true}
	if settings.Events == lines.EventsNote {
		p.Type, p.Private, p.Content = chatwoot.Outgoing, true, markup.Escape(text)
	}
	return p
}

// date writes a day as people who speak the language do.
func date(day time.Time, language string) string {
	if language == "pt-BR" || language == "es" {
		return day.Format("02/01/2006")
	}
	return day.Format("2 January 2006")
}
