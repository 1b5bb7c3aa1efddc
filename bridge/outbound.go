package bridge

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// The kinds of jobs of an out lane.
const (
	jobCreated = "created"
	jobDeleted = "deleted"
	jobRetry   = "retry"
)

// nextOut picks the job to do next: of the agents' messages that wait, the one
// with the lowest Chatwoot id, so that swapped webhooks leave in Chatwoot's
// order. A message waits a moment for one that is still on its way.
func (r *runtime) nextOut(_ context.Context, jobs []journal.Job) (journal.Job, time.Duration) {
	best, lowest := jobs[0], messageOf(jobs[0])
	if best.Kind == jobCreated {
		for _, job := range jobs[1:] {
			if job.Kind != jobCreated {
				break // a deletion or a retry keeps its place
			}
			if id := messageOf(job); id < lowest {
				best, lowest = job, id
			}
		}
		if wait := r.settings().OrderWait() - r.b.cfg.Clock().Sub(best.Created); wait > 0 && best.Attempt == 0 {
			return best, wait
		}
	}
	if r.session.State().Code != whatsapp.StateConnected {
		return best, offlinePoll
	}
	return best, 0
}

// offlinePoll is how often a lane looks whether the line is connected again;
// the connection itself wakes it sooner.
const offlinePoll = 2 * time.Second

func messageOf(job journal.Job) chatwoot.MessageID {
	e, err := chatwoot.ParseEvent(job.Payload)
	if err != nil {
		return 0
	}
	return e.Message.ID
}

// outbound does a job of an out lane.
func (t *task) outbound() error {
	e, err := chatwoot.ParseEvent(t.job.Payload)
	if err != nil {
		return &panicked{err}
	}
	ledger, err := t.b.ids.AgentMessage(t.ctx, string(t.line.ID), int64(e.Message.ID))
	if err != nil {
		return err
	}
	switch {
	case t.job.Kind == jobDeleted:
		return t.revoke(e)
	case ledger.State == idmap.AgentDeleted, ledger.State == idmap.AgentSent:
		return t.lease.Done(t.ctx, t.job, nil)
	case t.job.Kind == jobRetry:
		return t.retryMessage(e)
	default:
		return t.send(e)
	}
}

// send sends the parts of an agent's message that were not sent yet.
func (t *task) send(e chatwoot.Event) error {
	chat, err := t.b.ids.Chat(t.ctx, string(t.line.ID), t.chatID(), t.generation)
	if ignoreUnknown(err) != nil {
		return err
	}
	to := target(chat.Aliases)
	if to == "" {
		return &whatsapp.PermanentError{Reason: reasonUnmapped, Err: errors.New("the contact has no WhatsApp address")}
	}
	if t.b.cfg.Clock().Sub(t.job.Created) > t.settings().MaxAge() {
		return &whatsapp.PermanentError{Reason: reasonExpired, Err: errors.New("the message waited too long for the connection")}
	}
	quote, err := t.quoted(e.Message, to)
	if err != nil {
		return err
	}
	var failed error
	for i, p := range planOutbound(e.Message, t.settings().Formatting) {
		if i > 0 {
			quote = nil
		}
		err := t.sendPart(e, chat, to, p, quote)
		var refused *whatsapp.PermanentError
		var unfit *fileError
		switch {
		case errors.As(err, &refused), errors.As(err, &unfit):
			failed = err // the other parts go out all the same
			if unfit != nil && p.Text != "" {
				if err := t.sendPart(e, chat, to, part{Number: 0, Text: p.Text}, quote); err != nil {
					return err
				}
			}
		case err != nil:
			return err
		}
	}
	// After the links of what was sent are recorded: see markReadIfAnswered.
	t.markRead(chat, to)
	if failed != nil {
		return failed
	}
	err = t.lease.Done(t.ctx, t.job, func(ctx context.Context, tx *sql.Tx) error {
		return t.b.ids.SetAgentMessage(ctx, tx, string(t.line.ID), int64(e.Message.ID), idmap.AgentSent)
	})
	if err == nil {
		t.b.metrics.toPhone.Observe(t.b.cfg.Clock().Sub(t.job.Created).Seconds())
	}
	return err
}

// sendPart sends one part under its own id, which is recorded before: whatever
// happens after, a repeat or a receipt finds it.
func (t *task) sendPart(e chatwoot.Event, chat idmap.Chat, to string, p part, quote *whatsapp.OutgoingQuote) error {
	line := string(t.line.ID)
	out := whatsapp.Outgoing{ID: whatsapp.MessageID(line, "send", int64(e.Message.ID), p.Number), To: to, Text: p.Text, Quote: quote}
	link := idmap.Link{
		Line: line, WA: out.ID, Part: p.Number, Chat: chat.ID, Message: int64(e.Message.ID),
		Conversation: int64(e.Conversation.ID), Direction: idmap.FromAgent, Status: idmap.Sending,
	}
	links, err := t.b.ids.LinksByMessage(t.ctx, line, link.Message)
	if err != nil {
		return err
	}
	for _, l := range links {
		if l.Status.Rank() < idmap.Sent.Rank() {
			continue
		}
		if l.WA == out.ID {
			return nil
		}
		if l.Part == 0 {
			out.Text = "" // its text went out by itself when its file could not be had
		}
	}
	if p.File != nil {
		file, done, err := t.attachment(*p.File, p.VoiceNote)
		if err != nil {
			return err
		}
		defer done()
		out.Media = &file
	}
	err = t.lease.Record(t.ctx, func(ctx context.Context, tx *sql.Tx) error { return t.b.ids.LinkMessage(ctx, tx, link) })
	if err != nil {
		return err
	}
	if err := t.session.Send(t.ctx, out); err != nil {
		return err
	}
	return t.lease.Record(t.ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := t.b.ids.Advance(ctx, tx, line, out.ID, idmap.Sent)
		return err
	})
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
func (t *task) quoted(m chatwoot.Message, to string) (*whatsapp.OutgoingQuote, error) {
	if m.Attributes.InReplyTo == 0 {
		return nil, nil
	}
	links, err := t.b.ids.LinksByMessage(t.ctx, string(t.line.ID), int64(m.Attributes.InReplyTo))
	if err != nil {
		return nil, err
	}
	if len(links) == 0 {
		id, own := strings.CutPrefix(m.Attributes.InReplyToExternal, sourcePrefix)
		if !own {
			return nil, nil
		}
		return &whatsapp.OutgoingQuote{ID: id, Sender: to}, nil
	}
	sender := links[0].Sender
	if links[0].Direction != idmap.FromCustomer {
		sender = t.session.State().Phone + "@s.whatsapp.net"
	}
	return &whatsapp.OutgoingQuote{ID: links[0].WA, Sender: sender}, nil
}

// revoke takes every sent part back. A deletion that comes before its message
// keeps it from being sent.
func (t *task) revoke(e chatwoot.Event) error {
	line := string(t.line.ID)
	links, err := t.b.ids.LinksByMessage(t.ctx, line, int64(e.Message.ID))
	if err != nil {
		return err
	}
	chat, err := t.b.ids.Chat(t.ctx, line, t.chatID(), t.generation)
	if err != nil {
		return err
	}
	for _, l := range links {
		if l.Direction == idmap.FromCustomer {
			continue
		}
		err := t.session.Send(t.ctx, whatsapp.Outgoing{
			ID: whatsapp.MessageID(line, "revoke", int64(e.Message.ID), l.Part), To: target(chat.Aliases), Revoke: l.WA,
		})
		if err != nil {
			return fmt.Errorf("revoke a message: %w", err)
		}
	}
	return t.lease.Done(t.ctx, t.job, func(ctx context.Context, tx *sql.Tx) error {
		return t.b.ids.SetAgentMessage(ctx, tx, line, int64(e.Message.ID), idmap.AgentDeleted)
	})
}

// retryMessage looks at a message that an agent may have asked to send again:
// only its state in Chatwoot says whether that was so.
func (t *task) retryMessage(e chatwoot.Event) error {
	id := e.Message.ID
	found, err := t.desk.Messages(t.ctx, e.Conversation.ID, id, id+1)
	if err != nil && !chatwoot.IsNotFound(err) {
		return err
	}
	for _, m := range found {
		if m.ID == id && m.Status == "sent" && m.Attributes.ExternalError == "" && sendable(m) {
			e.Message = m
			return t.send(e)
		}
	}
	return t.lease.Done(t.ctx, t.job, nil)
}
