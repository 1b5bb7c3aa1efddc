package content

import "go.mau.fi/whatsmeow/proto/waE2E"

// Revoke takes an earlier message back, for everyone.
type Revoke struct {
	Target string // the id of the message
}

func (Revoke) isContent() {}

func protocol(p *waE2E.ProtocolMessage) (Content, *waE2E.ContextInfo) {
	switch {
	// The type is REVOKE, too, where none is set.
	case p.GetType() == waE2E.ProtocolMessage_REVOKE && p.GetKey().GetID() != "":
		return Revoke{Target: p.GetKey().GetID()}, nil
	case p.GetEditedMessage() != nil:
		return Unsupported{Name: "edit"}, nil
	case p.GetType() == waE2E.ProtocolMessage_STATUS_MENTION_MESSAGE:
		return Told{Kind: StatusMention}, nil
	default:
		return Nothing{}, nil
	}
}
