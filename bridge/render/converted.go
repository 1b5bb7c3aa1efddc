package render

import (
	"strings"

	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// Converted renders a message whose placeholder was posted under its source id before:
// the message itself comes below that.
func Converted(m content.Message, c Context) []Post {
	c.QuoteKnown = false // what it answers is a snippet: it is threaded to its placeholder
	posts := Message(m, c)
	for i, p := range posts {
		if p.SourceID != sourceid.Of(m.ID) {
			continue
		}
		p = p.Alone()
		p.SourceID, p.ReplyTo, p.Unthreaded = sourceid.Derived(m.ID, sourceid.Converted), m.ID, p.Content
		posts[i] = p
	}
	return posts
}

// placeholderMark is how the first line of a placeholder begins, in every language.
const placeholderMark = "⚠️ **"

// IsPlaceholder reports whether a text that was posted names a kind without a converter,
// below whom it quotes and who of a group wrote it.
func IsPlaceholder(posted string) bool { return strings.Contains(posted, placeholderMark) }
