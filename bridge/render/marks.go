package render

import (
	"html"
	"slices"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// EventForm is how events are shown that are no messages.
type EventForm string

// The forms of events; the zero value is a pill.
const (
	EventPill EventForm = "pill"
	EventNote EventForm = "note"
	EventOff  EventForm = "off"
)

// OwnMessages is how messages are shown that were typed on the own phone.
type OwnMessages string

// The ways; the zero value is OwnOutgoing.
const (
	OwnOutgoing OwnMessages = "outgoing"
	OwnNote     OwnMessages = "note"
	OwnOff      OwnMessages = "off"
)

// surrounded adds what surrounds a content whatever its kind: that it was forwarded,
// whom it answers, who of a group wrote it, and the ad that it came from.
func (c Context) surrounded(m content.Message, p Post) []Post {
	var posts []Post
	_, mark := c.mark(m)
	bare := p.Attach != nil && p.Content == "" && (!m.Group || m.FromMe)
	switch {
	case mark == "" || p.Form == Note:
	case bare: // a text beside it would make it small
		if pill, shown := c.eventLine(sourceid.Derived(m.ID, sourceid.Forwarded), mark); shown {
			posts = append(posts, pill)
		}
	default:
		p = c.marked(m, p)
	}
	file, caption := c.apart(m, p)
	if caption.SourceID == "" {
		posts = append(posts, c.finish(m, file))
	} else {
		posts = append(posts, c.finishApart(m, file, caption)...)
	}
	if m.Ad != nil && !m.FromMe {
		posts = append(posts, c.adNote(m))
	}
	return posts
}

// mark says, in plain words, that something was published as a status, or how often it was
// forwarded, and from which channel; "" if there is nothing to say.
func (c Context) mark(m content.Message) (icon, words string) {
	var said []string
	switch m.Forwarded {
	case content.ForwardedOnce:
		icon, said = "↪", append(said, c.Texts.Text("forwarded"))
	case content.ForwardedOften:
		icon, said = "↪", append(said, c.Texts.Text("forwarded.many"))
	}
	if m.Status {
		icon, said = "📢", append([]string{c.Texts.Text("status")}, said...)
	}
	if channel := markup.Name(m.Channel); channel != "" {
		said = append(said, channel)
	}
	return icon, strings.Join(said, " · ")
}

// marked is a post with the mark above its text.
func (c Context) marked(m content.Message, p Post) Post {
	if icon, words := c.mark(m); words != "" {
		p.Content = above("*"+icon+" "+markup.Literal(words)+"*", p.Content)
	}
	return p
}

// eventLine is a small grey line, or what the line has in its place.
func (c Context) eventLine(source, text string) (p Post, shown bool) {
	p = Post{SourceID: source, Form: Pill, Content: html.EscapeString(text)}
	if c.Events == EventNote {
		p.Form, p.Content = Note, markup.ProtectLiquid(markup.Literal(text))
	}
	return p, c.Events != EventOff
}

// apart gives a file and its caption as two posts, where the line has them so; the zero
// caption if there is none, or it stays beside the file.
func (c Context) apart(m content.Message, p Post) (file, caption Post) {
	media, ok := shownMedia(m.Content)
	if !c.CaptionsApart || !ok || p.Attach == nil || media.Caption == "" || !media.Kind.TakesCaption() || media.Kind == content.Sticker {
		return p, Post{}
	}
	caption = Post{SourceID: sourceid.Derived(m.ID, sourceid.Caption), Form: p.Form, ReplyTo: m.ID, Content: c.text(media.Caption)}
	caption = c.marked(m, caption)
	media.Caption = ""
	p.Content = c.caption(media)
	return p, caption
}

// finishApart finishes both. What the file answers stands beside the caption where it is
// not in the conversation: beside the file it would make it small.
func (c Context) finishApart(m content.Message, file, caption Post) []Post {
	alone := m
	alone.Quote = nil
	if c.QuoteKnown {
		return []Post{c.finish(m, file), c.finish(alone, caption)}
	}
	quoted := c.quoted(m, caption)
	return []Post{c.finish(alone, file), c.finish(alone, quoted)}
}

// shownMedia is the media in a content, if it may be shown.
func shownMedia(c content.Content) (m content.Media, ok bool) {
	switch c := c.(type) {
	case content.Media:
		return c, true
	case content.ViewOnce:
		return c.Media, true
	default:
		return content.Media{}, false
	}
}

// ofOwnPhone gives what was typed on the own phone the form that the line has for it.
func (c Context) ofOwnPhone(posts []Post) []Post {
	switch c.Own {
	case OwnNote:
		for i := range posts {
			if posts[i].Form == Echo {
				posts[i].Form = Note
			}
		}
	case OwnOff:
		if slices.ContainsFunc(posts, func(p Post) bool { return p.Form == Echo }) {
			return nil
		}
	}
	return posts
}
