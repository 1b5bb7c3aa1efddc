package inbound

import (
	"context"
	"database/sql"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// handleHappening shows what happened to a group or a person in the conversation that
// there is. It opens none, and makes none: nobody is to answer.
func (h *Handler) handleHappening(ctx context.Context, j *work.Job, m content.Message, happening content.Happening) error {
	known, err := h.isKnown(ctx, j, m)
	if err != nil || known {
		return h.endUnlessFailed(ctx, j, err)
	}
	chat, err := h.IDs.Chat(ctx, h.Inbox.LineID(), j.Chat(), j.Epoch)
	if err != nil {
		return err
	}
	if now, moved := happening.NewAddress(); moved {
		if err := h.Contacts.ChangeNumber(ctx, j, chat, now); err != nil {
			return err
		}
	}
	var links []idmap.Link
	posts := render.Message(m, h.Inbox.Rendering())
	if chat.Conversation == 0 || !h.showsEvent(happening) {
		posts = nil
	}
	for _, p := range posts {
		posted, there, err := h.postBeside(ctx, j, chat, p)
		if err != nil {
			return err
		}
		if there {
			link := linkOf(h.Inbox.LineID(), m, chat, posted)
			link.WA = sourceid.Link(p.SourceID)
			links = append(links, link)
		}
	}
	err = j.Done(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, link := range links {
			if err := h.IDs.LinkMessage(ctx, tx, link); err != nil {
				return err
			}
		}
		return h.Contacts.QueueUpdate(ctx, tx, chat, m)
	})
	if err == nil && h.Contacts.Tells(chat, m) {
		h.Journal.Wake(journal.Maintenance, 0)
	}
	return err
}

// showsEvent reports whether people are to read of what happened.
func (h *Handler) showsEvent(happening content.Happening) bool {
	settings := h.Inbox.Settings()
	for _, change := range happening.Changes {
		if change.Kind == content.SecurityChanged {
			return settings.SecurityCodes != lines.SecurityCodesOff
		}
	}
	return settings.Events != lines.EventsOff
}

// postBeside posts into the chat's conversation, if Chatwoot still has it.
func (h *Handler) postBeside(ctx context.Context, j *work.Job, chat idmap.Chat, p render.Post) (posted chatwoot.Message, there bool, err error) {
	client := h.Inbox.At(j.Priority())
	if _, posted, found, err := h.findEarlier(ctx, j, client, p.SourceID); err != nil || found {
		return posted, found, err
	}
	posted, err = h.postInto(ctx, j, client, chat.Conversation, p, nil)
	if chatwoot.IsNotFound(err) {
		return posted, false, nil
	}
	return posted, err == nil, err
}
