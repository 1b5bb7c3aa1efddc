package content

import (
	"strings"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
)

// Invite asks somebody into a group or a channel.
type Invite struct {
	To   InviteTo
	Name string
	// Link opens the invitation; empty if only the phone can.
	Link    string
	Text    string
	Expires time.Time // zero if it does not, or the message does not say when
}

// InviteTo is what somebody is asked to.
type InviteTo string

// What there is to be asked to.
const (
	ToGroup        InviteTo = "group"
	ToCommunity    InviteTo = "community"
	ToChannel      InviteTo = "channel"       // to follow it
	ToChannelAdmin InviteTo = "channel admin" // to write in it
)

func (Invite) isContent() {}

func groupInvite(x *waE2E.GroupInviteMessage) (Content, *waE2E.ContextInfo) {
	i := Invite{
		To: ToGroup, Name: clean(x.GetGroupName()), Link: inviteLink(x.GetInviteCode()), Text: clean(x.GetCaption()), Expires: moment(x.GetInviteExpiration()),
	}
	if x.GetGroupType() == waE2E.GroupInviteMessage_PARENT {
		i.To = ToCommunity
	}
	return i, x.GetContextInfo()
}

// inviteLink is the address of an invitation that anybody can open. What admins send to
// one person has a shorter code, which is good for that person's phone only.
func inviteLink(code string) string {
	const least, most = 20, 32
	if len(code) < least || len(code) > most || strings.ContainsFunc(code, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '_' && r != '-'
	}) {
		return ""
	}
	return "https://chat.whatsapp.com/" + code
}

func channelInvite(x *waE2E.NewsletterFollowerInviteMessage) (Content, *waE2E.ContextInfo) {
	return Invite{To: ToChannel, Name: clean(x.GetNewsletterName()), Text: clean(x.GetCaption())}, x.GetContextInfo()
}

func channelAdminInvite(x *waE2E.NewsletterAdminInviteMessage) (Content, *waE2E.ContextInfo) {
	return Invite{
		To: ToChannelAdmin, Name: clean(x.GetNewsletterName()), Text: clean(x.GetCaption()), Expires: moment(x.GetInviteExpiration()),
	}, x.GetContextInfo()
}
