package inbound

import (
	"context"
	"errors"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/foreign"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// Who writes a message picks its id, and reads those of others. So an id alone says
// nothing: a message is known where it is linked with the same direction and sender.

// decode reads a job's message. One whose id is taken by another message goes by a
// name of its own from here on, which is the same at every attempt.
func (h *Handler) decode(ctx context.Context, j *work.Job, payload []byte) (content.Message, error) {
	m, err := content.Decode(payload)
	if err != nil {
		return m, &work.BrokenPayloadError{Err: err} // it will never decode: show that, keep the event
	}
	if m.CopyOf != "" {
		m.ID = m.CopyOf // whichever of the two comes first is the message
	}
	return h.named(ctx, j, m)
}

// named gives a message whose id is taken by another one a name of its own.
func (h *Handler) named(ctx context.Context, j *work.Job, m content.Message) (content.Message, error) {
	link, err := h.linkOfMessage(ctx, j, m.ID)
	if errors.Is(err, idmap.ErrUnknown) || err == nil && isOf(link, j.Chat(), m) {
		return m, nil
	}
	if err != nil {
		return m, err
	}
	direction := "in"
	if m.FromMe {
		direction = "own"
	}
	m.ID = foreign.Hashed(strings.Join([]string{m.ID, j.Chat(), direction, m.Sender.JID}, "|"))
	return m, nil
}

// isOf reports whether a link is the message's own.
func isOf(link idmap.Link, chat string, m content.Message) bool {
	own := link.Origin != idmap.FromCustomer
	switch {
	case link.Chat != chat || own != m.FromMe:
		return false
	case own || !m.Group || link.Sender == "":
		return true // who writes in a direct chat is the chat
	default:
		return !m.Sender.IsAnother(content.Address{JID: link.Sender})
	}
}

// isKnown reports whether the message has a Chatwoot message already, or is an
// agent's own that came back. A placeholder is known where the message itself is.
func (h *Handler) isKnown(ctx context.Context, j *work.Job, m content.Message) (bool, error) {
	link, err := h.linkOfMessage(ctx, j, m.ID)
	return err == nil && isOf(link, j.Chat(), m), idmap.IgnoreUnknown(err)
}

// linkInChat is the link of the WhatsApp message that another one of the same chat
// names, such as what it answers. Messages of other chats are nobody's business here.
func (h *Handler) linkInChat(ctx context.Context, j *work.Job, id string) (idmap.Link, bool, error) {
	return h.partInChat(ctx, j, id, 0)
}

// partInChat is the link of a part of such a message. What announces an album has the
// one of its first file.
func (h *Handler) partInChat(ctx context.Context, j *work.Job, id string, part int) (idmap.Link, bool, error) {
	link, err := h.linkByWA(ctx, j, sourceid.Link(sourceid.Derived(id, sourceid.Part(part))))
	if part == 0 && errors.Is(err, idmap.ErrUnknown) {
		link, err = h.linkByWA(ctx, j, sourceid.Link(sourceid.Derived(id, sourceid.Album)))
	}
	return link, err == nil && link.Chat == j.Chat(), idmap.IgnoreUnknown(err)
}

// isMeant reports whether a message can have been taken back, or changed, by whoever
// says so: in a direct chat everybody's own only; in a group an admin takes everybody's
// back, and everybody changes the own.
func (h *Handler) isMeant(ctx context.Context, j *work.Job, m content.Message) (bool, error) {
	_, edit := m.Content.(content.Edit)
	if _, revoke := m.Content.(content.Revoke); !edit && (!revoke || m.Group) {
		return true, nil
	}
	link, known, err := h.linkInChat(ctx, j, content.Target(m.Content))
	return !known || isOf(link, j.Chat(), m), err
}

// linkBelow is the link of the message that a post is threaded to.
func (h *Handler) linkBelow(ctx context.Context, j *work.Job, p render.Post) (idmap.Link, bool, error) {
	if p.Below == "" {
		return h.partInChat(ctx, j, p.ReplyTo, p.ReplyToPart)
	}
	link, err := h.linkByWA(ctx, j, sourceid.Link(p.Below))
	return link, err == nil && link.Chat == j.Chat(), idmap.IgnoreUnknown(err)
}

// linkOfMessage is the link of a WhatsApp message itself.
func (h *Handler) linkOfMessage(ctx context.Context, j *work.Job, id string) (idmap.Link, error) {
	return h.linkByWA(ctx, j, sourceid.Link(sourceid.Of(id)))
}

func (h *Handler) linkByWA(ctx context.Context, j *work.Job, link string) (idmap.Link, error) {
	return h.IDs.LinkByWA(ctx, h.Inbox.LineID(), link, j.Epoch)
}
