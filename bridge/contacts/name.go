package contacts

import (
	"context"
	"slices"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

const (
	// maxContactName is what Chatwoot stores, in characters.
	maxContactName = 255
	// unnamedContact stands for somebody who shows neither name nor number.
	unnamedContact  = "WhatsApp"
	groupNamePrefix = "WhatsApp group "
	channelPrefix   = "WhatsApp channel "
)

// contactName is a first name for the contact; agents may change it.
func contactName(m content.Message, phone string) string {
	if m.Group {
		return groupNamePrefix + jidUser(m.Chat.JID)
	}
	if IsChannel(m.Chat.JID) {
		return channelPrefix + jidUser(m.Chat.JID)
	}
	if name := pushedName(m); name != "" {
		return name
	}
	if phone != "" {
		return phone
	}
	return unnamed(m.Chat.JID)
}

// unnamed calls somebody by the end of the hidden id, so that two of them are told
// apart, and never by what would pass for a number.
func unnamed(jid string) string {
	id := jidUser(jid)
	if !idmap.IsLID(jid) || len(id) < unnamedDigits {
		return unnamedContact
	}
	return unnamedContact + " …" + id[len(id)-unnamedDigits:]
}

// unnamedDigits is how much of a hidden id stands in for a name.
const unnamedDigits = 4

// GroupName is what a group of the line is called, as far as is known; else "".
func (d *Directory) GroupName(ctx context.Context, jid string) (string, error) {
	chat, err := d.IDs.ChatByAlias(ctx, d.line(), jid)
	if err != nil || isPlaceholderName(chat.Name, chat) {
		return "", idmap.IgnoreUnknown(err)
	}
	return chat.Name, nil
}

// pushedName is what the person on the other side calls themselves, in a form
// that Chatwoot stores, or "".
func pushedName(m content.Message) string {
	if m.FromMe || m.Group {
		return "" // it is not the counterpart's
	}
	return storedName(content.PersonName(m.PushName))
}

// groupName is the name that a group is given by what happens, in a form that Chatwoot
// stores, or "".
func groupName(m content.Message) string {
	happening, ok := m.Content.(content.Happening)
	if !ok {
		return ""
	}
	return storedName(happening.Subject())
}

// storedName is a name in a form that Chatwoot stores.
func storedName(name string) string {
	if runes := []rune(name); len(runes) > maxContactName {
		return content.PersonName(string(runes[:maxContactName]))
	}
	return name
}

// isPlaceholderName reports whether a name that the bridge gave only stands in for a
// real one.
func isPlaceholderName(name string, chat idmap.Chat) bool {
	if name == unnamedContact || strings.HasPrefix(name, groupNamePrefix) || strings.HasPrefix(name, channelPrefix) {
		return true
	}
	return name != "" && slices.ContainsFunc(slices.Concat(chat.Aliases, chat.Former), func(jid string) bool {
		return name == unnamed(jid) || idmap.IsNumber(jid) && name == phoneOf(jid)
	})
}

func jidUser(jid string) string {
	user, _, _ := strings.Cut(jid, "@")
	return user
}
