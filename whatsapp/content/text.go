package content

import (
	"strings"

	"go.mau.fi/whatsmeow/proto/waE2E"
)

// Text is a text as sent, with WhatsApp's marks for bold and the like.
type Text struct{ Text string }

func (Text) isContent() {}

func plainText(text string) (Content, *waE2E.ContextInfo) { return Text{clean(text)}, nil }

func extendedText(x *waE2E.ExtendedTextMessage) (Content, *waE2E.ContextInfo) {
	return Text{clean(x.GetText())}, x.GetContextInfo()
}

// clean removes what neither JSON nor Postgres nor Chatwoot can hold.
func clean(text string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "\uFFFD")
}
