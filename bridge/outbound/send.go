package outbound

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/wootbridge/wootbridge/bridge/compose"
	"github.com/wootbridge/wootbridge/bridge/contacts"
	"github.com/wootbridge/wootbridge/bridge/delivery"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// send sends the parts of an agent's message that were not sent yet.
func (h *Handler) send(ctx context.Context, j *work.Job, e chatwoot.Event, restores int64) error {
	if expired(h.byOurClock(j.Job), h.Inbox.Settings().MaxAge(), h.Clock()) {
		return &whatsapp.PermanentError{Reason: delivery.ReasonExpired, Err: errors.New("the message waited too long for the connection")}
	}
	line := h.Inbox.LineID()
	chat, err := h.IDs.Chat(ctx, line, j.Chat(), j.Epoch)
	if idmap.IgnoreUnknown(err) != nil {
		return err
	}
	if chat, err = h.registered(ctx, j, chat); err != nil {
		return err
	}
	to := contacts.Target(chat)
	quote, err := h.quoted(ctx, e.Message, to)
	if err != nil {
		return err
	}
	links, err := h.IDs.LinksByMessage(ctx, line, int64(e.Message.ID))
	if err != nil {
		return err
	}
	if len(links) == 0 && h.Arrivals.Sent(chat.ID, e.Message.ID) {
		h.Overtaken.Inc() // it came after a later one had left; better late than never
	}
	s := &sending{e: e, chat: chat, to: to, sent: sentParts(links), restores: restores}
	markdown, err := h.Inbox.WritesMarkdown(ctx, j.Priority())
	if err != nil {
		return err
	}
	if err := h.completeSurvey(ctx, j, &e); err != nil {
		return err
	}
	parts := compose.Parts(e.Message, markdown)
	if s.prepared, err = h.prepare(ctx, s, parts, links); err != nil {
		return err
	}
	err = h.sendParts(ctx, j, s, s.prepared.apply(parts), quote)
	if err != nil && len(s.unrecorded) > 0 {
		if err := j.Record(ctx, h.recordTaken(s)); err != nil {
			return err
		}
		s.unrecorded = nil
	}
	// After the links of what was sent are recorded: see delivery.NoteArrival.
	h.Delivery.MarkAnswered(ctx, chat, to, e.Message)
	if errors.Is(err, errDeletedMeanwhile) {
		return j.Done(ctx, nil) // what left is taken back when the deletion is told
	}
	var unfit *delivery.FileError
	if errors.As(err, &unfit) {
		return &work.PermanentError{Err: err}
	}
	if err != nil {
		return err
	}
	if err := h.finish(ctx, j, e, s); err != nil {
		return err
	}
	h.Delay.Observe(h.Clock().Sub(j.RecordedAt).Seconds())
	return nil
}

// registered completes the addresses of a chat of which only a number is known: it may
// be another form than WhatsApp has of it.
func (h *Handler) registered(ctx context.Context, j *work.Job, chat idmap.Chat) (idmap.Chat, error) {
	to := contacts.Target(chat)
	if to == "" {
		return chat, &whatsapp.PermanentError{Reason: delivery.ReasonUnmapped, Err: errors.New("the contact has no WhatsApp address")}
	}
	if !idmap.IsNumber(to) {
		return chat, nil
	}
	account, err := h.Session.Account(ctx, to)
	if err != nil {
		return chat, err
	}
	return h.Contacts.Register(ctx, j, chat, account)
}

// completeSurvey gives a question for a rating the link under which it is
// answered: only a webhook has it. Without the link it is not sent.
func (h *Handler) completeSurvey(ctx context.Context, j *work.Job, e *chatwoot.Event) (err error) {
	if !chatwoot.NeedsSurveyLink(e.Message) {
		return nil
	}
	e.Message.Content, err = h.Inbox.SurveyText(ctx, j.Priority(), *e)
	if errors.Is(err, chatwoot.ErrNoSurveyLink) || chatwoot.IsNotFound(err) {
		return &work.PermanentError{Err: err}
	}
	return err
}

// sending is an agent's message on its way.
type sending struct {
	e    chatwoot.Event
	chat idmap.Chat
	to   string
	sent map[int]bool // parts that left before
	// restores tells the message from others that had its id; see messageID.
	restores int64
	// unrecorded are the ids of what WhatsApp has taken and the ledger does not
	// know yet as sent.
	unrecorded []string
	prepared   prepared
}

// sentParts are the parts that WhatsApp has taken.
func sentParts(links []idmap.Link) map[int]bool {
	sent := map[int]bool{}
	for _, l := range links {
		if l.Status.Rank() >= idmap.Sent.Rank() {
			sent[l.Part] = true
		}
	}
	return sent
}

// sendParts sends what is missing. A part that can never be sent does not keep
// the others back, and the text of a file that cannot be sent goes by itself;
// the error then is that part's.
func (h *Handler) sendParts(ctx context.Context, j *work.Job, s *sending, parts []compose.Part, quote *content.OutgoingQuote) error {
	var failed error
	for i, p := range parts {
		if i > 0 {
			quote = nil
		}
		if p.File != nil && s.sent[compose.TextPart] {
			p.Text = "" // it went by itself when the file could not be had
		}
		err := h.sendPart(ctx, j, s, p, quote)
		var refused *whatsapp.PermanentError
		var unfit *delivery.FileError
		switch {
		case errors.Is(err, chatwoot.ErrNotStored) && errors.As(err, &unfit):
			deleted, err := h.wasDeleted(ctx, s.e)
			if err != nil {
				return err
			}
			if deleted {
				return errDeletedMeanwhile
			}
			failed = unfit
		case errors.As(err, &refused), errors.As(err, &unfit):
			failed = err
		case err != nil:
			return err
		}
		if unfit == nil || p.Text == "" {
			continue
		}
		if err := h.sendPart(ctx, j, s, compose.Part{Number: compose.TextPart, Text: p.Text}, quote); err != nil {
			return err
		}
	}
	return failed
}

// sendPart sends one part under its own id.
func (h *Handler) sendPart(ctx context.Context, j *work.Job, s *sending, p compose.Part, quote *content.OutgoingQuote) error {
	if s.sent[p.Number] {
		return nil
	}
	if p.File == nil {
		return h.sendReady(ctx, j, s, p, loaded{}, quote)
	}
	return j.WithFile(ctx, func() error { return h.sendFile(ctx, j, s, p, quote) })
}

// sendFile makes a part's file ready and sends it.
func (h *Handler) sendFile(ctx context.Context, j *work.Job, s *sending, p compose.Part, quote *content.OutgoingQuote) error {
	file, done, err := h.attachment(ctx, j, *p.File, p.VoiceNote)
	if err != nil {
		return h.fileFailure(ctx, j, err)
	}
	defer done()
	if p.Text != "" && (file.cards != nil || !file.media.Kind.TakesCaption()) {
		// Only its content has told what it is; see compose.Parts.
		if err := h.sendPart(ctx, j, s, compose.Part{Number: compose.TextPart, Text: p.Text}, quote); err != nil {
			return err
		}
		p.Text, quote = "", nil
	}
	return h.sendReady(ctx, j, s, p, file, quote)
}

// sendReady sends a part that is ready. Its id is recorded before: whatever happens
// after, a repeat or a receipt finds it.
func (h *Handler) sendReady(ctx context.Context, j *work.Job, s *sending, p compose.Part, file loaded, quote *content.OutgoingQuote) error {
	line, message := h.Inbox.LineID(), int64(s.e.Message.ID)
	out := content.Outgoing{
		ID: messageID(line, "send", s.e.Message.ID, p.Number, s.restores), To: s.to, Text: p.Text, Quote: quote, Media: file.media, Contacts: file.cards, Location: p.Place, Timer: s.prepared.Timer,
	}
	if p.Text != "" {
		out.Mentions, out.Everybody = s.prepared.Mentions, s.prepared.Everybody
		if p.File == nil {
			out.Preview = s.prepared.Preview
		}
	}
	link := idmap.Link{
		Line: line, WA: out.ID, Part: p.Number, Chat: s.chat.ID, Message: message,
		Conversation: int64(s.e.Conversation.ID), Origin: idmap.FromAgent, Status: idmap.Sending, Written: s.e.Message.CreatedAt.Time, Members: s.prepared.Members,
	}
	if s.prepared.fresh {
		var err error
		if link.Prepared, err = s.prepared.stored(); err != nil {
			return err
		}
	}
	err := j.Record(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := h.recordTaken(s)(ctx, tx); err != nil {
			return err
		}
		if err := h.recordPrepared(ctx, tx, s); err != nil {
			return err
		}
		return h.IDs.LinkMessage(ctx, tx, link)
	})
	if err != nil {
		return err
	}
	s.unrecorded, s.prepared.fresh, s.prepared.kept = nil, false, s.prepared.kept || link.Prepared != ""
	err = h.Session.Send(ctx, out)
	if errors.Is(err, whatsapp.ErrUpload) {
		return h.fileFailure(ctx, j, err)
	}
	if err != nil {
		return err
	}
	if file.media != nil {
		h.Uploads.Note(h.Clock())
	}
	s.unrecorded = append(s.unrecorded, out.ID)
	return nil
}

const (
	// fileAttempts is how often a file is tried before its message goes without it.
	fileAttempts = 5
	// uploadPatience is how long a file waits for WhatsApp's file servers while no
	// other file shows that they are there.
	uploadPatience = time.Hour
)

// fileFailure is what an error with a file means for its message: for a while
// the lane waits, which keeps the order, then the message goes without it. It
// goes on waiting while not the file but all of Chatwoot is away, or WhatsApp's file
// servers are.
func (h *Handler) fileFailure(ctx context.Context, j *work.Job, err error) error {
	var unfit *delivery.FileError
	var limited *chatwoot.RateLimitedError
	switch {
	case errors.As(err, &unfit), errors.As(err, &limited), errors.Is(err, whatsapp.ErrNotConnected), ctx.Err() != nil, j.Attempt+1 < fileAttempts:
		return err
	}
	if errors.Is(err, whatsapp.ErrUpload) && !h.Uploads.since(j.FirstFailed) && h.Clock().Sub(j.FirstFailed) < uploadPatience {
		return err
	}
	if _, away := h.Inbox.At(chatwoot.Background).Version(ctx); away != nil {
		return err
	}
	return &delivery.FileError{Err: err}
}
