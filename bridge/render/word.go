package render

import (
	"cmp"
	"strings"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// saidIn is the text in a quoted content of the rarer kinds; empty if it has none.
func saidIn(quoted content.Content) string {
	switch q := quoted.(type) {
	case content.Cart:
		return cmp.Or(q.Note, q.Title)
	case content.Product:
		return q.Title
	case content.Invoice:
		return q.Note
	case content.Payment:
		return q.Note
	case content.SplitBill:
		return q.Note
	case content.Event:
		return q.Title
	case content.Invite:
		return q.Name
	case content.Answer:
		for _, part := range q.Parts {
			if part.Kind == content.AnswerText {
				return part.Text
			}
		}
	case content.Told:
		return q.Text
	case content.StickerPack:
		return q.Name
	case content.Song:
		return q.Title
	case content.PollResult:
		return q.Question
	}
	return ""
}

// wordOf is what stands for a quoted content of the rarer kinds that has no text.
func (c Context) wordOf(quoted content.Content) string {
	word := func(icon, key string) string { return icon + " " + c.Texts.Text(key) }
	switch q := quoted.(type) {
	case content.Cart:
		return word("🛒", "order")
	case content.Product:
		return word("🏷", "product")
	case content.Invoice:
		return word("🧾", "invoice")
	case content.Payment:
		title := paymentTitles[q.What]
		return word(title.icon, title.key)
	case content.SplitBill:
		return word("🧾", "split")
	case content.SplitPaid:
		return word("🧾", "split.paid")
	case content.Event:
		return word("📅", "event")
	case content.Invite:
		title := inviteTitles[q.To]
		return word(title.icon, title.key)
	case content.Answer:
		return word("🤖", "ai")
	case content.Told:
		title := toldTitles[q.Kind]
		return word(title.icon, title.key)
	case content.SoundSticker:
		return c.Texts.Text("sticker")
	case content.StickerPack:
		return word("🗂", "sticker.pack")
	case content.Song:
		return word("🎵", "song")
	case content.PollResult:
		return word("📊", "poll.result")
	case content.LoggedCall:
		return strings.ReplaceAll(c.loggedCall(q), "**", "")
	}
	return "…"
}
