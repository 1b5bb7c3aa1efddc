package bridge

import (
	"context"
	"database/sql"
	"errors"

	"github.com/wootbridge/wootbridge/bridge/compose"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// The kinds of jobs of an out lane.
const (
	jobCreated = "created"
	jobDeleted = "deleted"
	jobRetry   = "retry"
)

// outbound does a job of an out lane.
func (t *task) outbound() error {
	e, err := chatwoot.ParseEvent(t.Payload)
	if err != nil {
		return &work.BrokenPayloadError{Err: err}
	}
	ledger, err := t.b.ids.AgentMessage(t.ctx, string(t.line.ID), int64(e.Message.ID))
	if err != nil {
		return err
	}
	switch {
	case t.Kind == jobDeleted:
		return t.revoke(e)
	case ledger.State == idmap.AgentDeleted:
		return t.Done(t.ctx, nil)
	case ledger.State == idmap.AgentSent:
		return t.finish(e)
	case t.Kind == jobRetry:
		return t.retryMessage(e)
	default:
		return t.send(e)
	}
}

// send sends the parts of an agent's message that were not sent yet.
func (t *task) send(e chatwoot.Event) error {
	if expired(t.Job.Job, t.settings().MaxAge(), t.b.cfg.Clock()) {
		return &whatsapp.PermanentError{Reason: reasonExpired, Err: errors.New("the message waited too long for the connection")}
	}
	line := string(t.line.ID)
	chat, err := t.b.ids.Chat(t.ctx, line, t.Chat(), t.Epoch)
	if ignoreUnknown(err) != nil {
		return err
	}
	to := target(chat.Aliases)
	if to == "" {
		return &whatsapp.PermanentError{Reason: reasonUnmapped, Err: errors.New("the contact has no WhatsApp address")}
	}
	quote, err := t.quoted(e.Message, to)
	if err != nil {
		return err
	}
	links, err := t.b.ids.LinksByMessage(t.ctx, line, int64(e.Message.ID))
	if err != nil {
		return err
	}
	if len(links) == 0 && t.lag.sent(chat.ID, e.Message.ID) {
		t.b.metrics.overtaken.Inc() // it came after a later one had left; better late than never
	}
	s := sending{e: e, chat: chat, to: to, sent: sentParts(links)}
	markdown, err := t.writesMarkdown()
	if err != nil {
		return err
	}
	err = t.sendParts(s, compose.Parts(e.Message, markdown), quote)
	if err != nil && len(t.left) > 0 {
		if err := t.Record(t.ctx, t.recordLeft); err != nil {
			return err
		}
		t.left = nil
	}
	// After the links of what was sent are recorded: see markReadIfAnswered.
	t.markRead(chat, to)
	if errors.Is(err, errDeletedMeanwhile) {
		return t.Done(t.ctx, nil) // what left is taken back when the deletion is told
	}
	var unfit *fileError
	if errors.As(err, &unfit) {
		return &work.PermanentError{Err: err}
	}
	if err != nil {
		return err
	}
	if err := t.finish(e); err != nil {
		return err
	}
	t.b.metrics.toPhone.Observe(t.b.cfg.Clock().Sub(t.Created).Seconds())
	return nil
}

// sending is an agent's message on its way.
type sending struct {
	e    chatwoot.Event
	chat idmap.Chat
	to   string
	sent map[int]bool // parts that left before
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
func (t *task) sendParts(s sending, parts []compose.Part, quote *content.OutgoingQuote) error {
	var failed error
	for i, p := range parts {
		if i > 0 {
			quote = nil
		}
		if p.File != nil && s.sent[compose.TextPart] {
			p.Text = "" // it went by itself when the file could not be had
		}
		err := t.sendPart(s, p, quote)
		var refused *whatsapp.PermanentError
		var unfit *fileError
		switch {
		case errors.Is(err, chatwoot.ErrNotStored) && errors.As(err, &unfit):
			deleted, err := t.wasDeleted(s.e)
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
		if err := t.sendPart(s, compose.Part{Number: compose.TextPart, Text: p.Text}, quote); err != nil {
			return err
		}
	}
	return failed
}

// sendPart sends one part under its own id, which is recorded before: whatever
// happens after, a repeat or a receipt finds it.
func (t *task) sendPart(s sending, p compose.Part, quote *content.OutgoingQuote) error {
	if s.sent[p.Number] {
		return nil
	}
	var file *content.OutgoingMedia
	if p.File != nil {
		ready, done, err := t.attachment(*p.File, p.VoiceNote)
		if err != nil {
			return t.fileTrouble(err)
		}
		defer done()
		if file = &ready; p.Text != "" && !file.Kind.TakesCaption() {
			// Only its content has told what it is; see planOutbound.
			if err := t.sendPart(s, compose.Part{Number: compose.TextPart, Text: p.Text}, quote); err != nil {
				return err
			}
			p.Text, quote = "", nil
		}
	}
	line, message := string(t.line.ID), int64(s.e.Message.ID)
	out := content.Outgoing{ID: content.MessageID(line, "send", message, p.Number), To: s.to, Text: p.Text, Quote: quote, Media: file}
	link := idmap.Link{
		Line: line, WA: out.ID, Part: p.Number, Chat: s.chat.ID, Message: message,
		Conversation: int64(s.e.Conversation.ID), Direction: idmap.FromAgent, Status: idmap.Sending,
	}
	err := t.Record(t.ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := t.recordLeft(ctx, tx); err != nil {
			return err
		}
		return t.b.ids.LinkMessage(ctx, tx, link)
	})
	if err != nil {
		return err
	}
	t.left = nil
	err = t.session.Send(t.ctx, out)
	if errors.Is(err, whatsapp.ErrUpload) {
		return t.fileTrouble(err)
	}
	if err != nil {
		return err
	}
	t.left = append(t.left, out.ID)
	return nil
}

// fileAttempts is how often a file is tried before its message goes without it.
const fileAttempts = 5

// fileTrouble is what an error with a file means for its message: for a while
// the lane waits, which keeps the order, then the message goes without it. It
// goes on waiting while not the file but all of Chatwoot is away.
func (t *task) fileTrouble(err error) error {
	var unfit *fileError
	var limited *chatwoot.RateLimitedError
	switch {
	case errors.As(err, &unfit), errors.As(err, &limited), errors.Is(err, whatsapp.ErrNotConnected), t.ctx.Err() != nil, t.Attempt+1 < fileAttempts:
		return err
	}
	if _, away := t.desk.WithPriority(chatwoot.Upkeep).Version(t.ctx); away != nil {
		return err
	}
	return &fileError{err}
}

const (
	// reasonUnmapped says that a contact has neither a chat nor a phone number.
	reasonUnmapped = "unmapped"
	// reasonExpired says that WhatsApp was away for too long: a late answer is
	// worse than one that the agent decides to send again.
	reasonExpired = "expired"
)

// target is the JID to send to: the phone number where it is known.
func target(aliases []string) string {
	identifier, _ := identity(aliases)
	return identifier
}

// quoted names the message that an agent answers. Chatwoot gives the source id
// of one that the bridge posted, which is known even before its link is
// recorded; an agent's own message has a link only.
func (t *task) quoted(m chatwoot.Message, to string) (*content.OutgoingQuote, error) {
	if m.Attributes.InReplyTo == 0 {
		return nil, nil
	}
	links, err := t.b.ids.LinksByMessage(t.ctx, string(t.line.ID), int64(m.Attributes.InReplyTo))
	if err != nil {
		return nil, err
	}
	if len(links) == 0 {
		if !sourceid.IsOurs(m.Attributes.InReplyToExternal) {
			return nil, nil
		}
		return &content.OutgoingQuote{ID: sourceid.Message(m.Attributes.InReplyToExternal), Sender: to}, nil
	}
	sender := links[0].Sender
	if links[0].Direction != idmap.FromCustomer {
		sender = t.session.State().Phone + "@s.whatsapp.net"
	}
	return &content.OutgoingQuote{ID: sourceid.Message(links[0].WA), Sender: sender}, nil
}
