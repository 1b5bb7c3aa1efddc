package outbound

import (
	"context"
	"errors"
	"fmt"

	"github.com/wootbridge/wootbridge/bridge/contacts"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// revoke takes every part of a deleted message back: an agent's, or one that
// was typed on the own phone. That it was deleted is in the ledger since the
// webhook came, so a part that was not sent yet never is.
func (h *Handler) revoke(ctx context.Context, j *work.Job, e chatwoot.Event, restores int64) error {
	line := h.Inbox.LineID()
	links, err := h.IDs.LinksByMessage(ctx, line, int64(e.Message.ID))
	if err != nil {
		return err
	}
	targets := revocable(links, e.Message)
	if len(targets) == 0 {
		return j.Done(ctx, nil)
	}
	chat, err := h.IDs.Chat(ctx, line, j.Chat(), j.Epoch)
	if err != nil {
		return err
	}
	for _, l := range targets {
		err := h.Session.Send(ctx, content.Outgoing{
			ID: messageID(line, "revoke", e.Message.ID, l.Part, restores), To: contacts.Target(chat), Revoke: l.WA,
		})
		if err != nil {
			return fmt.Errorf("revoke a message: %w", err)
		}
	}
	return j.Done(ctx, nil)
}

// revocable are the WhatsApp messages that a deletion takes back. Nobody can
// take a customer's message back, and the placeholder of a message is not the
// message.
func revocable(links []idmap.Link, m chatwoot.Message) []idmap.Link {
	if len(links) == 0 && sourceid.IsOurs(m.SourceID) && m.Type == chatwoot.Outgoing && !m.Private {
		links = []idmap.Link{{WA: sourceid.Link(m.SourceID), Origin: idmap.FromOwnPhone}}
	}
	var out []idmap.Link
	for _, l := range links {
		id, suffix := sourceid.Split(l.WA)
		if l.Origin == idmap.FromCustomer || !sourceid.Shows(suffix) {
			continue
		}
		l.WA = id
		out = append(out, l)
	}
	return out
}

// errDeletedMeanwhile says that an agent has deleted the message that is being
// sent.
var errDeletedMeanwhile = errors.New("the message was deleted in Chatwoot")

// wasDeleted asks Chatwoot whether a message was deleted, of which nobody may
// have told: its files are gone then.
func (h *Handler) wasDeleted(ctx context.Context, e chatwoot.Event) (bool, error) {
	m, err := h.Inbox.Client().Message(ctx, e.Conversation.ID, e.Message.ID)
	if chatwoot.IsNotFound(err) {
		return true, nil
	}
	return m.Attributes.Deleted, err
}
