package inbound

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/wootbridge/wootbridge/bridge/contacts"
	"github.com/wootbridge/wootbridge/bridge/delivery"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/inbox"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/media"
	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// Handler brings what customers write into Chatwoot.
type Handler struct {
	Inbox    *inbox.Inbox
	Contacts *contacts.Directory
	Delivery *delivery.Statuses
	IDs      *idmap.Map
	Journal  *journal.Journal
	Session  Session
	Spool    *media.Spool
	Clock    func() time.Time
	Log      *slog.Logger
	// Started is when the line began to run here.
	Started time.Time
	// Seen is told whose contact is in use; it must not block, and may be nil.
	Seen func(chat string)
	// Delay is told how long each message took from its commit, in seconds.
	Delay Observer
}

// Session is what the way in needs of WhatsApp.
type Session interface {
	// Download fetches a file. The error may be whatsapp.ErrMediaGone or
	// whatsapp.ErrNotConnected.
	Download(ctx context.Context, f content.File, dst whatsapp.DiskFile) error
	// Unseal reads what is sealed with the secret of an earlier message. The error may be
	// whatsapp.ErrNoSecret or whatsapp.ErrNotConnected.
	Unseal(ctx context.Context, m content.Message, sealed content.Sealed) (plaintext []byte, err error)
	// RequestMedia asks the phone to upload the file of a message again.
	RequestMedia(ctx context.Context, payload []byte) error
	// People tells what is known of people, by their JIDs.
	People(ctx context.Context, jids []string) map[string]content.Person
	// RejectCall refuses a call that rings.
	RejectCall(ctx context.Context, from, id string) error
}

// Observer takes a measurement.
type Observer interface{ Observe(value float64) }

// Handle brings one WhatsApp message into Chatwoot.
func (h *Handler) Handle(ctx context.Context, j *work.Job) error {
	m, err := h.decode(ctx, j, j.Payload)
	if err != nil {
		return err
	}
	switch kind := m.Content.(type) {
	case content.Call:
		return h.handleCall(ctx, j, m, kind)
	case content.Happening:
		return h.handleHappening(ctx, j, m, kind)
	}
	if err := h.noteTimer(ctx, j, m); err != nil {
		return err
	}
	m, below, err := h.unsealed(ctx, j, m)
	if err != nil {
		return err
	}
	known, err := h.isKnown(ctx, j, m)
	if err != nil {
		return err
	}
	if !known {
		meant, err := h.isMeant(ctx, j, m)
		if err != nil {
			return err
		}
		known = !meant
	}
	late, err := h.delayOf(ctx, j, m)
	if err != nil {
		return err
	}
	if known {
		return j.Done(ctx, late.record(h, j))
	}
	if erased, err := h.erase(ctx, j, m); err != nil {
		return err
	} else if erased {
		return j.Done(ctx, late.record(h, j))
	}
	if err := h.withAlbum(ctx, j, &m); err != nil {
		return err
	}
	rc, err := h.rendering(ctx, j, m)
	if err != nil {
		return err
	}
	about, err := h.earlier(ctx, j, m)
	if err != nil {
		return err
	}
	posts, err := h.wanted(ctx, j, m, render.Message(m, about.in(rc)))
	if err != nil {
		return err
	}
	if posts = inPlaceOf(below, posts); about.shown {
		posts = nil
	}
	late.remember = h.remember(j, m, about)
	if len(posts) == 0 {
		if err := j.Done(ctx, late.record(h, j)); err != nil {
			return err
		}
		h.wakeAside(m)
		return nil
	}
	return h.deliver(ctx, j, m, posts, late)
}

// deliver posts all of a message's posts, each once, and records them together
// with the end of the job.
func (h *Handler) deliver(ctx context.Context, j *work.Job, m content.Message, posts []render.Post, late delay) error {
	opens := render.Opens(posts)
	if late.announce {
		line, err := h.announceLate(ctx, j, m, posts)
		if err != nil {
			return err
		}
		posts = append(line, posts...)
	}
	var links []idmap.Link
	var chat idmap.Chat
	var later []int
	for _, p := range posts {
		link, in, fileLater, err := h.deliverPost(ctx, j, m, p, opens)
		if err != nil {
			return err
		}
		links, chat = append(links, link), in
		if m.Album != "" && p.SourceID == sourceid.Of(m.ID) {
			links = append(links, albumLink(m.Album, link))
		}
		if fileLater {
			later = append(later, p.Part)
		}
	}
	err := endOf(j, posts)(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if record := late.record(h, j); record != nil {
			if err := record(ctx, tx); err != nil {
				return err
			}
		}
		for _, part := range later {
			if err := h.followUp(ctx, j, tx, m, part); err != nil {
				return err
			}
		}
		for _, link := range links {
			if err := h.IDs.LinkMessage(ctx, tx, link); err != nil {
				return err
			}
		}
		if err := h.Contacts.QueueAd(ctx, tx, chat, m); err != nil {
			return err
		}
		return h.Contacts.QueueUpdate(ctx, tx, chat, m)
	})
	if err == nil {
		h.wakeAside(m)
		if h.Contacts.Tells(chat, m) || len(later) > 0 || m.Ad != nil {
			h.Journal.Wake(journal.Maintenance, 0)
		}
		if h.Seen != nil {
			h.Seen(chat.ID)
		}
		h.Delay.Observe(h.Clock().Sub(j.RecordedAt).Seconds())
		h.Delivery.NoteArrival(ctx, chat, links[len(links)-1].Message)
	}
	return err
}

// deliverPost posts one post of a message, and gives its link. later says that
// its file is to follow.
func (h *Handler) deliverPost(ctx context.Context, j *work.Job, m content.Message, p render.Post, opens bool) (link idmap.Link, chat idmap.Chat, later bool, err error) {
	p = withSafeNames(p)
	file := p
	upload, later, done, err := h.fetch(ctx, j, &p)
	if err != nil {
		return link, chat, false, err
	}
	defer done()
	chat, posted, err := h.post(ctx, j, m, p, upload, opens)
	var tooLarge *chatwoot.TooLargeError
	if upload != nil && errors.As(err, &tooLarge) {
		h.logTooLarge(upload)
		chat, posted, err = h.post(ctx, j, m, file.FileTooLarge(h.Inbox.Rendering(), upload.Size), nil, opens)
	}
	if upload != nil && mayPass(err) {
		if h.triesAgain(j, err) {
			return link, chat, false, fmt.Errorf("%s: %w", noFile, err)
		}
		chat, posted, later, err = h.postWithoutFile(ctx, j, m, file, opens)
	}
	if err != nil && len(p.Files) > 0 {
		chat, posted, err = h.postWithoutFiles(ctx, j, m, p, opens, err)
	}
	if err != nil {
		return link, chat, false, err
	}
	link = linkOf(h.Inbox.LineID(), m, chat, posted)
	link.WA = sourceid.Link(p.SourceID)
	return link, chat, later, nil
}

func (h *Handler) logTooLarge(upload *chatwoot.Upload) {
	h.Log.Warn("the web server in front of Chatwoot refuses a file; raise its limit (nginx: client_max_body_size)", "bytes", upload.Size)
}

// postWithoutFile posts a message whose file Chatwoot has refused. It also refuses
// what it has stored already: then the file is there, and does not follow.
func (h *Handler) postWithoutFile(ctx context.Context, j *work.Job, m content.Message, p render.Post, opens bool) (chat idmap.Chat, posted chatwoot.Message, later bool, err error) {
	j.Ambiguous = true
	client := h.Inbox.At(j.Priority())
	if chat, posted, stored, err := h.findEarlier(ctx, j, client, p.SourceID); err != nil || stored {
		return chat, posted, false, err
	}
	chat, posted, err = h.post(ctx, j, m, p.FileLater(h.Inbox.Rendering()), nil, opens)
	return chat, posted, true, err
}

// postWithoutFiles posts a message without the small files that came within it, where
// Chatwoot has refused these: the phone has them, and the text says the most of them.
func (h *Handler) postWithoutFiles(ctx context.Context, j *work.Job, m content.Message, p render.Post, opens bool, refused error) (idmap.Chat, chatwoot.Message, error) {
	var tooLarge *chatwoot.TooLargeError
	switch {
	case errors.As(refused, &tooLarge):
	case !mayPass(refused):
		return idmap.Chat{}, chatwoot.Message{}, refused
	case h.triesAgain(j, refused):
		return idmap.Chat{}, chatwoot.Message{}, fmt.Errorf("%s: %w", noFile, refused)
	default: // Chatwoot also refuses what it has stored already
		j.Ambiguous = true
		client := h.Inbox.At(j.Priority())
		if chat, posted, stored, err := h.findEarlier(ctx, j, client, p.SourceID); err != nil || stored {
			return chat, posted, err
		}
	}
	return h.post(ctx, j, m, p.WithoutFiles(h.Inbox.Rendering()), nil, opens)
}

// withSafeNames is a post whose enclosed files have names that nothing takes for more.
func withSafeNames(p render.Post) render.Post {
	p.Files = slices.Clone(p.Files)
	for i, file := range p.Files {
		p.Files[i].Name = media.Name(file.Name, file.MIME, nameless(content.Document))
	}
	return p
}

// mayPass reports whether Chatwoot refuses something that it may accept later: what
// it cannot do at the moment, such as to store a file, it calls invalid too.
func mayPass(err error) bool {
	var refused *chatwoot.InvalidError
	return errors.As(err, &refused) && !refused.Certain
}

// post finds the conversation and posts into it; a conversation or contact
// that was deleted is found or made again, once. What is there already, wherever
// that is, opens no conversation.
func (h *Handler) post(ctx context.Context, j *work.Job, m content.Message, p render.Post, upload *chatwoot.Upload, opens bool) (idmap.Chat, chatwoot.Message, error) {
	client := h.Inbox.At(j.Priority())
	if chat, posted, found, err := h.findEarlier(ctx, j, client, p.SourceID); err != nil || found {
		return chat, posted, err
	}
	for attempt := 0; ; attempt++ {
		chat, err := h.Contacts.Conversation(ctx, j, client, m, !opens)
		if err != nil {
			return idmap.Chat{}, chatwoot.Message{}, err
		}
		posted, err := h.postInto(ctx, j, client, chat.Conversation, p, upload)
		if !chatwoot.IsNotFound(err) {
			return chat, posted, err
		}
		if attempt > 0 {
			h.Contacts.NoteGone(chat)
			return chat, posted, err
		}
		if err := h.Contacts.Forget(ctx, j, client, chat); err != nil {
			return idmap.Chat{}, chatwoot.Message{}, err
		}
	}
}

// postInto posts into a conversation, threaded to the message that the post
// answers. Chatwoot threads only to what is in the same conversation; of what is
// elsewhere it shows nothing.
func (h *Handler) postInto(ctx context.Context, j *work.Job, client *chatwoot.Client, conversation int64, p render.Post, upload *chatwoot.Upload) (chatwoot.Message, error) {
	to := inbox.Target{Client: client, Conversation: chatwoot.ConversationID(conversation)}
	if p.ReplyTo != "" || p.Below != "" {
		link, known, err := h.linkBelow(ctx, j, p)
		if err != nil {
			return chatwoot.Message{}, err
		}
		if known {
			to.ReplyTo = chatwoot.MessageID(max(link.Message, 0)) // one that Chatwoot has lost has none
		}
		if p.Unthreaded != "" && (to.ReplyTo == 0 || link.Conversation != conversation) {
			to.ReplyTo, p = 0, p.Alone()
		}
	}
	return h.Inbox.Post(ctx, j, to, p, upload)
}
