package content

import "time"

// Message is a decoded WhatsApp message: who wrote it where, and its content.
type Message struct {
	ID       string
	Chat     Address
	Sender   Address
	FromMe   bool // typed on the own phone or another linked device
	Group    bool
	PushName string // as PersonName gives it
	At       time.Time
	Timer    *Timer // that it was sent with or sets, if it says so
	Quote    *Quote // the message that this one answers, if any
	Content  Content
}

// Content is what a message is to the people who read it. Each kind is a struct
// of its own, with the fields that it has and no others.
type Content interface{ isContent() }

// Nothing is a content that carries nothing for people.
type Nothing struct{}

// Undecryptable is a content that could not be read. It may still come, under
// the same message id.
type Undecryptable struct{}

// Unavailable is a content that only the phone can show.
type Unavailable struct {
	Reason string // WhatsApp's word
}

// Unsupported is a content without a decoder. The raw event is kept for a
// later one.
type Unsupported struct {
	Name string // the protocol's
	Text string // what it says all the same, if anything
}

func (Nothing) isContent()       {}
func (Undecryptable) isContent() {}
func (Unavailable) isContent()   {}
func (Unsupported) isContent()   {}

// File gives the file of a message, or nil.
func (m Message) File() *File {
	switch c := m.Content.(type) {
	case Media:
		return c.File
	case ViewOnce:
		return c.File
	default:
		return nil
	}
}
