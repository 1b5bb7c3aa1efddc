package render

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// Form is how a post looks in the dashboard. What answers another message, in
// any form, is threaded to it; see Post.ReplyTo.
type Form int

// The forms.
const (
	In    Form = iota // the customer's: a grey bubble that wakes the conversation
	Echo              // the desk's own, written on the phone: a blue bubble
	Note              // for agents only: an amber bubble
	Pill              // what happened beside the messages: a small grey line, which is HTML
	Reply             // to the customer: it is sent as an agent's message
)

// Post is one Chatwoot message that a WhatsApp message becomes.
type Post struct {
	SourceID string
	Form     Form
	Content  string
	// ReplyTo is the WhatsApp id of the message that this one is threaded to,
	// or empty.
	ReplyTo string
	// ReplyToPart is the part of that message, where it has several.
	ReplyToPart int
	// Unthreaded is the content where that message is not in the conversation: it
	// says what is answered. Empty if Content does for that, too.
	Unthreaded string
	// Below is the source id of the post that this one is threaded to instead of ReplyTo:
	// the placeholder in whose place it comes.
	Below string
	// Attach is the file to fetch and attach, or nil.
	Attach *content.Media
	// Part is the part of the message whose file that is.
	Part int
	// Unconverted is the name of a kind that the post is the placeholder of, or empty.
	Unconverted string
	// Files are attached, too: small ones that came within the message.
	Files []Enclosed
	// Optional says that nobody misses these where Chatwoot refuses them.
	Optional bool
}

// Enclosed is a file that needs no fetching.
type Enclosed struct {
	Name, MIME string // the name still has to be made safe
	Content    []byte
}

// Alone is the post where the message that it answers is not in the conversation.
func (p Post) Alone() Post {
	if p.Unthreaded != "" {
		p.Content, p.Unthreaded = p.Unthreaded, ""
	}
	p.ReplyTo, p.ReplyToPart, p.Below = "", 0, ""
	return p
}

// mapped is the post with other contents.
func (p Post) mapped(change func(content string) string) Post {
	p.Content = change(p.Content)
	if p.Unthreaded != "" {
		p.Unthreaded = change(p.Unthreaded)
	}
	return p
}

// Voice reports whether the post's file is a voice note.
func (p Post) Voice() bool { return p.Attach != nil && p.Attach.Kind == content.Voice }

// Opens reports whether posts need a conversation that is open: notes and small lines
// go into the one that there is, be it resolved.
func Opens(posts []Post) bool {
	for _, p := range posts {
		if p.Form != Note && p.Form != Pill {
			return true
		}
	}
	return false
}

// text is what a person wrote, as markdown. Where that is not all of it, it says so.
func (c Context) text(text string) string {
	text, show := c.hideNames(text)
	shown := markup.Cut(text, cmp.Or(c.longest, maxText))
	convert := markup.Escape
	if c.Formatting {
		convert = markup.ToMarkdown
	}
	if shown == text {
		return show(convert(text))
	}
	return show(convert(shown)) + "\n\n⚠️ " + markup.Bold(c.Texts.Text("text.long")) + "\n" + c.Texts.Text("open.phone")
}

const (
	// maxContent is Chatwoot's limit for one message, in characters.
	maxContent = 150_000
	// maxText is WhatsApp's for a text.
	maxText = 65_536
	// minText is what fits whatever becomes of it.
	minText = 1024
)

// fitting makes posts that Chatwoot stores. Where a text at its worst becomes too long,
// less of it is shown: cut after the conversion, its formatting would lose its end.
func fitting(c Context, makePosts func(Context) []Post) []Post {
	for c.longest = maxText; ; c.longest /= 2 {
		posts := makePosts(c)
		tooLong := slices.ContainsFunc(posts, func(p Post) bool {
			return utf8.RuneCountInString(p.Content) > maxContent || utf8.RuneCountInString(p.Unthreaded) > maxContent
		})
		if !tooLong || c.longest <= minText {
			return posts
		}
	}
}

// above puts a line of ours over a text.
func above(first, rest string) string {
	if first == "" || rest == "" {
		return first + rest
	}
	return first + "\n\n" + rest
}
