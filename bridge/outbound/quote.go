package outbound

import (
	"context"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// quoted names the message that an agent answers. Chatwoot gives the source id
// of one that the bridge posted, which is known even before its link is
// recorded; an agent's own message has a link only.
func (h *Handler) quoted(ctx context.Context, m chatwoot.Message, to string) (*content.OutgoingQuote, error) {
	if m.Attributes.InReplyTo == 0 {
		return nil, nil
	}
	links, err := h.IDs.LinksByMessage(ctx, h.Inbox.LineID(), int64(m.Attributes.InReplyTo))
	if err != nil {
		return nil, err
	}
	if len(links) == 0 {
		if !sourceid.IsOurs(m.Attributes.InReplyToExternal) || !sourceid.IsMessage(sourceid.Message(m.Attributes.InReplyToExternal)) {
			return nil, nil
		}
		return &content.OutgoingQuote{ID: sourceid.Message(m.Attributes.InReplyToExternal), Sender: to}, nil
	}
	if !sourceid.IsMessage(sourceid.Message(links[0].WA)) {
		return nil, nil // nobody can answer a call
	}
	sender := links[0].Sender
	if links[0].Origin != idmap.FromCustomer {
		sender = h.Session.State().Phone + "@s.whatsapp.net"
	}
	return &content.OutgoingQuote{ID: sourceid.Message(links[0].WA), Sender: sender}, nil
}
