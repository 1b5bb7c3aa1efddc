package bridge

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// inbound brings one WhatsApp message into Chatwoot.
func (t *task) inbound() error {
	m, err := content.Decode(t.Payload)
	if err != nil {
		return &work.BrokenPayloadError{Err: err} // it will never decode: show that, keep the event
	}
	known, err := t.isKnown(m)
	if err != nil {
		return err
	}
	late, err := t.lateness(m)
	if err != nil {
		return err
	}
	if known {
		return t.Done(t.ctx, late.record(t))
	}
	rc := t.rendering()
	if m.Quote != nil {
		if _, err := t.linkByWA(m.Quote.ID); err == nil {
			rc.QuoteKnown = true
		} else if !errors.Is(err, idmap.ErrUnknown) {
			return err
		}
	}
	posts := render.Message(m, rc)
	if len(posts) == 0 {
		return t.Done(t.ctx, late.record(t))
	}
	return t.deliver(m, posts, late)
}

// rendering is what rendering needs to know of the line.
func (t *task) rendering() render.Context {
	return render.Context{Texts: t.words(), Formatting: t.settings().FormatsInbound()}
}

// isKnown reports whether the message has a Chatwoot message already, or is an
// agent's own that came back.
func (t *task) isKnown(m content.Message) (bool, error) {
	switch m.Content.(type) {
	case content.Undecryptable, content.Unavailable:
		// The message itself may have come before its placeholder.
		link, err := t.linkByWA(m.ID)
		if err == nil && link.Chat == t.Chat() {
			return true, nil
		}
		return false, ignoreUnknown(err)
	}
	link, err := t.linkByWA(m.ID)
	return err == nil && link.Chat == t.Chat(), ignoreUnknown(err)
}

func ignoreUnknown(err error) error {
	if errors.Is(err, idmap.ErrUnknown) {
		return nil
	}
	return err
}

func (t *task) linkByWA(id string) (idmap.Link, error) {
	return t.b.ids.LinkByWA(t.ctx, string(t.line.ID), id, t.Epoch)
}

// priority is the job's turn at Chatwoot.
func (t *task) priority() chatwoot.Priority {
	if work.IsBacklog(t.Job.Job, t.b.cfg.Clock()) {
		return chatwoot.Backlog
	}
	return chatwoot.Live
}

// deliver posts all of a message's posts, each once, and records them together
// with the end of the job.
func (t *task) deliver(m content.Message, posts []render.Post, late lateness) error {
	opens := render.Opens(posts)
	if late.announce {
		line, err := t.announceLate(m, posts)
		if err != nil {
			return err
		}
		posts = append(line, posts...)
	}
	var links []idmap.Link
	var chat idmap.Chat
	fileLater := false
	for _, p := range posts {
		link, in, later, err := t.deliverPost(m, p, opens)
		if err != nil {
			return err
		}
		links, chat, fileLater = append(links, link), in, fileLater || later
	}
	err := t.Done(t.ctx, func(ctx context.Context, tx *sql.Tx) error {
		if record := late.record(t); record != nil {
			if err := record(ctx, tx); err != nil {
				return err
			}
		}
		if fileLater {
			if err := t.followUp(ctx, tx, m); err != nil {
				return err
			}
		}
		for _, link := range links {
			if err := t.b.ids.LinkMessage(ctx, tx, link); err != nil {
				return err
			}
		}
		return t.recordNews(ctx, tx, chat, m)
	})
	if err == nil {
		if _, news := newsOfContact(chat, m); news || fileLater {
			t.b.journal.Wake(journal.Upkeep)
		}
		t.b.metrics.toDesk.Observe(t.b.cfg.Clock().Sub(t.Created).Seconds())
		t.markReadIfAnswered(chat, links[len(links)-1].Message)
	}
	return err
}

// deliverPost posts one post of a message, and gives its link. later says that
// its file is to follow.
func (t *task) deliverPost(m content.Message, p render.Post, opens bool) (link idmap.Link, chat idmap.Chat, later bool, err error) {
	file := p
	upload, later, done, err := t.fetch(&p)
	if err != nil {
		return link, chat, false, err
	}
	defer done()
	chat, posted, err := t.post(m, p, upload, opens)
	var tooLarge *chatwoot.TooLargeError
	if upload != nil && errors.As(err, &tooLarge) {
		t.log.Warn("the web server in front of Chatwoot refuses a file; raise its limit (nginx: client_max_body_size)", "bytes", upload.Size)
		chat, posted, err = t.post(m, file.FileTooLarge(t.rendering(), upload.Size), nil, opens)
	}
	if err != nil {
		return link, chat, false, err
	}
	link = inboundLink(string(t.line.ID), m, chat, posted)
	link.WA = sourceid.Link(p.SourceID)
	return link, chat, later, nil
}

// post finds the conversation and posts into it; a conversation or contact
// that was deleted is found or made again, once.
func (t *task) post(m content.Message, p render.Post, upload *chatwoot.Upload, opens bool) (idmap.Chat, chatwoot.Message, error) {
	desk := t.desk.WithPriority(t.priority())
	for attempt := 0; ; attempt++ {
		chat, err := t.conversation(desk, m, !opens)
		if err != nil {
			return idmap.Chat{}, chatwoot.Message{}, err
		}
		posted, err := t.postOnce(desk, chatwoot.ConversationID(chat.Conversation), p, upload)
		if !chatwoot.IsNotFound(err) || attempt > 0 {
			return chat, posted, err
		}
		if err := t.forget(desk, chat); err != nil {
			return idmap.Chat{}, chatwoot.Message{}, err
		}
	}
}

// errUnderWay says that the request of a process that died may still be
// carried out: Chatwoot finishes what it has read, whoever waits for it.
var errUnderWay = errors.New("a request of the process before may be under way")

// underWayWait is for how long: Chatwoot answers within half a second even
// under load.
const underWayWait = 5 * time.Second

// clockTolerance is how far Chatwoot's clock may be behind ours before a lookup
// stops too early. Webhooks' signatures allow for less.
const clockTolerance = 10 * time.Minute

// postOnce looks for the message first where an earlier attempt may have got
// through: Chatwoot itself does not notice a repeat. What a process that died
// has asked for is looked for twice, some seconds apart.
func (t *task) postOnce(desk *chatwoot.Client, conversation chatwoot.ConversationID, p render.Post, upload *chatwoot.Upload) (chatwoot.Message, error) {
	look := func() (chatwoot.Message, bool, error) {
		return desk.FindMessage(t.ctx, conversation, p.SourceID, t.Created.Add(-clockTolerance))
	}
	if t.Ambiguous {
		found, ok, err := look()
		if err != nil || ok {
			return found, err
		}
		if t.UncleanLease {
			return chatwoot.Message{}, &work.RetryError{After: underWayWait, Err: errUnderWay}
		}
	}
	message := newMessage(p, upload)
	if p.ReplyTo != "" {
		message.InReplyToExternal = sourceid.Of(p.ReplyTo)
		link, err := t.linkByWA(p.ReplyTo)
		if ignoreUnknown(err) != nil {
			return chatwoot.Message{}, err
		}
		message.InReplyTo = chatwoot.MessageID(link.Message)
	}
	posted, err := t.create(desk, conversation, message)
	var ambiguous *chatwoot.AmbiguousError
	if !errors.As(err, &ambiguous) {
		return posted, err
	}
	if found, ok, lookup := look(); lookup == nil && ok {
		return found, nil
	}
	return posted, err
}

// newMessage is a post in the fields of Chatwoot's API.
func newMessage(p render.Post, upload *chatwoot.Upload) chatwoot.NewMessage {
	message := chatwoot.NewMessage{Content: p.Content, SourceID: p.SourceID, Voice: p.Voice(), Attachment: upload, Type: chatwoot.Incoming}
	switch p.Form {
	case render.Echo:
		message.Type, message.Echo = chatwoot.Outgoing, true
	case render.Note:
		message.Type, message.Private = chatwoot.Outgoing, true
	case render.Pill:
		message.Type = chatwoot.Activity
	}
	return message
}

// showUnreadable puts a line in the place of a message that was given up, unless
// the message was posted all the same.
func (t *task) showUnreadable() error {
	m, err := content.Decode(t.Payload)
	if err != nil {
		return err
	}
	if t.Ambiguous {
		if posted, err := t.isPosted(sourceid.Of(m.ID)); err != nil || posted {
			return err
		}
	}
	_, _, err = t.post(m, render.Unreadable(m, t.rendering()), nil, true)
	return err
}
