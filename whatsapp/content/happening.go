package content

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// Happens is what a stanza that is no message is about.
type Happens string

// What stanzas are about.
const (
	HappensInGroup   Happens = "group"
	HappensNumber    Happens = "number"   // a person has another one
	HappensSecurity  Happens = "security" // a person's keys changed, as with a new phone
	HappensBusiness  Happens = "business"
	happensOnCalling Happens = "call"
)

// Witness is what the receiving device knows of people when it hears of something.
type Witness struct {
	Own       []types.JID // its account's addresses
	Alternate Alternate
	// Name is what somebody is called: saved or chosen by themselves, or "".
	Name func(types.JID) string
}

func (w Witness) isOwn(jid types.JID) bool {
	jid = jid.ToNonAD()
	return !jid.IsEmpty() && slices.ContainsFunc(w.Own, func(own types.JID) bool { return own.ToNonAD() == jid })
}

// Party is somebody whom an event names. It is also the stored form.
type Party struct {
	Address Address `json:"address"`
	Name    string  `json:"name,omitempty"` // as PersonName gives it
	Own     bool    `json:"own,omitempty"`  // the line's own account
}

// event is the stored form of a stanza that is no message.
type event struct {
	Happens Happens `json:"happens"`
	Stanza  stanza  `json:"stanza"`
	// People are those whom the stanza names, by their addresses in it.
	People map[string]Party `json:"people,omitempty"`
}

// IsHappening reports whether a stanza may be one of which HappeningEnvelope tells.
func IsHappening(node *waBinary.Node) bool {
	switch node.Tag {
	case "call":
		return true
	case "notification":
		switch attribute(node.Attrs["type"]) {
		case "w:gp2", "picture", "contacts", "business":
			return true
		case "encrypt":
			_, changed := node.GetOptionalChildByTag("identity")
			return changed
		}
	}
	return false
}

// HappeningEnvelope wraps a stanza that is no message: a step of a call, a change of a
// group or of a person. False means that it tells agents nothing.
func HappeningEnvelope(node *waBinary.Node, w Witness) (Envelope, bool, error) {
	s := stanzaOf(node, 0)
	if s.Tag == "call" {
		return callEnvelope(s, w)
	}
	e := event{Stanza: s}
	var chat, actor, alt types.JID
	switch s.attr("type") {
	case "w:gp2", "picture":
		e.Happens, chat, actor, alt = HappensInGroup, s.jid("from"), s.jid("participant"), s.jid("participant_pn")
		if s.attr("type") == "picture" {
			actor = author(s, actor)
		}
		if chat.Server != types.GroupServer {
			return Envelope{}, false, nil
		}
	case "contacts":
		e.Happens = HappensNumber
		change, _ := s.child("modify")
		actor, alt = change.jid("old"), change.jid("old_lid")
		if actor.IsEmpty() {
			actor, alt = alt, actor
		}
		chat = actor
	case "business":
		e.Happens, chat = HappensBusiness, s.jid("from")
		actor = chat
	case "encrypt":
		e.Happens, chat = HappensSecurity, s.jid("from")
		actor = chat
	}
	if chat.IsEmpty() || e.Happens != HappensInGroup && w.isOwn(chat) {
		return Envelope{}, false, nil
	}
	e.People = people(s, w)
	digest, err := s.digest()
	if err != nil {
		return Envelope{}, false, err
	}
	p := payload{Version: 1, ID: "event-" + digest, Group: e.Happens == HappensInGroup, At: s.at("t"), Event: &e}
	p.Sender = AddressOf(actor, alt, w.Alternate)
	p.Chat = p.Sender
	if p.Group {
		p.Chat = Address{JID: chat.ToNonAD().String()}
	}
	p.Push = e.person(actor).Name
	happening := e.changes()
	if len(happening.Changes) == 0 {
		return Envelope{}, false, nil
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return Envelope{}, false, fmt.Errorf("encode what happened: %w", err)
	}
	return Envelope{
		Kind: EnvHappening, Chat: p.Chat, Dedupe: "wa|happening|" + digest, At: p.At, Payload: raw,
		Happens: e.Happens, Renames: happening.Subject() != "",
	}, true, nil
}

// author is who changed a picture: only the change itself may tell.
func author(s stanza, participant types.JID) types.JID {
	for _, change := range s.Children {
		if by := change.jid("author"); !by.IsEmpty() {
			return by
		}
	}
	return participant
}

// otherForms are, by the attribute that names a person, those that may hold the
// person's other address.
var otherForms = map[string][]string{
	"participant":  {"participant_pn", "participant_lid"},
	"jid":          {"phone_number", "lid", "pn"},
	"s_o":          {"s_o_pn", "s_o_lid"},
	"creator":      {"creator_pn", "creator_lid"},
	"author":       {"author_pn", "author_lid", "participant_pn"},
	"call-creator": {"caller_pn", "caller_lid"},
	"from":         {"sender_pn", "sender_lid"},
	"old":          {"old_lid"},
	"new":          {"new_lid"},
	"old_lid":      {"old"},
	"new_lid":      {"new"},
}

// people are those whom a stanza names.
func people(s stanza, w Witness) map[string]Party {
	all := map[string]Party{}
	addPeople(all, s, s, w)
	return all
}

func addPeople(all map[string]Party, outer, s stanza, w Witness) {
	for name, others := range otherForms {
		jid := s.jid(name).ToNonAD()
		if jid.IsEmpty() || jid.Server == types.GroupServer || jid.Server == types.DefaultUserServer && jid.User == "" {
			continue
		}
		known := all[jid.String()]
		var other types.JID
		for _, form := range others {
			if other = s.jid(form).ToNonAD(); !other.IsEmpty() && other.Server != jid.Server {
				break
			}
			other = types.EmptyJID
		}
		if known.Address.JID == "" || known.Address.Alt == "" {
			known.Address = AddressOf(jid, other, w.Alternate)
		}
		known.Own = known.Own || w.isOwn(jid) || w.isOwn(other)
		if known.Name == "" && w.Name != nil {
			known.Name = PersonName(cmp.Or(w.Name(jid), nameOf(other, w)))
		}
		// The stanza says what whoever caused it is called.
		if said := PersonName(outer.attr("notify")); known.Name == "" && said != "" && outer.says(jid) {
			known.Name = said
		}
		all[jid.String()] = known
	}
	for _, c := range s.Children {
		addPeople(all, outer, c, w)
	}
}

func nameOf(jid types.JID, w Witness) string {
	if jid.IsEmpty() {
		return ""
	}
	return w.Name(jid)
}

// says reports whether the name in the stanza is a person's.
func (s stanza) says(jid types.JID) bool {
	by := s.jid("participant").ToNonAD()
	if by.IsEmpty() {
		by = s.jid("from").ToNonAD()
	}
	return by == jid
}

// person is whom an address in the stanza names.
func (e event) person(jid types.JID) Party {
	jid = jid.ToNonAD()
	if jid.IsEmpty() {
		return Party{}
	}
	if known, ok := e.People[jid.String()]; ok {
		known.Name = PersonName(known.Name)
		return known
	}
	return Party{Address: Address{JID: jid.String()}}
}

// decode reads what happened.
func (e event) decode(p payload) Content {
	if e.Happens == happensOnCalling {
		return e.call(p)
	}
	return e.changes()
}

// Happening is what happened beside the messages: to a group, or to a person.
type Happening struct {
	// By is who did it, if anybody is known to have.
	By      Party
	Changes []Change
}

// Change is one of the things that happened at once.
type Change struct {
	Kind ChangeKind
	// People are whom it happened to, and More is how many there were besides.
	People []Party
	More   int
	// Text is a name or text of which the change tells.
	Text string
	// Seconds is a time that the change sets.
	Seconds int64
}

// Subject is the name that a group was given, or "".
func (h Happening) Subject() string {
	for _, c := range slices.Backward(h.Changes) {
		if c.Kind == GroupSubject || c.Kind == GroupCreated || c.Kind == GroupAddedHere {
			return PersonName(c.Text)
		}
	}
	return ""
}

// NewAddress is the address that a person has now, if that has changed.
func (h Happening) NewAddress() (Address, bool) {
	for _, c := range h.Changes {
		if c.Kind == NumberChanged && len(c.People) > 0 {
			return c.People[0].Address, true
		}
	}
	return Address{}, false
}

func (Happening) isContent() {}

// changes reads what a stanza tells.
func (e event) changes() Happening {
	s := e.Stanza
	h := Happening{By: e.person(s.jid("participant"))}
	switch {
	case e.Happens == HappensNumber:
		h.By, h.Changes = Party{}, e.numberChange()
	case e.Happens == HappensSecurity:
		h.By, h.Changes = e.person(s.jid("from")), []Change{{Kind: SecurityChanged}}
	case e.Happens == HappensBusiness:
		h.By, h.Changes = e.person(s.jid("from")), businessChanges(s)
	case s.attr("type") == "picture":
		h.By = e.person(author(s, s.jid("participant")))
		h.Changes = pictureChanges(s)
	default:
		for _, c := range s.Children {
			h.Changes = append(h.Changes, e.groupChange(c)...)
		}
	}
	return h
}

func (e event) numberChange() []Change {
	change, ok := e.Stanza.child("modify")
	if !ok {
		return nil
	}
	now := change.jid("new")
	if now.IsEmpty() {
		now = change.jid("new_lid")
	}
	if now.IsEmpty() {
		return nil
	}
	return []Change{{Kind: NumberChanged, People: []Party{e.person(now)}}}
}

func pictureChanges(s stanza) (changes []Change) {
	for _, c := range s.Children {
		switch c.Tag {
		case "set", "add":
			changes = append(changes, Change{Kind: GroupPicture})
		case "delete":
			changes = append(changes, Change{Kind: GroupPictureRemoved})
		}
	}
	return changes
}

// businessChanges are what agents may want to know of a business.
func businessChanges(s stanza) (changes []Change) {
	for _, c := range s.Children {
		switch c.Tag {
		case "remove":
			changes = append(changes, Change{Kind: BusinessEnded})
		case "verified_name":
			changes = append(changes, Change{Kind: BusinessBegun})
		case "profile":
			changes = append(changes, Change{Kind: BusinessProfile})
		}
	}
	return changes
}

// lineOf is a text of somebody's in one line.
func lineOf(text string) string { return strings.Join(strings.Fields(clean(text)), " ") }
