package inbound

import (
	"context"
	"strconv"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// ShowUnreadable puts a line in the place of a message that was given up, unless
// the message was posted all the same. It reads no content: that may be why the
// message was given up.
func (h *Handler) ShowUnreadable(ctx context.Context, j *work.Job) error {
	if j.Kind == string(content.EnvHappening) {
		return nil // nobody wrote anything
	}
	m, err := h.headerOf(ctx, j)
	if err != nil {
		return err
	}
	if j.Ambiguous {
		if posted, err := h.isPosted(ctx, j, sourceid.Of(m.ID)); err != nil || posted {
			return err
		}
	}
	_, _, err = h.post(ctx, j, m, render.Unreadable(m, h.Inbox.Rendering()), nil, true)
	return err
}

// headerOf is who wrote a job's message. Of an event that cannot even tell that,
// its lane knows the chat, and the job stands for the message's id.
func (h *Handler) headerOf(ctx context.Context, j *work.Job) (content.Message, error) {
	m, broken := content.Header(j.Payload)
	if broken == nil && m.ID != "" {
		return m, nil
	}
	chat, err := h.IDs.Chat(ctx, h.Inbox.LineID(), j.Chat(), j.Epoch)
	if idmap.IgnoreUnknown(err) != nil {
		return m, err
	}
	if m.ID == "" {
		m.ID = "job-" + strconv.FormatInt(j.ID, 10)
	}
	if m.Chat.JID == "" && len(chat.Aliases) > 0 {
		m.Chat.JID = chat.Aliases[0]
		m.Group = strings.HasSuffix(m.Chat.JID, "@g.us")
	}
	if m.At.IsZero() {
		m.At = j.OccurredAt
	}
	return m, nil
}
