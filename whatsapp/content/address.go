package content

import (
	"strings"

	"go.mau.fi/whatsmeow/types"
)

// Address is a counterpart under up to two JIDs, without device numbers: by
// phone number ("5511…@s.whatsapp.net"), by LID ("8240…@lid"), or a group.
type Address struct {
	JID string `json:"jid"`
	Alt string `json:"alt,omitempty"` // the other form, when known
}

// Alternate finds the other JID of a person without any network; it gives the
// empty JID when that is not known.
type Alternate func(types.JID) types.JID

// AddressOf picks one form for a person whichever way a stanza addressed them:
// the phone number where it is known. given is the other JID, if the stanza has
// it.
func AddressOf(jid, given types.JID, alt Alternate) Address {
	jid = jid.ToNonAD()
	if jid.Server == types.LegacyUserServer {
		jid.Server = types.DefaultUserServer
	}
	other := given.ToNonAD()
	if other.IsEmpty() && (jid.Server == types.DefaultUserServer || jid.Server == types.HiddenUserServer) {
		other = alt(jid).ToNonAD()
	}
	if other.Server == types.DefaultUserServer && jid.Server == types.HiddenUserServer {
		jid, other = other, jid
	}
	a := Address{JID: jid.String()}
	if !other.IsEmpty() && other != jid {
		a.Alt = other.String()
	}
	return a
}

// chatAlt is the other address of the counterpart of a direct chat.
func chatAlt(source types.MessageSource) types.JID {
	switch {
	case source.IsGroup:
		return types.EmptyJID
	case source.IsFromMe:
		return source.RecipientAlt
	default:
		return source.SenderAlt
	}
}

// IsAnother reports whether an address is certainly another person's than a second
// one. A phone number and a LID that nothing connects may be one person's.
func (a Address) IsAnother(than Address) bool {
	comparable := false
	for _, form := range a.forms() {
		for _, other := range than.forms() {
			if form == other {
				return false
			}
			comparable = comparable || server(form) == server(other)
		}
	}
	return comparable
}

func (a Address) forms() []string {
	if a.Alt == "" {
		return []string{a.JID}
	}
	return []string{a.JID, a.Alt}
}

func server(jid string) string {
	_, server, _ := strings.Cut(jid, "@")
	return server
}
