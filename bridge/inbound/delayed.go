package inbound

import (
	"context"
	"database/sql"
	"time"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// Chatwoot shows when a message was posted, not when it was sent. Before the
// first of a run of customers' messages that come late a line says when that
// was, and again when it is no longer about right; the messages themselves stay
// as they are.

const (
	// delayedAfter is the delay above which agents are told when a message was sent.
	delayedAfter = 2 * time.Minute
	// delayedSpan is for how much of the sent times one line stands.
	delayedSpan = 10 * time.Minute
)

// delay is what there is to say of when a message was sent.
type delay struct {
	// announce says that a line goes before the message.
	announce bool
	// run is to be recorded together with the message, if anything is.
	run *idmap.LateRun
	// remember is what else is to be recorded with it; it may be nil.
	remember work.Recorder
}

// delayOf looks whether a message comes late, and whether the agents know. A
// run of late messages ends with the first one in time, which costs nothing to
// find out: its job has a place in the lane too.
func (h *Handler) delayOf(ctx context.Context, j *work.Job, m content.Message) (delay, error) {
	if h.Inbox.Settings().Events == lines.EventsOff || m.At.IsZero() || h.Clock().Sub(m.At) <= delayedAfter {
		return delay{}, nil
	}
	run, err := h.IDs.LateRun(ctx, j.Chat())
	if err != nil {
		return delay{}, err
	}
	goesOn := run.Pos != 0 && run.Pos == j.Pos-1
	announce := !m.FromMe && isNews(m.Content) && (!goesOn || m.At.Sub(run.Sent).Abs() > delayedSpan)
	switch {
	case announce:
		run.Sent = m.At
	case !goesOn:
		return delay{}, nil
	}
	run.Pos = j.Pos
	return delay{announce: announce, run: &run}, nil
}

// isNews reports whether a content is a message of its own.
func isNews(c content.Content) bool {
	switch c.(type) {
	case content.Revoke, content.Nothing, content.Album, content.Reaction, content.Pin, content.Keep, content.Timer, content.NumberShared,
		content.SharingLimited, content.MemberLabel, content.Handover, content.PollOption, content.Happening:
		return false
	default:
		return true
	}
}

// record is called in the transaction that ends the message's job.
func (d delay) record(h *Handler, j *work.Job) work.Recorder {
	if d.run == nil {
		return d.remember
	}
	return func(ctx context.Context, tx *sql.Tx) error {
		if d.remember != nil {
			if err := d.remember(ctx, tx); err != nil {
				return err
			}
		}
		return h.IDs.SetLateRun(ctx, tx, j.Chat(), *d.run)
	}
}

// announceLate gives the line before a message. Where the message itself is in
// Chatwoot already, from an attempt that was still in time, there is no place
// for it any more.
func (h *Handler) announceLate(ctx context.Context, j *work.Job, m content.Message, posts []render.Post) ([]render.Post, error) {
	settings := h.Inbox.Settings()
	if settings.Timezone == "" { // then it is the inbox's
		if _, err := h.Inbox.Read(ctx, h.Inbox.At(j.Priority())); err != nil {
			return nil, err
		}
	}
	if j.Ambiguous {
		posted, err := h.isPosted(ctx, j, posts[0].SourceID)
		if err != nil || posted {
			return nil, err
		}
	}
	form := render.Pill
	if settings.Events == lines.EventsNote {
		form = render.Note
	}
	return []render.Post{render.Late(m, h.Inbox.Location(), settings.Language, form, h.Inbox.Rendering())}, nil
}
