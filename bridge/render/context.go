package render

import (
	"time"

	"github.com/wootbridge/wootbridge/bridge/catalogue"
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
	// QuoteKnown says that the quoted message has a Chatwoot message.
	QuoteKnown bool
	// EventsAsNotes and CallsAsNotes show what happened, and missed calls, as private
	// notes.
	EventsAsNotes, CallsAsNotes bool
	// longest is how much of a person's text is shown, in characters; 0 for maxText.
	longest int
}
