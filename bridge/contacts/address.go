package contacts

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/idmap"
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

// IsChannel reports whether a JID is a channel's, which is read and not written to.
func IsChannel(jid string) bool { return strings.HasSuffix(jid, "@newsletter") }

// Target is the JID to send to: the hidden id, which is the person, or else the number
// that was seen last; the first address of a group or a bot.
func Target(chat idmap.Chat) string {
	if lid := chat.LID(); lid != "" {
		return lid
	}
	if len(chat.Aliases) == 0 {
		return ""
	}
	return cmp.Or(chat.Number(), chat.Aliases[0])
}

// identity gives what a contact is known by, and her number in E.164: the JID by number,
// if there is one, and the hidden id once a number has moved.
func identity(chat idmap.Chat) (identifier, phone string) {
	jid, lid := chat.Number(), chat.LID()
	if jid != "" {
		phone = phoneOf(jid)
	}
	if chat.ByLID && lid != "" {
		return lid, phone
	}
	if jid == "" && len(chat.Aliases) > 0 {
		jid = chat.Aliases[0]
	}
	return jid, phone
}

// phoneOf is a JID's number in E.164.
func phoneOf(jid string) string { return "+" + jidUser(jid) }
