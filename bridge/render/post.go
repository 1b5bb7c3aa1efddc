package render

import (
	"unicode/utf8"

	"github.com/wootbridge/wootbridge/bridge/catalogue"
	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// Form is how a post looks in the dashboard. What answers another message, in
// any form, is threaded to it; see Post.ReplyTo.
type Form int

// The forms.
const (
	In   Form = iota // the customer's: a grey bubble that wakes the conversation
	Echo             // the desk's own, written on the phone: a blue bubble
	Note             // for agents only: an amber bubble
	Pill             // what happened beside the messages: a small grey line, which is HTML
)

// Post is one Chatwoot message that a WhatsApp message becomes.
type Post struct {
	SourceID string
	Form     Form
	Content  string
	// ReplyTo is the WhatsApp id of the message that this one is threaded to,
	// or empty.
	ReplyTo string
	// Attach is the file to fetch and attach, or nil.
	Attach *content.Media
}

// Voice reports whether the post's file is a voice note.
func (p Post) Voice() bool { return p.Attach != nil && p.Attach.Kind == content.Voice }

// Opens reports whether posts need a conversation that is open: notes go into
// the one that there is, be it resolved.
func Opens(posts []Post) bool {
	for _, p := range posts {
		if p.Form != Note {
			return true
		}
	}
	return false
}

// Context is what rendering needs to know besides the message.
type Context struct {
	Texts catalogue.Catalogue
	// Formatting converts WhatsApp's marks into markdown; otherwise the text
	// is only escaped.
	Formatting bool
	// QuoteKnown says that the quoted message has a Chatwoot message.
	QuoteKnown bool
}

// text is what a person wrote, as markdown.
func (c Context) text(text string) string {
	if c.Formatting {
		return markup.ToMarkdown(text)
	}
	return markup.Escape(text)
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

// above puts a line of ours over a text.
func above(first, rest string) string {
	if first == "" || rest == "" {
		return first + rest
	}
	return first + "\n\n" + rest
}
