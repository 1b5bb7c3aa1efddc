package render

import (
	"fmt"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// Message renders a message. No post at all means that there is nothing to
// show. The first post that bears the message's own source id is the message.
func Message(m content.Message, c Context) []Post {
	return fitting(c, func(c Context) []Post { return c.ofOwnPhone(c.message(m)) })
}

func (c Context) message(m content.Message) []Post {
	c = c.mentioning(m.Mentions)
	p := Post{SourceID: sourceid.Of(m.ID)}
	if m.FromMe {
		p.Form = Echo
	}
	switch kind := m.Content.(type) {
	case content.Nothing, content.Album:
		return nil
	case content.Text:
		p = c.written(m, p, kind)
	case content.Media:
		p = c.media(p, kind)
		p.ReplyTo = m.PartOf
	case content.Location:
		p.Content = c.location(kind)
	case content.Cart:
		p.Content = c.cart(kind)
	case content.Product:
		p.Content = c.product(kind)
		p.Attach = kind.Picture
	case content.Invoice:
		p.Content = c.invoice(kind)
		p.Attach = kind.Paper
	case content.Payment:
		p.Content, p.ReplyTo = c.payment(kind), kind.Target
		p.Attach = kind.Picture
	case content.SplitBill:
		p.Content = c.splitBill(m, kind)
	case content.SplitPaid:
		p.Content = c.splitPaid(m, kind)
	case content.Event:
		p.Content, p.ReplyTo = c.event(kind), kind.Target
	case content.Invite:
		p.Content = c.invite(kind)
	case content.Answer:
		p.Content = c.answer(kind)
	case content.Told:
		p.Content, p.ReplyTo = c.told(kind), kind.Target
	case content.SoundSticker:
		return c.soundSticker(m, p, kind)
	case content.HistoryShared:
		return c.historyShared(m)
	case content.StickerPack:
		p.Content = c.stickerPack(kind)
	case content.Song:
		p.Content = c.song(kind)
	case content.PollResult:
		p.Content = c.pollResult(kind)
	case content.LoggedCall:
		p.Content = c.loggedCall(kind)
	case content.Poll:
		p.Content = c.poll(kind)
	case content.Menu:
		return c.menu(m, p, kind)
	case content.Choice:
		p.Content = c.choice(kind)
	case content.Form:
		p.Content = c.form(kind)
	case content.Contacts:
		return c.contacts(m, p, kind)
	case content.ViewOnce:
		if c.ViewOnceShown {
			p = c.media(p, kind.Media)
			break
		}
		p.Content = c.viewOnce(viewOnceKey(kind.Kind))
	case content.Revoke:
		return []Post{c.revoked(m, kind)}
	case content.Reaction:
		return c.reacted(m, kind)
	case content.Edit:
		return c.edited(m, kind)
	case content.Pin:
		return c.pinned(m, kind)
	case content.Keep:
		return c.kept(m, kind)
	case content.Timer:
		return c.timer(m, kind)
	case content.NumberShared:
		return c.numberShared(m)
	case content.SharingLimited:
		return c.sharingLimited(m, kind)
	case content.MemberLabel:
		return c.memberLabel(m, kind)
	case content.Handover:
		return c.aside(m, "", "handover", "text", markup.Line(kind.Text, longestQuestion))
	case content.Vote:
		return c.voted(m, kind)
	case content.EventAnswer:
		return c.eventAnswer(m, kind)
	case content.PollOption:
		return c.aside(m, kind.Target, "poll.option", "option", markup.Line(kind.Option, longestOption))
	case content.Sealed:
		return c.sealed(m, kind)
	case content.Call:
		return c.call(m, kind)
	case content.Happening:
		return c.happening(m, kind)
	case content.Undecryptable:
		p.SourceID = sourceid.Derived(m.ID, sourceid.Waiting)
		p.Content = c.waiting()
	case content.Unavailable:
		p.SourceID = sourceid.Derived(m.ID, sourceid.Waiting)
		p.Content = c.unavailable(kind)
	case content.Unsupported:
		p = c.unsupported(p, kind)
	default: // a kind that nobody renders yet
		p = c.unsupported(p, content.Unsupported{Name: fmt.Sprintf("%T", kind)})
	}
	return c.surrounded(m, p)
}

// written is a text. Of an ad's button there may be none.
func (c Context) written(m content.Message, p Post, text content.Text) Post {
	switch {
	case strings.TrimSpace(text.Text) != "":
		p.Content = c.text(text.Text)
	case m.Ad != nil:
		p.Content = c.fromAd()
	default:
		p = c.unsupported(p, content.Unsupported{Name: "extendedTextMessage"})
	}
	return p
}

// finish adds what surrounds a content whatever its kind: whom it answers, who
// of a group wrote it.
func (c Context) finish(m content.Message, p Post) Post {
	p = c.quoted(m, p)
	return p.mapped(func(content string) string {
		if m.Group && !m.FromMe {
			content = c.groupSender(m) + "\n" + content
		}
		if p.Form != In {
			content = markup.ProtectLiquid(content)
		}
		return content
	})
}

// unsupported is the placeholder of a kind that has no converter yet.
func (c Context) unsupported(p Post, kind content.Unsupported) Post {
	p.Content = "⚠️ " + markup.Bold(c.Texts.Text("unsupported")) + " (" + markup.Literal(markup.Name(kind.Name)) + ")\n" + c.Texts.Text("open.phone")
	p.Unconverted = kind.Name
	if kind.Text != "" {
		p.Content += "\n\n" + c.text(kind.Text)
	}
	// It concerns an earlier message: done on the own phone that is a note to the desk.
	if p.Form == Echo && kind.Name == "secretEncryptedMessage" {
		p.Form = Note
	}
	return p
}
