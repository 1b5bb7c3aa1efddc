package intake

import (
	"cmp"
	"context"
	"errors"

	"github.com/wootbridge/wootbridge/bridge/compose"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// acceptUnsigned takes in what a webhook says that nothing proves. Up to 4.12
// Chatwoot does not sign the webhooks of such inboxes, and each agent of the inbox can
// read where they are posted. So such a webhook only points at a message, which is
// read from Chatwoot itself; what it says besides is not believed, unless it says that
// there is nothing to do.
//
// Where Chatwoot cannot be asked in time, a comparison finds what there is.
func (in *Intake) acceptUnsigned(ctx context.Context, e chatwoot.Event) error {
	switch e.Kind {
	case chatwoot.EventMessageCreated, chatwoot.EventMessageUpdated:
		concerns, err := in.concerns(ctx, e)
		if err != nil || !concerns {
			return err
		}
		return in.acceptPointer(ctx, e)
	case chatwoot.EventTypingOn, chatwoot.EventTypingOff:
		// Nothing could confirm it, and all that it does is to show, now and then,
		// that somebody types.
		if !in.looks().hint() {
			return nil
		}
		return in.AcceptEvent(ctx, e, nil)
	case chatwoot.EventStatusChanged:
		return in.acceptStatus(ctx, e)
	default:
		return nil // no webhook of an inbox tells it
	}
}

// concerns reports whether an event would be of interest if it were true.
func (in *Intake) concerns(ctx context.Context, e chatwoot.Event) (bool, error) {
	m := e.Message
	if m.ID <= 0 || e.Conversation.ID <= 0 {
		return false, nil
	}
	m.Private = m.Private && !m.Untold
	if e.Kind == chatwoot.EventMessageCreated {
		return compose.Sendable(m) && !in.toldCreated(m), nil
	}
	ours, red := sourceid.IsOurs(m.SourceID), m.Attributes.ExternalError != ""
	if m.Private || !ours && m.Type != chatwoot.Outgoing && m.Type != chatwoot.Template {
		return false, nil
	}
	known, err := in.IDs.AgentMessage(ctx, in.Inbox.LineID(), int64(m.ID))
	switch {
	case err != nil:
		return false, err
	case m.Attributes.Deleted:
		return known.State != idmap.AgentDeleted, nil
	case red:
		return true, nil
	}
	// Its ticks change most often.
	return !ours && known.State != idmap.AgentSent && known.State != idmap.AgentDeleted, nil
}

// acceptPointer takes in what Chatwoot has of the message that an event points at.
func (in *Intake) acceptPointer(ctx context.Context, e chatwoot.Event) error {
	confirmed, err := in.confirm(ctx, e)
	switch {
	case chatwoot.IsNotFound(err):
		return nil
	case err != nil:
		in.Log.Debug("what an unsigned webhook tells cannot be looked for", "error", err)
		in.Arrivals.NoteLost()
		return in.othersKnow(ctx)
	}
	raw, err := chatwoot.EncodeCreated(confirmed.Message, confirmed)
	if err != nil {
		return err
	}
	return in.AcceptEvent(ctx, confirmed, raw)
}

// confirm gives an event about the same message as Chatwoot itself would tell it. A
// NotFoundError says that the line has no such message.
func (in *Intake) confirm(ctx context.Context, e chatwoot.Event) (chatwoot.Event, error) {
	line, conversation := in.Inbox.Line(), e.Conversation.ID
	client, strange := in.Inbox.Client(), false
	switch _, err := in.IDs.ChatIDByConversation(ctx, in.Inbox.LineID(), int64(conversation)); {
	case errors.Is(err, idmap.ErrUnknown):
		client, strange = in.Inbox.At(chatwoot.Background), true
	case err != nil:
		return e, err
	}
	m, err := in.looks().message(ctx, client, conversation, e.Message.ID, strange)
	if err != nil {
		return e, err
	}
	if m.Inbox != line.Inbox {
		return e, &chatwoot.NotFoundError{}
	}
	m.Conversation = conversation
	return in.complete(ctx, chatwoot.Event{
		Kind: e.Kind, Account: line.Account, Inbox: line.Inbox, Message: m,
		Conversation: chatwoot.EventConversation{ID: conversation, Inbox: line.Inbox},
	})
}

// acceptStatus looks whether a conversation was resolved, or opened again, as is told.
// Where that cannot be known now, the customer's next message looks.
func (in *Intake) acceptStatus(ctx context.Context, e chatwoot.Event) error {
	news, err := in.Contacts.StatusIsNews(ctx, e)
	if err != nil || !news {
		return err
	}
	found, err := in.looks().conversation(ctx, in.Inbox.Client(), e.Conversation.ID)
	if err != nil {
		return in.Contacts.DoubtStatus(ctx, e)
	}
	e.Conversation.Status = found.Status
	return in.Contacts.NoteStatus(ctx, e)
}

// looks are made when they are first needed.
func (in *Intake) looks() *lookups {
	in.looksOnce.Do(func() { in.lookups = newLookups(cmp.Or(in.LookWithin, lookWithin)) })
	return in.lookups
}
