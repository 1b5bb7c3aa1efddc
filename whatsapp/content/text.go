package content

import (
	"cmp"
	"strings"

	"go.mau.fi/whatsmeow/proto/waE2E"
)

// Text is a text as sent, with WhatsApp's marks for bold and the like.
type Text struct{ Text string }

func (Text) isContent() {}

func plainText(text string) (Content, *waE2E.ContextInfo) { return Text{clean(text)}, nil }

func extendedText(x *waE2E.ExtendedTextMessage) (Content, *waE2E.ContextInfo) {
	text := x.GetText()
	if text == "" { // the card of a link, and nothing beside it
		text = cmp.Or(x.GetMatchedText(), x.GetTitle(), x.GetDescription())
	}
	if rows := pills(x.GetContextInfo()); len(rows) > 0 {
		return Menu{Body: clean(text), Sections: []Section{{Rows: rows}}}, x.GetContextInfo()
	}
	return Text{clean(text)}, x.GetContextInfo()
}

// longestText is WhatsApp's own limit for a text, in characters, and one more, by which
// who shows it knows that it goes on. What is longer was made to be a burden.
const longestText = 65_536 + 1

// clean removes what neither JSON nor Postgres nor Chatwoot can hold, and what is
// beyond what WhatsApp itself lets people write.
func clean(text string) string {
	return cut(strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "\uFFFD"), longestText)
}

// longestLabel is more than WhatsApp lets anybody write on a button or in a row.
const longestLabel = 2048

// label is clean for what is one of many.
func label(text string) string {
	const mostBytes = 4 * longestLabel
	if len(text) > mostBytes {
		text = text[:mostBytes]
	}
	return cut(clean(text), longestLabel)
}

// cut is the beginning of a text, at most so many characters long.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for at := range text {
		if most == 0 {
			return text[:at]
		}
		most--
	}
	return text
}
