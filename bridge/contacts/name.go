package contacts

import (
	"strings"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

const (
	// maxContactName is what Chatwoot stores, in characters.
	maxContactName = 255
	// unnamedContact stands for somebody who shows neither name nor number.
	unnamedContact  = "WhatsApp"
	groupNamePrefix = "WhatsApp group "
)

// contactName is a first name for the contact; agents may change it.
func contactName(m content.Message, phone string) string {
	if m.Group {
		return groupNamePrefix + jidUser(m.Chat.JID)
	}
	if name := pushedName(m); name != "" {
		return name
	}
	if phone != "" {
		return phone
	}
	return unnamedContact
}

// pushedName is what the person on the other side calls themselves, in a form
// that Chatwoot stores, or "".
func pushedName(m content.Message) string {
	if m.FromMe || m.Group {
		return "" // it is not the counterpart's
	}
	name := content.PersonName(m.PushName)
	if runes := []rune(name); len(runes) > maxContactName {
		name = content.PersonName(string(runes[:maxContactName]))
	}
	return name
}

// isPlaceholderName reports whether a name that the bridge gave only stands in for a
// real one.
func isPlaceholderName(name string, aliases []string) bool {
	_, phone := identity(aliases)
	return name == unnamedContact || name != "" && name == phone || strings.HasPrefix(name, groupNamePrefix)
}

func jidUser(jid string) string {
	user, _, _ := strings.Cut(jid, "@")
	return user
}
