package render

import (
	"html"
	"strconv"
	"strings"
	"time"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// How reactions and edits are shown, as the settings call it.
const (
	AsNote    = "note"
	AsMessage = "message"
	NotShown  = "off"
)

// targetSnippet is how much of an earlier message is shown of which a line speaks.
const targetSnippet = 40

// longestEmoji is how much of a reaction is shown, in characters.
const longestEmoji = 32

// reacted is the line that says how somebody reacted to an earlier message. In a group
// it is a small one, which shows what it was, as it cannot be threaded.
func (c Context) reacted(m content.Message, r content.Reaction) []Post {
	if c.Reactions == NotShown {
		return nil
	}
	p := Post{SourceID: sourceid.Of(m.ID), Form: Note, ReplyTo: r.Target}
	switch {
	case c.Reactions == AsMessage && !m.FromMe:
		p.Form = In
	case m.Group && c.Reactions != AsMessage && c.Events != EventNote:
		p.Form, p.ReplyTo = Pill, ""
	}
	emoji, snippet := r.Emoji, c.snippet(c.Target)
	key, alone := "reacted", "reacted.snippet"
	switch {
	case r.Emoji == "":
		key, alone, emoji = "reaction.removed", "reaction.removed", c.Before
	case r.Status:
		key, alone = "reacted.status", "reacted.status"
	case snippet == "":
		alone = "reacted"
	}
	if p.Form == Pill {
		key = alone
	}
	values := []string{"emoji", markup.Line(emoji, longestEmoji), "snippet", snippet}
	p.Content = c.line(m, p.Form, key, values...)
	if p.Form != Pill && alone != key {
		p.Unthreaded = c.line(m, p.Form, alone, values...)
	}
	return []Post{p}
}

// edited is an earlier message as it is now, below what it was. What the own phone does
// to its messages is for agents only.
func (c Context) edited(m content.Message, e content.Edit) []Post {
	if e.Unfinished {
		return nil
	}
	p := Post{SourceID: sourceid.Of(m.ID), ReplyTo: e.Target}
	if c.Edits == AsNote || m.FromMe {
		p.Form = Note
	}
	version := c.version(m, e.New)
	p.Content = above("*✏️ "+markup.Literal(c.Texts.Text("edited"))+"*", version.Content)
	p.Unconverted = version.Unconverted
	m.Quote = nil
	return []Post{c.finish(m, p)}
}

// version is a new version of a message in words: the beginning of a post.
func (c Context) version(m content.Message, of content.Content) Post {
	if media, ok := of.(content.Media); ok {
		if media.Caption == "" {
			return Post{Content: markup.Literal(c.kindWord(media))}
		}
		return Post{Content: c.text(media.Caption)}
	}
	posts := c.message(content.Message{ID: m.ID, Chat: m.Chat, Sender: m.Sender, At: m.At, Content: of})
	if len(posts) == 0 {
		return Post{}
	}
	return posts[0]
}

// pinned says that an earlier message is on top of the chat now, or no longer.
func (c Context) pinned(m content.Message, p content.Pin) []Post {
	key := "pin.on"
	if p.Off {
		key = "pin.off"
	}
	snippet := c.snippet(c.Target)
	if snippet != "" {
		key += ".snippet"
	}
	return c.aside(m, p.Target, key, "snippet", snippet)
}

// kept says that an earlier message does not disappear, or does again.
func (c Context) kept(m content.Message, k content.Keep) []Post {
	if k.Off {
		return c.aside(m, k.Target, "keep.off")
	}
	return c.aside(m, k.Target, "keep.on")
}

// timer says after what time messages disappear from now on.
func (c Context) timer(m content.Message, t content.Timer) []Post {
	if t.After <= 0 {
		return c.aside(m, "", "timer.off")
	}
	return c.aside(m, "", "timer.on", "time", c.duration(t.After))
}

// duration is a time as people say it: 24 hours, 7 days.
func (c Context) duration(d time.Duration) string {
	const day = 24 * time.Hour
	for _, unit := range []struct {
		length, from time.Duration
		key          string
	}{{day, 2 * day, "span.day"}, {time.Hour, time.Hour, "span.hour"}, {time.Minute, time.Minute, "span.minute"}, {time.Second, 0, "span.second"}} {
		if d < unit.from || d%unit.length != 0 {
			continue
		}
		if n := int64(d / unit.length); n != 1 {
			return c.Texts.Text(unit.key+"s", "n", strconv.FormatInt(n, 10))
		}
		return c.Texts.Text(unit.key)
	}
	return d.String()
}

// numberShared says that a customer shows the phone number.
func (c Context) numberShared(m content.Message) []Post {
	if number := phoneNumber(m.Sender); number != "" && !m.FromMe {
		return c.aside(m, "", "number.shared.as", "number", number)
	}
	return c.aside(m, "", "number.shared")
}

func (c Context) sharingLimited(m content.Message, s content.SharingLimited) []Post {
	if s.Off {
		return c.aside(m, "", "sharing.free")
	}
	return c.aside(m, "", "sharing.limited")
}

func (c Context) memberLabel(m content.Message, l content.MemberLabel) []Post {
	label := markup.Name(l.Label)
	if label == "" {
		return c.aside(m, "", "label.off")
	}
	return c.aside(m, "", "label.on", "label", label)
}

// aside is the small line for what happened beside the messages. Where it is a note, it
// is threaded to the message that it is about.
func (c Context) aside(m content.Message, target, key string, values ...string) []Post {
	p := Post{SourceID: sourceid.Of(m.ID), Form: Pill}
	switch c.Events {
	case EventOff:
		return nil
	case EventNote:
		p.Form, p.ReplyTo = Note, target
	}
	p.Content = c.line(m, p.Form, key, values...)
	return []Post{p}
}

// line is a text about what somebody did, as HTML where it is a small line. Of the values
// nothing has been escaped. What the desk's own phone did has texts of its own.
func (c Context) line(m content.Message, form Form, key string, values ...string) string {
	escape := markup.Literal
	if form == Pill {
		escape = html.EscapeString
	}
	pairs := []string{"name", escape(markup.Name(c.author(m.FromMe, m.PushName, phoneJID(m.Sender))))}
	for i := 0; i+1 < len(values); i += 2 {
		pairs = append(pairs, values[i], escape(values[i+1]))
	}
	if own := key + ".you"; m.FromMe && c.Texts.Text(own) != own {
		key = own
	}
	text := strings.TrimSpace(c.Texts.Text(key, pairs...))
	if form == Note || form == Echo {
		text = markup.ProtectLiquid(text)
	}
	return text
}

// snippet is the beginning of an earlier message, or the word for its kind.
func (c Context) snippet(of content.Content) string {
	if of == nil {
		return ""
	}
	if snippet := markup.Snippet(textOf(of), targetSnippet); snippet != "" {
		return snippet
	}
	if word := c.kindWord(of); word != "…" {
		return word
	}
	return ""
}

// phoneJID is the form of a person's address with the phone number, if it is known.
func phoneJID(a content.Address) string {
	if phoneNumber(content.Address{JID: a.JID}) == "" && phoneNumber(content.Address{JID: a.Alt}) != "" {
		return a.Alt
	}
	return a.JID
}
