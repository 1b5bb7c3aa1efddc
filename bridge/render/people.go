package render

import (
	"strings"

	"github.com/wootbridge/wootbridge/bridge/markup"
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

// groupSender is the line that says who of a group wrote.
func groupSender(m content.Message) string {
	number := ""
	for _, jid := range []string{m.Sender.JID, m.Sender.Alt} {
		if strings.HasSuffix(jid, "@s.whatsapp.net") {
			number = "+" + user(jid)
		}
	}
	switch {
	case m.PushName != "" && number != "":
		return markup.Bold("~"+markup.Name(m.PushName)) + " (" + markup.Literal(markup.Name(number)) + "):"
	case m.PushName != "":
		return markup.Bold("~" + markup.Name(m.PushName) + ":")
	case number != "":
		return markup.Bold(markup.Name(number) + ":")
	default:
		return markup.Bold("WhatsApp:")
	}
}

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
