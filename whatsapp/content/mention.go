package content

import (
	"slices"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
)

// Mentions reports whether a message is for an account among others: it mentions one of
// the account's addresses, or everybody, or answers a message of the account's.
func Mentions(m *waE2E.Message, own []types.JID) bool {
	_, context := decodeContent(m, 0)
	isOwn := func(jid string) bool {
		jid = withoutDevice(jid)
		return slices.ContainsFunc(own, func(o types.JID) bool { return !o.IsEmpty() && o.ToNonAD().String() == jid })
	}
	if context.GetNonJIDMentions() > 0 || context.GetStanzaID() != "" && isOwn(context.GetParticipant()) {
		return true
	}
	return slices.ContainsFunc(context.GetMentionedJID(), isOwn)
}
