package idmap

import (
	"slices"
	"strings"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// IsLID reports whether a JID is a hidden id: it is the person, for ever.
func IsLID(jid string) bool {
	return strings.HasSuffix(jid, "@lid") || strings.HasSuffix(jid, "@hosted.lid")
}

// IsNumber reports whether a JID is a phone number, which a person has now and
// somebody else may have later.
func IsNumber(jid string) bool {
	return strings.HasSuffix(jid, "@s.whatsapp.net") || strings.HasSuffix(jid, "@hosted")
}

// alias is an address of a chat.
type alias struct {
	jid, chat string
	created   int64 // when the chat was made
	seen      int64
	givenUp   bool
	byLID     bool // of the chat: a number has left it
}

// decision is what addresses that came together mean for the chats that have them.
type decision struct {
	chat  string   // "" = one is to be made
	fresh []string // addresses of nobody yet, which the chat gets
	// moved is an address that the chat gets from another one, "" if there is none.
	moved alias
	// left are numbers that the chat's person has no more.
	left []string
	// touched says that the order in which the chat's numbers were seen has changed.
	touched bool
	merge   *Merge
}

// settled reports whether there is nothing to record.
func (d decision) settled() bool {
	return d.chat != "" && len(d.fresh) == 0 && d.moved == (alias{}) && len(d.left) == 0 && !d.touched && d.merge == nil
}

// decide sorts out whose addresses these are: known are all addresses of all chats that
// have one of them. A hidden id is one person. A number goes to the person whom
// WhatsApp shows with it, and never makes one of two who have different hidden ids. It
// is pure.
func decide(jids []string, known []alias) decision {
	find := func(jid string) (alias, bool) {
		i := slices.IndexFunc(known, func(a alias) bool { return a.jid == jid })
		if jid == "" || i < 0 {
			return alias{}, false
		}
		return known[i], true
	}
	var lid, other string
	for _, jid := range jids {
		switch {
		case IsLID(jid) && lid == "":
			lid = jid
		case !IsLID(jid) && other == "":
			other = jid
		}
	}
	person, byLID := find(lid)
	number, byNumber := find(other)
	switch {
	case !byLID && !byNumber:
		return decision{fresh: jids}
	case lid == "" && number.givenUp:
		return decision{moved: number} // whose it is now will be seen
	case lid == "":
		return decision{chat: number.chat, touched: outshone(number, known)}
	case other == "":
		return decision{chat: person.chat}
	case !byNumber:
		return decision{chat: person.chat, fresh: []string{other}, left: leftFor(other, person.chat, known)}
	case !byLID && (number.givenUp || hasLID(number.chat, known)):
		return decision{fresh: []string{lid}, moved: number}
	case !byLID:
		return decision{chat: number.chat, fresh: []string{lid}, left: leftFor(other, number.chat, known)}
	case person.chat == number.chat:
		return decision{chat: person.chat, left: leftFor(other, person.chat, known), touched: number.givenUp}
	}
	left := leftFor(other, person.chat, known)
	if number.givenUp || hasLID(number.chat, known) || len(left) > 0 {
		return decision{chat: person.chat, moved: number, left: left}
	}
	elder, younger := person, number
	if number.created < person.created || number.created == person.created && number.chat < person.chat {
		elder, younger = number, person
	}
	return decision{chat: elder.chat, merge: &Merge{Elder: elder.chat, Younger: younger.chat}}
}

func hasLID(chat string, known []alias) bool {
	return slices.ContainsFunc(known, func(a alias) bool { return a.chat == chat && IsLID(a.jid) })
}

// leftFor are the numbers that a chat's person had before this one.
func leftFor(number, chat string, known []alias) (left []string) {
	if !IsNumber(number) {
		return nil
	}
	for _, a := range known {
		if a.chat == chat && !a.givenUp && IsNumber(a.jid) && !content.SameNumber(a.jid, number) {
			left = append(left, a.jid)
		}
	}
	return left
}

// outshone reports whether another number of the same chat was seen later, or as late.
func outshone(number alias, known []alias) bool {
	return IsNumber(number.jid) && slices.ContainsFunc(known, func(a alias) bool {
		return a.chat == number.chat && !a.givenUp && IsNumber(a.jid) && a.seen >= number.seen && !content.SameNumber(a.jid, number.jid)
	})
}
