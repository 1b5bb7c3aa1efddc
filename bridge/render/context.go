package render

import (
	"time"

	"github.com/wootbridge/wootbridge/bridge/catalogue"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// Context is what rendering needs to know besides the message.
type Context struct {
	Texts catalogue.Catalogue
	// Language is the one of the texts, in which dates are written too.
	Language string
	// Zone is where the agents read times; nil for UTC.
	Zone *time.Location
	// Formatting converts WhatsApp's marks into markdown; otherwise the text
	// is only escaped.
	Formatting bool
	// Reactions and Edits are the line's settings of these names; empty for the defaults.
	Reactions, Edits string
	// Target is the earlier message that this one is about, nil where nobody has it any
	// more, and Before the reaction that it had of this person.
	Target content.Content
	Before string
	// Options are the answers of the poll that the message is about.
	Options []Option
	// QuoteKnown says that the quoted message has a Chatwoot message.
	QuoteKnown bool
	// People are those of Named whom somebody knows, by JID.
	People map[string]content.Person
	// GroupSender is the line's template of who of a group wrote; empty for the form of the
	// bridge's own. Tag is what the group calls that member beside the name.
	GroupSender, Tag string
	// QuotedGroup is the name of the group in which the quoted message was written, if
	// that is another chat and its name is known.
	QuotedGroup string
	// ViewOnceShown says that files are shown that only the phone may show, and once.
	ViewOnceShown bool
	// CaptionsApart says that a caption is a message of its own, below its file.
	CaptionsApart bool
	// Own is how messages are shown that were typed on the own phone.
	Own OwnMessages
	// Events is how events are shown that are no messages.
	Events EventForm
	// mentions are whom the text at hand names, by the names of their addresses.
	mentions map[string]content.Mention
	// CallsAsNotes shows missed calls as private notes.
	CallsAsNotes bool
	// longest is how much of a person's text is shown, in characters; 0 for maxText.
	longest int
}

// Option is an answer of a poll, and how votes call it.
type Option struct{ Hash, Name string }
