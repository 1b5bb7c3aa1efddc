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
	Timer    *ChatTimer // that it was sent with or sets, if it says so
	Quote    *Quote     // the message that this one answers, if any
	Content  Content
	Marks
	// Part is the part of the content that is meant where one is, 0 for the first.
	Part int
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

// holder is a content with files, one in each of its parts; nil where a part has none.
// What is shown as one message has one part.
type holder interface{ parts() []*Media }

// MostParts is how many parts a message has at most.
const MostParts = mostShownCards + 2

// Media is the file of a part of the message; nil if there is none.
func (m Message) Media(part int) *Media {
	c, ok := m.Content.(holder)
	if !ok {
		return nil
	}
	parts := c.parts()
	if part < 0 || part >= len(parts) {
		return nil
	}
	return parts[part]
}

// Parts is how many parts the message has, of which some have files.
func (m Message) Parts() int {
	if c, ok := m.Content.(holder); ok {
		return len(c.parts())
	}
	return 1
}

// File gives the file of the part that is meant, or nil.
func (m Message) File() *File {
	if file := m.Media(m.Part); file != nil {
		return file.File
	}
	return nil
}
