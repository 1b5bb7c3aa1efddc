package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// described is a row of docs/messages.md: what agents see of a kind of message, and the
// fields of WhatsApp's message that are of this kind. A field that has no decoder yet is
// said to be a placeholder, whatever its row says.
type described struct {
	kind, seen string
	fields     []string
}

// Descriptions of the kinds, in the order in which people look for them. A test compares
// them with the table of the fields.
var descriptions = []described{
	{"text", "the text, with its formatting, lists and quotes; mentions as names", []string{"conversation", "extendedTextMessage"}},
	{"photo, video, round video", "the file, with its caption beside it; a bare one stays bare, because any text shrinks it", []string{"imageMessage", "videoMessage", "ptvMessage"}},
	{"GIF", "`🎬 GIF` and the film", nil},
	{"album", "each of its files as a message of its own, in order; the album itself is nothing", []string{"albumMessage"}},
	{"voice note, audio", "a voice note without a text; an audio file with `🎵` and its name", []string{"audioMessage"}},
	{"document", "the file under its own name; with a caption, that and `📎` with the name", []string{"documentMessage"}},
	{"sticker", "one word and the picture, animated or not", []string{"stickerMessage", "audioStickerMessage"}},
	{"sticker pack", "its name and publisher", []string{"stickerPackMessage"}},
	{"place", "`📍` name, address and a link to the map", []string{"locationMessage"}},
	{"live location", "`📡` and a link to the map; nothing between start and end", []string{"liveLocationMessage"}},
	{"contact", "`👤` name, organisation and numbers, and a `.vcf` file for each; of several a list", []string{"contactMessage", "contactsArrayMessage"}},
	{"poll", "`📊` the question, a line for each option, and whether several may be chosen", []string{"pollCreationMessage", "pollCreationMessageV2", "pollCreationMessageV3", "pollCreationMessageV5", "pollCreationMessageV6"}},
	{"vote", "below its poll: `☑` and what was chosen, or that the vote was withdrawn; in groups a note with the count", []string{"pollUpdateMessage"}},
	{"option added to a poll", "below the poll: the new option", []string{"pollAddOptionMessage"}},
	{"result of a poll", "`📊` the question and the votes of each option", []string{"pollResultSnapshotMessage", "pollResultSnapshotMessageV3"}},
	{"list, buttons, template, carousel", "header, text and footer, and `▢` with each button or row; the header's file is attached", []string{"listMessage", "buttonsMessage", "templateMessage", "interactiveMessage", "highlyStructuredMessage"}},
	{"answer to a list, button or form", "`☑` what was chosen, below the question; of a form `📝` and its fields", []string{"listResponseMessage", "buttonsResponseMessage", "templateButtonReplyMessage", "interactiveResponseMessage"}},
	{"order, product, catalogue", "`🛒` or `🏷` title, price, items and total, and a link", []string{"orderMessage", "productMessage"}},
	{"payment, Pix, invoice", "`💳`, `💠` or `🧾` with the amount, what it is for and when it is due; a Pix code is a paragraph of its own, to be copied", []string{"requestPaymentMessage", "sendPaymentMessage", "declinePaymentRequestMessage", "cancelPaymentRequestMessage", "paymentInviteMessage", "paymentReminderMessage", "splitPaymentMessage", "splitPaymentUpdateMessage", "invoiceMessage"}},
	{"event", "`📅` name, times, place and a link to join; cancelled ones say so", []string{"eventMessage", "eventInviteMessage"}},
	{"answer to an event", "below the event: going, maybe or not going", []string{"encEventResponseMessage"}},
	{"scheduled call", "what it is called, and when", []string{"scheduledCallCreationMessage", "scheduledCallEditMessage"}},
	{"invitation to a group or channel", "`👥` its name, a link and until when it can be used", []string{"groupInviteMessage", "newsletterAdminInviteMessage", "newsletterFollowerInviteMessageV2"}},
	{"answer of Meta AI", "its text, tables and code", []string{"richResponseMessage"}},
	{"code or payment that only the phone shows", "what it is, and that the phone has it", []string{"placeholderMessage"}},
	{"request for the phone number", "that it was asked for", []string{"requestPhoneNumberMessage"}},
	{"comment", "below what it is about: the comment", []string{"commentMessage", "encCommentMessage"}},
	{"mention in a status", "that somebody mentioned the number in a status", []string{"statusMentionMessage", "groupStatusMentionMessage"}},
	{"answer to a question, status and the like", "its text", []string{"questionResponseMessage", "statusQuestionAnswerMessage", "statusQuotedMessage", "statusNotificationMessage", "statusStickerInteractionMessage", "conditionalRevealMessage", "musicMessage", "chat"}},
	{"call", "a line that says what kind of call it was", []string{"callLogMesssage", "bcallMessage"}},
	{"reaction, and its removal", "a note below the message; in groups a small grey line (setting `reactions`)", []string{"reactionMessage", "encReactionMessage"}},
	{"edit", "below the message: the new text (setting `edits`)", []string{"secretEncryptedMessage"}},
	{"deletion for everyone; timer of disappearing messages, and other messages of the protocol", "a note below the message that was deleted: its text stays (setting `deletes`); a small grey line for what changed in the chat; nothing for what devices tell each other", []string{"protocolMessage"}},
	{"pin, keep", "a small grey line", []string{"pinInChatMessage", "keepInChatMessage"}},
	{"history for new members", "a small grey line", []string{"messageHistoryNotice"}},
}

// besides are messages that have no field of their own.
var besides = [][2]string{
	{"a message that could not be read yet", "`⏳` in its place; the message itself comes below it"},
	{"a view-once photo, video or voice note", "`🔒` what it is, and that only the phone opens it (setting `view_once`)"},
	{"a kind that this version does not know", "`⚠️` the kind, and to open it on the phone. Its job is kept: `wootbridge jobs --unconverted` lists it, `wootbridge jobs replay --unconverted` shows it below that line once a version knows it"},
}

// Document is docs/messages.md: what agents see of each kind of message.
func Document() string {
	fates := content.Fates()
	var out strings.Builder
	out.WriteString("# Messages, as agents see them\n\n" +
		"What becomes of each kind of message that WhatsApp has. This page is made from the\n" +
		"program's own table of WhatsApp's message (`whatsapp/content/fields.go`) and of what is\n" +
		"rendered (`bridge/render/`).\n\n" +
		"| kind | what agents see | fields |\n|---|---|---|\n")
	for _, row := range descriptions {
		var known, later []string
		for _, field := range row.fields {
			name := "`" + field + "`"
			if fates[field] == content.FateUnsupported {
				later = append(later, name)
			} else {
				known = append(known, name)
			}
			delete(fates, field)
		}
		if len(known) > 0 || len(row.fields) == 0 {
			fmt.Fprintf(&out, "| %s | %s | %s |\n", row.kind, row.seen, strings.Join(known, ", "))
		}
		if len(later) > 0 {
			fmt.Fprintf(&out, "| %s | a placeholder that names it | %s |\n", row.kind, strings.Join(later, ", "))
		}
	}
	for _, row := range besides {
		fmt.Fprintf(&out, "| %s | %s | |\n", row[0], row[1])
	}
	for _, rest := range []struct {
		fate content.Fate
		says string
	}{
		{content.FateWrapper, "The message inside these counts"},
		{content.FateNothing, "These carry nothing for people"},
		{content.FateUnsupported, "A placeholder names these"},
	} {
		var names []string
		for field, fate := range fates {
			if fate == rest.fate {
				names = append(names, "`"+field+"`")
			}
		}
		slices.Sort(names)
		if len(names) > 0 {
			out.WriteString("\n" + wrapped(rest.says+": "+strings.Join(names, ", ")+"."))
		}
	}
	return out.String()
}

// wrapped breaks a paragraph into lines.
func wrapped(text string) string {
	var out strings.Builder
	width := 0
	for word := range strings.FieldsSeq(text) {
		if width > 0 && width+1+len(word) > 90 {
			out.WriteByte('\n')
			width = 0
		}
		if width > 0 {
			out.WriteByte(' ')
			width++
		}
		out.WriteString(word)
		width += len(word)
	}
	return out.String() + "\n"
}
