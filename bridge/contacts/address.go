package contacts

import (
	"regexp"
	"strings"

	"github.com/wootbridge/wootbridge/chatwoot"
)

var (
	knownJID = regexp.MustCompile(`^[0-9]{5,20}@(s\.whatsapp\.net|lid)$|^[0-9-]{5,40}@g\.us$`)
	e164     = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
)

// counterpart is the JID that a contact's own data name, or "".
func counterpart(c chatwoot.EventConversation) string {
	if knownJID.MatchString(c.Identifier) {
		return c.Identifier
	}
	if e164.MatchString(c.ContactPhone) {
		return strings.TrimPrefix(c.ContactPhone, "+") + "@s.whatsapp.net"
	}
	return ""
}

// IsCounterpart reports whether a JID is one that the desk can talk with: a
// person, a business or a bot, or a group. WhatsApp has more kinds of
// addresses, and gets new ones.
func IsCounterpart(jid string) bool {
	_, server, _ := strings.Cut(jid, "@")
	switch server {
	case "s.whatsapp.net", "lid", "g.us", "hosted", "hosted.lid", "bot":
		return true
	default:
		return false
	}
}

// Target is the JID to send to: the phone number where it is known.
func Target(aliases []string) string {
	identifier, _ := identity(aliases)
	return identifier
}
