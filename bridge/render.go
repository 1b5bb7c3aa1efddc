package bridge

import (
	"strings"
	"unicode/utf8"

	"github.com/wootbridge/wootbridge/bridge/catalogue"
	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp"
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
	Media *whatsapp.Media
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
func renderInbound(m whatsapp.Message, rc renderContext) []post {
	p := post{SourceID: sourceID(m.ID), Type: chatwoot.Incoming}
	if m.FromMe {
		p.Type, p.Echo = chatwoot.Outgoing, true
	}
	switch m.Kind {
	case whatsapp.KindProtocol:
		return nil
	case whatsapp.KindText:
		p.Content = rc.text(m.Text)
	case whatsapp.KindImage, whatsapp.KindVideo, whatsapp.KindRoundVideo, whatsapp.KindGIF,
		whatsapp.KindVoice, whatsapp.KindAudio, whatsapp.KindDocument, whatsapp.KindSticker:
		p.Media = m.Media
		p.Voice = m.Kind == whatsapp.KindVoice
		p.Content = rc.caption(m)
	case whatsapp.KindUndecryptable, whatsapp.KindUnavailable:
		p.SourceID += placeholderSuffix
		p.Content = rc.placeholder(m)
	case whatsapp.KindRevoke:
		return []post{rc.revoked(m, p)}
	case whatsapp.KindViewOnce:
		p.Content = "🔒 " + markup.Bold(rc.Words.Text(viewOnceKey(m))) + "\n" + rc.Words.Text("viewonce.hint")
	default:
		p.Content = rc.unsupported(m)
		if m.FromMe && concernsAnother[m.KindName] {
			p.Private, p.Echo = true, false
		}
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
func (rc renderContext) caption(m whatsapp.Message) string {
	switch m.Kind {
	case whatsapp.KindGIF:
		if m.Text == "" {
			return "🎬 GIF"
		}
	case whatsapp.KindSticker:
		return rc.Words.Text("sticker")
	case whatsapp.KindAudio:
		if m.Media != nil && m.Media.FileName != "" {
			return "🎵 " + markup.Escape(m.Media.FileName)
		}
		return "🎵 " + rc.Words.Text("kind.audio")
	case whatsapp.KindDocument:
		return rc.documentCaption(m)
	}
	return rc.text(m.Text)
}

// shownNameLength is how many characters of a file name the dashboard shows
// beside a caption.
const shownNameLength = 12

func (rc renderContext) documentCaption(m whatsapp.Message) string {
	if m.Text == "" || m.Media == nil {
		return rc.text(m.Text)
	}
	name := m.Media.FileName
	if utf8.RuneCountInString(name) <= shownNameLength || name == m.Text {
		if name == m.Text {
			return ""
		}
		return rc.text(m.Text)
	}
	return rc.text(m.Text) + "\n\n📎 " + markup.Escape(name)
}

func (rc renderContext) placeholder(m whatsapp.Message) string {
	if m.Unavailable == "view_once" {
		return "🔒 " + markup.Bold(rc.Words.Text("viewonce.photo")) + "\n" + rc.Words.Text("viewonce.hint")
	}
	return rc.waiting()
}

// waiting stands in the place of what should still come.
func (rc renderContext) waiting() string { return "⏳ *" + rc.Words.Text("waiting") + "*" }

func (rc renderContext) unsupported(m whatsapp.Message) string {
	content := "⚠️ " + markup.Bold(rc.Words.Text("unsupported")) + " (" + markup.Escape(kindName(m)) + ")\n" + rc.Words.Text("open.phone")
	if m.Text != "" {
		content += "\n\n" + rc.text(m.Text)
	}
	return content
}

func (rc renderContext) revoked(m whatsapp.Message, p post) post {
	return post{
		SourceID: p.SourceID, Type: chatwoot.Outgoing, Private: true, ReplyTo: m.Target,
		Content: markup.ProtectLiquid(rc.Words.Text("deleted", "name", markup.Escape(rc.author(m.FromMe, m.PushName, m.Sender.JID)))),
	}
}

// quoted threads the post to the message it answers, or shows a snippet of a
// message that this Chatwoot has never seen.
func (rc renderContext) quoted(m whatsapp.Message, p post) post {
	if m.Quote == nil || m.Quote.ID == "" {
		return p
	}
	if rc.QuoteKnown {
		p.ReplyTo = m.Quote.ID
		return p
	}
	snippet := markup.Snippet(m.Quote.Text, quoteSnippetLength)
	if snippet == "" {
		snippet = rc.kindWord(m.Quote.Kind)
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

func (rc renderContext) kindWord(kind whatsapp.Kind) string {
	switch kind {
	case whatsapp.KindImage:
		return "📷 " + rc.Words.Text("kind.photo")
	case whatsapp.KindVideo, whatsapp.KindGIF, whatsapp.KindRoundVideo:
		return "🎬 " + rc.Words.Text("kind.video")
	case whatsapp.KindVoice:
		return "🎤 " + rc.Words.Text("kind.voice")
	case whatsapp.KindAudio:
		return "🎵 " + rc.Words.Text("kind.audio")
	case whatsapp.KindDocument:
		return "📎 " + rc.Words.Text("kind.document")
	case whatsapp.KindSticker:
		return rc.Words.Text("sticker")
	default:
		return "…"
	}
}

func viewOnceKey(m whatsapp.Message) string {
	if m.Media == nil {
		return "viewonce.photo"
	}
	switch m.Media.Kind {
	case whatsapp.KindVideo:
		return "viewonce.video"
	case whatsapp.KindVoice, whatsapp.KindAudio:
		return "viewonce.voice"
	default:
		return "viewonce.photo"
	}
}

func kindName(m whatsapp.Message) string {
	if m.KindName != "" {
		return m.KindName
	}
	return string(m.Kind)
}

// groupSender is the line that says who of a group wrote.
func groupSender(m whatsapp.Message) string {
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
