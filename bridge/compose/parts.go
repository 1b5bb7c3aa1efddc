package compose

import (
	"strings"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/bridge/media"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// TextPart is the number of a text that goes by itself.
const TextPart = 0

// Part is one WhatsApp message of an agent's message.
type Part struct {
	// Number is stable for ever: it is in the WhatsApp message id. 0 is a text
	// of its own, files count from 1 in the order of their attachment ids.
	Number int
	// Text is the whole message, or the caption beside File.
	Text string
	// Place is the point on the map that the text was, which then is empty; or nil.
	Place *content.Place
	// File is the attachment to fetch and send, or nil.
	File *chatwoot.Attachment
	// VoiceNote asks for a voice note, if the file can become one.
	VoiceNote bool
}

// Parts splits an agent's message into what WhatsApp can carry: the
// text goes as the caption of the first file that can have one, and otherwise
// as a message of its own before the files. It is pure.
func Parts(m chatwoot.Message, markdown bool) []Part {
	text := withItems(textOf(m, markdown), m)
	hasText := strings.TrimSpace(text) != ""

	var parts []Part
	for i := range m.Attachments {
		file := &m.Attachments[i]
		parts = append(parts, Part{
			Number:    i + 1,
			File:      file,
			VoiceNote: media.IsVoiceRecording(file.Name(), DeclaredType(*file), hasText),
		})
	}
	if !hasText {
		return parts
	}
	if len(parts) > 0 && takesCaption(*parts[0].File) {
		parts[0].Text = text
		return parts
	}
	if place := placeOf(text); place != nil && len(parts) == 0 {
		return []Part{{Number: TextPart, Place: place}}
	}
	return append([]Part{{Number: TextPart, Text: text}}, parts...)
}

// textOf is the text of an agent's message as WhatsApp shows it.
func textOf(m chatwoot.Message, markdown bool) string {
	if markdown {
		if text := markup.ToWhatsApp(m.Content); strings.TrimSpace(text) != "" {
			return text
		}
		// What is nothing but markup was hardly meant as such.
	}
	return strings.ReplaceAll(markup.PlainBreaks(m.Content), "\x00", "")
}

// DeclaredType is what Chatwoot says that a file is. Sound and film share their
// containers, so Chatwoot may find a film in a recording; its file_type is from
// whoever uploaded it.
func DeclaredType(file chatwoot.Attachment) string {
	if format, ok := strings.CutPrefix(file.ContentType, "video/"); ok && file.FileType == "audio" {
		return "audio/" + format
	}
	return file.ContentType
}

// takesCaption reports whether WhatsApp shows a text beside such a file.
// Audio and stickers have no caption.
func takesCaption(file chatwoot.Attachment) bool {
	return file.FileType != "audio" && !strings.HasPrefix(file.ContentType, "audio/")
}

// Sendable reports whether an event's message is meant for the customer.
func Sendable(m chatwoot.Message) bool {
	switch {
	case m.Private, sourceid.IsOurs(m.SourceID), m.Attributes.Deleted:
		return false
	case m.Type != chatwoot.Outgoing && m.Type != chatwoot.Template:
		return false
	}
	return strings.TrimSpace(m.Content) != "" || len(m.Attachments) > 0 || itemsOf(m) != ""
}
