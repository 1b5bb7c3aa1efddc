package render

import (
	"cmp"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

const quoteSnippetLength = 60

// quoted threads the post to the message it answers, and shows a snippet of one that
// is not in the conversation.
func (c Context) quoted(m content.Message, p Post) Post {
	if m.Quote == nil || m.Quote.ID == "" {
		return p
	}
	snippet := markup.Snippet(c.mentioning(m.Quote.Mentions).named(textOf(m.Quote.Content)), quoteSnippetLength)
	if snippet == "" {
		snippet = c.kindWord(m.Quote.Content)
	}
	quote := markup.QuoteUnknown(c.quoteAuthor(m), snippet)
	unthreaded := strings.TrimRight(quote+"\n\n"+p.Content, "\n")
	if c.QuoteKnown {
		p.ReplyTo, p.Unthreaded = m.Quote.ID, unthreaded
	} else {
		p.Content = unthreaded
	}
	return p
}

// longestAuthor is how much of an author's name stands before where something was
// written.
const longestAuthor = 30

// statusChat is where people's statuses are.
const statusChat = "status@broadcast"

// quoteAuthor names who wrote what a message answers, and where, if that is not here.
func (c Context) quoteAuthor(m content.Message) string {
	author, known := c.nameOf(m.Quote.Sender)
	switch {
	case c.isOwnQuote(m):
		author = c.Texts.Text("you")
	case !known:
		author = unknownPerson
	}
	where := ""
	switch {
	case m.Quote.Chat == statusChat:
		where = c.Texts.Text("status")
	case strings.HasSuffix(m.Quote.Chat, groupServer) && m.Quote.Chat != m.Chat.JID:
		if where = markup.Line(cmp.Or(m.Quote.ChatName, c.QuotedGroup), longestAuthor); where == "" {
			where = c.Texts.Text("group")
		}
	default:
		return author
	}
	return markup.Line(author, longestAuthor) + " · " + where
}

// isOwnQuote reports whether a message answers one of the desk's own. In a chat of
// two that is everybody's but the customer's, unless somebody knows better.
func (c Context) isOwnQuote(m content.Message) bool {
	q := m.Quote
	person, known := c.People[q.Sender]
	switch {
	case person.Own:
		return true
	case known, q.Sender == "", m.Group, strings.HasSuffix(q.Chat, groupServer):
		return false
	default:
		return q.Sender != m.Chat.JID && q.Sender != m.Chat.Alt
	}
}

// textOf is the text in a quoted content.
func textOf(c content.Content) string {
	switch c := c.(type) {
	case content.Text:
		return c.Text
	case content.Media:
		return c.Caption
	case content.ViewOnce:
		return c.Caption
	case content.Unsupported:
		return c.Text
	case content.Poll:
		return c.Question
	case content.Menu:
		return menuTitle(c)
	case content.Choice:
		return c.Title
	case content.Location:
		return c.Name
	case content.Contacts:
		return nameOf(c)
	case content.Form:
		return c.Title
	default:
		return saidIn(c)
	}
}

// kindWord is what stands for a quoted content without a text.
func (c Context) kindWord(quoted content.Content) string {
	if l, ok := quoted.(content.Location); ok {
		if l.Live {
			return "📡 " + c.Texts.Text("live")
		}
		return "📍 " + c.Texts.Text("location")
	}
	switch kind := quoted.(type) {
	case content.Contacts:
		return c.contactsWord(kind)
	case content.ViewOnce:
		return "🔒 " + c.Texts.Text(viewOnceKey(kind.Kind))
	case content.Album:
		return "🖼 " + c.Texts.Text("kind.album")
	}
	if _, ok := quoted.(content.Form); ok {
		return "📝 " + c.Texts.Text("flow.answered")
	}
	if menu, ok := quoted.(content.Menu); ok {
		return c.menuWord(menu)
	}
	m, _ := quoted.(content.Media)
	switch m.Kind {
	case content.Image:
		return "📷 " + c.Texts.Text("kind.photo")
	case content.GIF:
		return "🎬 " + c.Texts.Text("kind.gif")
	case content.Video, content.RoundVideo:
		return "🎬 " + c.Texts.Text("kind.video")
	case content.Voice:
		return "🎤 " + c.Texts.Text("kind.voice")
	case content.Audio:
		return "🎵 " + c.Texts.Text("kind.audio")
	case content.Document:
		name := ""
		if m.File != nil {
			name = markup.Line(m.File.Name, quoteSnippetLength)
		}
		return "📎 " + cmp.Or(name, c.Texts.Text("kind.document"))
	case content.Sticker:
		return c.Texts.Text("sticker")
	default:
		return c.wordOf(quoted)
	}
}

// revoked is the note that says, below a message, that it was deleted for
// everyone.
func (c Context) revoked(m content.Message, r content.Revoke) Post {
	return Post{
		SourceID: sourceid.Of(m.ID), Form: Note, ReplyTo: r.Target,
		Content: markup.ProtectLiquid(c.Texts.Text("deleted", "name", markup.Literal(markup.Name(c.author(m.FromMe, m.PushName, m.Sender.JID))))),
	}
}
