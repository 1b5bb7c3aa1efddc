package bridge

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
