package inbound

import (
	"context"
	"errors"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/intake"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// naming is what rendering needs to know of the line, and of the people whom a message
// names.
func (h *Handler) naming(ctx context.Context, j *work.Job, m content.Message) (render.Context, error) {
	rc := h.Inbox.Rendering()
	if named := render.Named(m); len(named) > 0 {
		rc.People = h.Session.People(ctx, named)
	}
	if !m.Group || m.FromMe {
		return rc, nil
	}
	tag, err := h.IDs.Remark(ctx, h.about(j, "", idmap.RemarkTag), personOf(m.Sender))
	rc.Tag = tag.Value
	return rc, err
}

// rendering is naming, and what is known of the message that another one answers.
func (h *Handler) rendering(ctx context.Context, j *work.Job, m content.Message) (rc render.Context, err error) {
	rc, err = h.naming(ctx, j, m)
	if err != nil {
		return rc, err
	}
	if m.Quote == nil {
		return rc, nil
	}
	if _, rc.QuoteKnown, err = h.linkInChat(ctx, j, m.Quote.ID); err != nil {
		return rc, err
	}
	if m.Quote.ChatName == "" && strings.HasSuffix(m.Quote.Chat, "@g.us") && m.Quote.Chat != m.Chat.JID {
		rc.QuotedGroup, err = h.Contacts.GroupName(ctx, m.Quote.Chat)
	}
	return rc, err
}

// wanted are the posts that the line shows. Of what is typed on the own phone a line may
// show nothing but what that says of messages that are there.
func (h *Handler) wanted(ctx context.Context, j *work.Job, m content.Message, posts []render.Post) ([]render.Post, error) {
	if !m.FromMe || h.Inbox.Settings().OwnMessages != lines.OwnMessagesOff {
		return posts, nil
	}
	var wanted []render.Post
	for _, p := range posts {
		if p.ReplyTo == "" {
			continue
		}
		_, known, err := h.linkInChat(ctx, j, p.ReplyTo)
		if err != nil {
			return nil, err
		}
		if known {
			wanted = append(wanted, p)
		}
	}
	return wanted, nil
}

// withAlbum gives the first file of an album what the album answers: only the message
// that announces it says so. The others are no longer of the album then.
func (h *Handler) withAlbum(ctx context.Context, j *work.Job, m *content.Message) error {
	if m.Album == "" {
		return nil
	}
	_, err := h.linkByWA(ctx, j, sourceid.Link(sourceid.Derived(m.Album, sourceid.Album)))
	if err == nil {
		m.Album = ""
		return nil
	}
	if !errors.Is(err, idmap.ErrUnknown) || m.Quote != nil {
		return idmap.IgnoreUnknown(err)
	}
	payload, known, err := h.Journal.Payload(ctx, intake.MessageKey(h.Inbox.LineID(), j.Chat(), content.ContentKey(m.Album, m.FromMe)))
	if err != nil || !known {
		return err
	}
	announced, broken := content.Decode(payload)
	_, isAlbum := announced.Content.(content.Album)
	if broken != nil || !isAlbum || announced.Quote == nil || announced.Sender.IsAnother(m.Sender) {
		return nil // the files are there without it
	}
	_, known, err = h.linkInChat(ctx, j, announced.Quote.ID)
	if known || announced.Quote.Content != nil { // or nobody knows what it was
		m.Quote = announced.Quote
	}
	return err
}

// albumLink stands for what announces an album: what answers that is threaded to the
// album's first file. It has no receipts of its own.
func albumLink(album string, first idmap.Link) idmap.Link {
	first.WA, first.Part, first.Status = sourceid.Link(sourceid.Derived(album, sourceid.Album)), 1, idmap.Read
	return first
}

// erased are the suffixes of what is erased together with a message.
var erased = []string{"", sourceid.Waiting, sourceid.File, sourceid.Caption, sourceid.Converted, sourceid.Missing, sourceid.Album}

// erase takes a message out of Chatwoot that was deleted for everyone, if the line has it
// so; done says that there is no more to show. One of an agent's that has several parts
// stays: the others were not deleted.
func (h *Handler) erase(ctx context.Context, j *work.Job, m content.Message) (done bool, err error) {
	revoke, ok := m.Content.(content.Revoke)
	if !ok || h.Inbox.Settings().Deletes != lines.DeletesErase {
		return false, nil
	}
	client := h.Inbox.At(j.Priority())
	for _, suffix := range erased {
		if _, done, err := h.eraseOne(ctx, j, client, revoke.Target, suffix); err != nil || !done {
			return false, err
		}
	}
	// Of the further parts a first card's post may be the message itself.
	for part, missing := 1, 0; part < content.MostParts && missing < 2; part++ {
		missing++
		for _, suffix := range []string{sourceid.Part(part), sourceid.OfPart(sourceid.File, part), sourceid.OfPart(sourceid.Missing, part)} {
			there, done, err := h.eraseOne(ctx, j, client, revoke.Target, suffix)
			if err != nil || !done {
				return false, err
			}
			if there {
				missing = 0
			}
		}
	}
	return true, nil
}

// eraseOne takes one message out of Chatwoot, if it is there; done is false for what must
// stay.
func (h *Handler) eraseOne(ctx context.Context, j *work.Job, client *chatwoot.Client, id, suffix string) (there, done bool, err error) {
	link, err := h.linkByWA(ctx, j, sourceid.Link(sourceid.Derived(id, suffix)))
	if errors.Is(err, idmap.ErrUnknown) || err == nil && (link.Chat != j.Chat() || link.Message <= 0) {
		return false, true, nil
	}
	if err != nil {
		return false, false, err
	}
	if link.Origin == idmap.FromAgent {
		parts, err := h.IDs.LinksByMessage(ctx, h.Inbox.LineID(), link.Message)
		if err != nil || len(parts) > 1 {
			return true, false, err
		}
	}
	err = client.DeleteMessage(ctx, chatwoot.ConversationID(link.Conversation), chatwoot.MessageID(link.Message))
	if err != nil && !chatwoot.IsNotFound(err) {
		return true, false, err
	}
	return true, true, nil
}

// wasErased reports whether a message was taken out of Chatwoot: its file does not follow
// then.
func (h *Handler) wasErased(ctx context.Context, client *chatwoot.Client, j *work.Job, m content.Message) (bool, error) {
	if h.Inbox.Settings().Deletes != lines.DeletesErase {
		return false, nil
	}
	link, known, err := h.linkInChat(ctx, j, m.ID)
	if err != nil || !known || link.Message <= 0 {
		return false, err
	}
	stands, err := client.Message(ctx, chatwoot.ConversationID(link.Conversation), chatwoot.MessageID(link.Message))
	if chatwoot.IsNotFound(err) {
		return true, nil
	}
	return stands.Attributes.Deleted, err
}
