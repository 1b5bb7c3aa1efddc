package inbound

import (
	"context"
	"slices"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// A message of a kind that no converter knows is shown as a placeholder, and its job is
// kept. When there is a converter an admin asks for it: the message is posted under a
// source id of its own, below the placeholder.

// endOf is how a job ends whose posts are made: one that is a placeholder is kept.
func endOf(j *work.Job, posts []render.Post) func(context.Context, work.Recorder) error {
	if i := slices.IndexFunc(posts, func(p render.Post) bool { return p.Unconverted != "" }); i >= 0 {
		return func(ctx context.Context, record work.Recorder) error {
			return j.Unconverted(ctx, posts[i].Unconverted, record)
		}
	}
	return j.Done
}

// Convert shows a message that was a placeholder so far.
func (h *Handler) Convert(ctx context.Context, j *work.Job) error {
	m, err := h.decode(ctx, j, j.Payload)
	if err != nil {
		return err
	}
	_, err = h.linkByWA(ctx, j, sourceid.Link(sourceid.Derived(m.ID, sourceid.Converted)))
	if idmap.IgnoreUnknown(err) != nil {
		return err
	}
	if err == nil {
		return j.Done(ctx, nil)
	}
	if converted, err := h.wasShown(ctx, j, m.ID); err != nil || converted {
		if err != nil {
			return err
		}
		return j.Done(ctx, nil)
	}
	if m, _, err = h.unsealed(ctx, j, m); err != nil {
		return err
	}
	if _, ok := m.Content.(content.Sealed); ok {
		return j.Unconverted(ctx, "secretEncryptedMessage", nil) // the next time, if the secret comes
	}
	rc, err := h.rendering(ctx, j, m)
	if err != nil {
		return err
	}
	about, err := h.earlier(ctx, j, m)
	if err != nil {
		return err
	}
	posts := render.Converted(m, about.in(rc))
	remember := h.remember(j, m, about)
	switch {
	case len(posts) == 0:
		return j.Done(ctx, remember)
	case slices.ContainsFunc(posts, func(p render.Post) bool { return p.Unconverted != "" }):
		return endOf(j, posts)(ctx, nil)
	}
	return h.deliver(ctx, j, m, posts, delay{remember: remember})
}

// wasShown reports whether what stands in Chatwoot is no placeholder: an earlier release
// did not record which messages it could not convert.
func (h *Handler) wasShown(ctx context.Context, j *work.Job, id string) (bool, error) {
	link, known, err := h.linkInChat(ctx, j, id)
	if err != nil || !known || link.Message <= 0 {
		return false, err
	}
	stands, err := h.Inbox.At(j.Priority()).Message(ctx, chatwoot.ConversationID(link.Conversation), chatwoot.MessageID(link.Message))
	if chatwoot.IsNotFound(err) {
		return false, nil
	}
	return err == nil && !render.IsPlaceholder(stands.Content), err
}
