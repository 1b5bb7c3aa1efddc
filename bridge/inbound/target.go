package inbound

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/foreign"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/intake"
	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// A message that says something of an earlier one is shown below that. What it was is in
// the journal for as long as that keeps it; what later ones need for longer is
// remembered: the answers of a poll, who chose which, what a person reacted with, how a
// message was edited last.

// earlier is what is known of the message that another one is about.
type earlier struct {
	content content.Content // nil where nobody has it any more
	before  string          // what the person reacted with until now
	poll    poll
	// shown says that the message tells nothing that is not there already.
	shown bool
}

// in is a context of rendering that knows it.
func (e earlier) in(c render.Context) render.Context {
	c.Target, c.Before = e.content, e.before
	if _, ok := e.content.(content.Poll); !ok && e.poll.known() {
		c.Target = content.Poll{Question: e.poll.Question}
	}
	for _, option := range e.poll.Options {
		c.Options = append(c.Options, render.Option(option))
	}
	return c
}

// earlier gathers what a message needs to be shown.
func (h *Handler) earlier(ctx context.Context, j *work.Job, m content.Message) (e earlier, err error) {
	target := content.Target(m.Content)
	if target == "" {
		return e, nil
	}
	// One that is not shown yet is no earlier one: it would be chance whether it is in the
	// journal already.
	_, known, err := h.linkInChat(ctx, j, target)
	if err != nil {
		return e, err
	}
	if known {
		if e.content, err = h.contentOf(ctx, j, target); err != nil {
			return e, err
		}
	}
	if e.content == nil && m.Group {
		e.content = h.ownContent(ctx, j, m, target)
	}
	switch c := m.Content.(type) {
	case content.Reaction:
		was, err := h.IDs.Remark(ctx, h.about(j, target, idmap.RemarkReaction), personOf(m.Sender))
		e.before = was.Value
		return e, err
	case content.Edit:
		if _, ok := c.New.(content.Poll); ok {
			if e.poll, err = h.pollOf(ctx, j, target, e.content); err != nil {
				return e, err
			}
		}
		e.shown, err = h.isAsBefore(ctx, j, m, c, e.content)
	case content.Vote, content.PollOption:
		e.poll, err = h.pollOf(ctx, j, target, e.content)
	case content.Sealed:
		e.shown, err = h.isAwaited(ctx, j, m, c)
	}
	return e, err
}

// about names what is said of a message of the job's chat.
func (h *Handler) about(j *work.Job, message string, kind idmap.RemarkKind) idmap.About {
	return idmap.About{Line: h.Inbox.LineID(), Chat: j.Chat(), Message: message, Kind: kind}
}

// personOf is one name for a person, under whichever address something came.
func personOf(a content.Address) string {
	if idmap.IsLID(a.Alt) {
		return a.Alt
	}
	return a.JID
}

// contentOf is the content of an earlier message of the chat, which the journal may have
// forgotten: nil.
func (h *Handler) contentOf(ctx context.Context, j *work.Job, id string) (content.Content, error) {
	for _, fromMe := range []bool{false, true} {
		key := intake.MessageKey(h.Inbox.LineID(), j.Chat(), content.ContentKey(id, fromMe))
		payload, found, err := h.Journal.Payload(ctx, key)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		if m, err := content.Decode(payload); err == nil {
			return m.Content, nil
		}
	}
	return nil, nil
}

// ownContent is the text of an earlier message of the desk, as Chatwoot has it, where a
// small line shows that; nil where it cannot be had, which is no reason to wait.
func (h *Handler) ownContent(ctx context.Context, j *work.Job, m content.Message, id string) content.Content {
	switch m.Content.(type) {
	case content.Reaction, content.Pin:
	default:
		return nil
	}
	link, known, err := h.linkInChat(ctx, j, id)
	if err != nil || !known || link.Message <= 0 || link.Origin == idmap.FromCustomer {
		return nil
	}
	sent, err := h.Inbox.At(j.Priority()).Message(ctx, chatwoot.ConversationID(link.Conversation), chatwoot.MessageID(link.Message))
	if err != nil || sent.Content == "" {
		return nil
	}
	return content.Text{Text: sent.Content}
}

// isAsBefore reports whether an edit changes nothing that people see: apps send such ones
// when they add a preview or a better picture. One that a machine writes is passed over
// too as long as the next one waits already.
func (h *Handler) isAsBefore(ctx context.Context, j *work.Job, m content.Message, e content.Edit, original content.Content) (bool, error) {
	if strings.HasSuffix(m.Sender.JID, "@bot") {
		for _, job := range j.Following {
			next, err := content.Decode(job.Payload)
			if later, ok := next.Content.(content.Edit); err == nil && ok && later.Target == e.Target {
				return true, nil
			}
		}
	}
	last, err := h.IDs.Remark(ctx, h.about(j, e.Target, idmap.RemarkEdit), "")
	if err != nil {
		return false, err
	}
	if last.Value == "" && original != nil {
		last.Value = fingerprint(original)
	}
	return last.Value == fingerprint(e.New), nil
}

// fingerprint is the same for contents that people read the same in.
func fingerprint(c content.Content) string {
	switch c := c.(type) {
	case content.Text:
		return foreign.Hashed("text|" + c.Text)
	case content.Media:
		return foreign.Hashed("caption|" + c.Caption)
	}
	raw, err := json.Marshal(c)
	if err != nil {
		return ""
	}
	return foreign.Hashed(fmt.Sprintf("%T|%s", c, raw))
}

// remember records, with the end of a message's job, what later ones need to know.
func (h *Handler) remember(j *work.Job, m content.Message, e earlier) work.Recorder {
	now := h.Clock()
	set := func(message string, kind idmap.RemarkKind, person, value string) work.Recorder {
		return func(ctx context.Context, tx *sql.Tx) error {
			return h.IDs.SetRemark(ctx, tx, h.about(j, message, kind), idmap.Remark{Person: person, Value: value, At: now})
		}
	}
	if content.Target(m.Content) == "" {
		if p, ok := m.Content.(content.Poll); ok {
			return set(m.ID, idmap.RemarkPoll, "", pollFrom(p).encode())
		}
		if label, ok := m.Content.(content.MemberLabel); ok && m.Group {
			return set("", idmap.RemarkTag, personOf(m.Sender), foreign.Text(label.Label))
		}
		return nil
	}
	switch c := m.Content.(type) {
	case content.Reaction:
		return set(c.Target, idmap.RemarkReaction, personOf(m.Sender), foreign.Text(c.Emoji))
	case content.PollOption:
		return set(c.Target, idmap.RemarkPoll, "", e.poll.with(content.Poll{Question: e.poll.Question, Options: []string{c.Option}}).encode())
	case content.Edit:
		if c.Unfinished || e.shown {
			return nil
		}
		edited := set(c.Target, idmap.RemarkEdit, "", fingerprint(c.New))
		if p, ok := c.New.(content.Poll); ok {
			return both(edited, set(c.Target, idmap.RemarkPoll, "", e.poll.with(p).encode()))
		}
		return edited
	case content.Vote:
		if !m.Group {
			return nil
		}
		return both(set(c.Target, idmap.RemarkVote, personOf(m.Sender), strings.Join(c.Chosen, " ")), h.tallyLater(j, c.Target))
	case content.Sealed:
		return h.await(j, m, c)
	default:
		return nil
	}
}

func both(first, second work.Recorder) work.Recorder {
	return func(ctx context.Context, tx *sql.Tx) error {
		if err := first(ctx, tx); err != nil {
			return err
		}
		return second(ctx, tx)
	}
}
