package render

import (
	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

var inviteTitles = map[content.InviteTo]struct{ icon, key string }{
	content.ToGroup:        {"👥", "invite"},
	content.ToCommunity:    {"👥", "invite.community"},
	content.ToChannel:      {"📢", "invite.channel"},
	content.ToChannelAdmin: {"📢", "invite.channel.admin"},
}

// invite asks somebody into a group or a channel: where only the phone can open it, it
// says so.
func (c Context) invite(i content.Invite) string {
	title := inviteTitles[i.To]
	first := c.Texts.Text(title.key)
	if name := markup.Line(i.Name, longestQuestion); name != "" {
		first += " “" + name + "”"
	}
	out := title.icon + " " + markup.Bold(first)
	if i.Link != "" {
		out += "\n" + markup.Escape(i.Link)
	} else {
		out += "\n" + c.Texts.Text("open.phone")
	}
	if !i.Expires.IsZero() {
		out += "\n" + markup.Literal(c.Texts.Text("invite.expires", "date", c.dayOf(i.Expires)))
	}
	return above(out, c.text(i.Text))
}
