package content

import (
	"cmp"

	"go.mau.fi/whatsmeow/proto/waE2E"
)

// Contacts are people whom somebody recommends: one, or several at once.
type Contacts struct {
	Cards []Card
	// More is how many there are beyond those that are taken over.
	More int
	// Title is what the sending phone calls several of them.
	Title string
}

// Card is what is known of one of them.
type Card struct {
	Name         string // empty if the card has none
	Organisation string
	Numbers      []string
	Mails        []string
	// More says that the phone shows more of it.
	More bool
	// VCard is the card as it came, for programs that keep addresses; nil if there is none,
	// or it is too large for one.
	VCard []byte
}

func (Contacts) isContent() {}

const (
	// mostCards is how many people are taken over: WhatsApp lets 257 be chosen, which
	// nobody reads.
	mostCards = 100
	// largestCard is for a picture of a person, too.
	largestCard = 128 << 10
)

func contact(x *waE2E.ContactMessage) (Content, *waE2E.ContextInfo) {
	return Contacts{Cards: []Card{card(x)}}, x.GetContextInfo()
}

func contacts(x *waE2E.ContactsArrayMessage) (Content, *waE2E.ContextInfo) {
	taken := min(len(x.GetContacts()), mostCards)
	c := Contacts{More: len(x.GetContacts()) - taken, Title: PersonName(x.GetDisplayName())}
	for _, one := range x.GetContacts()[:taken] {
		c.Cards = append(c.Cards, card(one))
	}
	return c, x.GetContextInfo()
}

// card reads a contact. Its sender's address book and the card may name it differently;
// the app shows the first.
func card(x *waE2E.ContactMessage) Card {
	read := readVCard(x.GetVcard())
	c := Card{
		Name:         cmp.Or(PersonName(x.GetDisplayName()), read.formatted, read.structured, read.business, read.nickname, read.organisation),
		Organisation: cmp.Or(read.organisation, read.business), Numbers: read.numbers, Mails: read.mails, More: read.moreNumbers,
	}
	if c.Organisation == c.Name {
		c.Organisation = ""
	}
	switch raw := x.GetVcard(); {
	case len(raw) > largestCard:
		c.More = true
	case raw != "":
		c.VCard = []byte(raw)
	}
	return c
}
