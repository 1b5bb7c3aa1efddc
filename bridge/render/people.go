package render

import (
	"strings"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// author names who wrote something, without ever showing a LID.
func (c Context) author(fromMe bool, pushName, jid string) string {
	switch {
	case fromMe:
		return c.Texts.Text("you")
	case pushName != "":
		return pushName
	case strings.HasSuffix(jid, "@s.whatsapp.net"):
		return "+" + user(jid)
	default:
		return unknownPerson
	}
}

// unknownPerson stands for somebody of whom neither name nor number is known.
const unknownPerson = "WhatsApp"

// user is the part of a JID before its server.
func user(jid string) string {
	name, _, _ := strings.Cut(jid, "@")
	return name
}

// phoneNumber is a person's phone number, or "".
func phoneNumber(a content.Address) string {
	for _, jid := range []string{a.JID, a.Alt} {
		if strings.HasSuffix(jid, "@s.whatsapp.net") {
			return "+" + user(jid)
		}
	}
	return ""
}
