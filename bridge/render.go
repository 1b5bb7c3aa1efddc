package bridge

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/wootbridge/wootbridge/bridge/catalogue"
	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// post is one Chatwoot message that a WhatsApp message becomes.
type post struct {
	SourceID string
	Content  string
	Type     chatwoot.MessageType
	Private  bool
	Echo     bool
	Voice    bool
	// Leads says that a customer's message follows at once: the post belongs
	// where that one will be.
	Leads bool
	// ReplyTo is the WhatsApp id of the message that this one answers.
	ReplyTo string
	// Media is the file to fetch and attach, or nil.
	Media *content.Media
}

// sourcePrefix marks everything that a bridge creates in Chatwoot. Other
// bridges use it too, so that their conversations can be taken over.
const sourcePrefix = "WAID:"

func sourceID(id string) string { return sourcePrefix + id }

// waID is the WhatsApp message id in a source id or a link: without the prefix,
// and without the suffix that sets a derived message apart.
func waID(id string) string {
	id, _, _ = strings.Cut(strings.TrimPrefix(id, sourcePrefix), "#")
	return id
}

// isOwnSource reports whether a Chatwoot message was created by the bridge.
func isOwnSource(id string) bool { return strings.HasPrefix(id, sourcePrefix) }

// renderContext is what rendering needs to know besides the message.
type renderContext struct {
	Words catalogue.Catalogue
	// Formatting converts WhatsApp's marks into markdown; otherwise the text
	// is only escaped.
	Formatting bool
	// QuoteKnown says that the quoted message has a Chatwoot message.
	QuoteKnown bool
	// OwnName stands for the desk's own side in quotes.
	OwnName string
}

// renderInbound turns a decoded WhatsApp message into what agents see, in the
// forms of the presentation guide. It is pure. No post at all means that there
// is nothing to show.
func renderInbound(m content.Message, rc renderContext) []post {
	p := post{SourceID: sourceID(m.ID), Type: chatwoot.Incoming}
	if m.FromMe {
		p.Type, p.Echo = chatwoot.Outgoing, true
	}
	switch c := m.Content.(type) {
	case content.Nothing:
		return nil
	case content.Text:
		p.Content = rc.text(c.Text)
	case content.Media:
		if c.File != nil {
			p.Media = &c
		}
		p.Voice = c.Kind == content.Voice
		p.Content = rc.caption(c)
	case content.Undecryptable:
		p.SourceID += placeholderSuffix
		p.Content = rc.waiting()
	case content.Unavailable:
		p.SourceID += placeholderSuffix
		p.Content = rc.placeholder(c)
	case content.Revoke:
		return []post{rc.revoked(m, c, p)}
	case content.ViewOnce:
		p.Content = "🔒 " + markup.Bold(rc.Words.Text(viewOnceKey(c.Kind))) + "\n" + rc.Words.Text("viewonce.hint")
	case content.Unsupported:
		p.Content = rc.unsupported(c)
		if m.FromMe && concernsAnother[c.Name] {
			p.Private, p.Echo = true, false
		}
	default: // a kind that nobody renders yet
		p.Content = rc.unsupported(content.Unsupported{Name: fmt.Sprintf("%T", c)})
	}
	p = rc.quoted(m, p)
	if m.Group && !m.FromMe {
		p.Content = groupSender(m) + "\n" + p.Content
	}
	if p.Type == chatwoot.Outgoing {
		p.Content = markup.ProtectLiquid(p.Content)
	}
	p.Content = clip(p.Content)
	return []post{p}
}

// fileSuffix marks the post of a file that came after its message.
const fileSuffix = "#file"

// missingSuffix marks the note that says that a file will not come.
const missingSuffix = "#missing"

// concernsAnother are the kinds that say something about an earlier message.
// Done on the own phone they are a note to the desk, not a new message of it.
var concernsAnother = map[string]bool{
	"edit": true, "reactionMessage": true, "encReactionMessage": true, "pinInChatMessage": true, "pollUpdateMessage": true,
}

// placeholderSuffix keeps the placeholder of a message that could not be read
// apart from the message itself, which comes under the same WhatsApp id.
const placeholderSuffix = "#waiting"

func (rc renderContext) text(text string) string {
	if rc.Formatting {
		return markup.ToMarkdown(text)
	}
	return markup.Escape(text)
}

// caption is the text beside a file: the customer's, or the one word that
// keeps a sticker or a GIF small. A bare photo stays bare, because any text
// shrinks it to a thumbnail.
func (rc renderContext) caption(m content.Media) string {
	switch m.Kind {
	case content.GIF:
		if m.Caption == "" {
			return "🎬 GIF"
		}
	case content.Sticker:
		return rc.Words.Text("sticker")
	case content.Audio:
		if m.File != nil && m.File.Name != "" {
			return "🎵 " + markup.Escape(m.File.Name)
		}
		return "🎵 " + rc.Words.Text("kind.audio")
	case content.Document:
		return rc.documentCaption(m)
	}
	return rc.text(m.Caption)
}

// shownNameLength is how many characters of a file name the dashboard shows
// beside a caption.
const shownNameLength = 12

func (rc renderContext) documentCaption(m content.Media) string {
	if m.Caption == "" || m.File == nil {
		return rc.text(m.Caption)
	}
	name := m.File.Name
	if utf8.RuneCountInString(name) <= shownNameLength || name == m.Caption {
		if name == m.Caption {
			return ""
		}
		return rc.text(m.Caption)
	}
	return rc.text(m.Caption) + "\n\n📎 " + markup.Escape(name)
}

func (rc renderContext) placeholder(u content.Unavailable) string {
	if u.Reason == "view_once" {
		return "🔒 " + markup.Bold(rc.Words.Text("viewonce.photo")) + "\n" + rc.Words.Text("viewonce.hint")
	}
	return rc.waiting()
}

// waiting stands in the place of what should still come.
func (rc renderContext) waiting() string { return "⏳ *" + rc.Words.Text("waiting") + "*" }

func (rc renderContext) unsupported(u content.Unsupported) string {
	text := "⚠️ " + markup.Bold(rc.Words.Text("unsupported")) + " (" + markup.Escape(u.Name) + ")\n" + rc.Words.Text("open.phone")
	if u.Text != "" {
		text += "\n\n" + rc.text(u.Text)
	}
	return text
}

func (rc renderContext) revoked(m content.Message, r content.Revoke, p post) post {
	return post{
		SourceID: p.SourceID, Type: chatwoot.Outgoing, Private: true, ReplyTo: r.Target,
		Content: markup.ProtectLiquid(rc.Words.Text("deleted", "name", markup.Escape(rc.author(m.FromMe, m.PushName, m.Sender.JID)))),
	}
}

// quoted threads the post to the message it answers, or shows a snippet of a
// message that this Chatwoot has never seen.
func (rc renderContext) quoted(m content.Message, p post) post {
	if m.Quote == nil || m.Quote.ID == "" {
		return p
	}
	if rc.QuoteKnown {
		p.ReplyTo = m.Quote.ID
		return p
	}
	snippet := markup.Snippet(textOf(m.Quote.Content), quoteSnippetLength)
	if snippet == "" {
		snippet = rc.kindWord(m.Quote.Content)
	}
	fromMe := m.Quote.Sender != "" && m.Quote.Sender != m.Chat.JID && m.Quote.Sender != m.Chat.Alt
	quote := markup.QuoteUnknown(rc.author(fromMe, "", m.Quote.Sender), snippet)
	p.Content = strings.TrimRight(quote+"\n\n"+p.Content, "\n")
	return p
}

const quoteSnippetLength = 60

// author names who wrote something, without ever showing a LID.
func (rc renderContext) author(fromMe bool, pushName, jid string) string {
	switch {
	case fromMe:
		return rc.Words.Text("you")
	case pushName != "":
		return pushName
	case strings.HasSuffix(jid, "@s.whatsapp.net"):
		return "+" + jidUser(jid)
	default:
		return "WhatsApp"
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
	default:
		return ""
	}
}

func (rc renderContext) kindWord(c content.Content) string {
	m, _ := c.(content.Media)
	switch m.Kind {
	case content.Image:
		return "📷 " + rc.Words.Text("kind.photo")
	case content.Video, content.GIF, content.RoundVideo:
		return "🎬 " + rc.Words.Text("kind.video")
	case content.Voice:
		return "🎤 " + rc.Words.Text("kind.voice")
	case content.Audio:
		return "🎵 " + rc.Words.Text("kind.audio")
	case content.Document:
		return "📎 " + rc.Words.Text("kind.document")
	case content.Sticker:
		return rc.Words.Text("sticker")
	default:
		return "…"
	}
}

func viewOnceKey(kind content.MediaKind) string {
	switch kind {
	case content.Video:
		return "viewonce.video"
	case content.Voice, content.Audio:
		return "viewonce.voice"
	default:
		return "viewonce.photo"
	}
}

// groupSender is the line that says who of a group wrote.
func groupSender(m content.Message) string {
	number := ""
	for _, jid := range []string{m.Sender.JID, m.Sender.Alt} {
		if strings.HasSuffix(jid, "@s.whatsapp.net") {
			number = "+" + jidUser(jid)
		}
	}
	switch {
	case m.PushName != "" && number != "":
		return markup.Bold("~"+m.PushName) + " (" + number + "):"
	case m.PushName != "":
		return markup.Bold("~" + m.PushName + ":")
	case number != "":
		return markup.Bold(number + ":")
	default:
		return markup.Bold("WhatsApp:")
	}
}

// maxContent is Chatwoot's limit for one message, in characters.
const maxContent = 150_000

// clip keeps a content within what Chatwoot stores. WhatsApp's own limit is
// 65,536 characters, so only escaping at its worst ever reaches it.
func clip(content string) string {
	if utf8.RuneCountInString(content) <= maxContent {
		return content
	}
	return string([]rune(content)[:maxContent-1]) + "…"
}

func jidUser(jid string) string {
	user, _, _ := strings.Cut(jid, "@")
	return user
}
