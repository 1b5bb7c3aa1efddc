package content

import (
	"encoding/json"
	"fmt"
	"strconv"

	"go.mau.fi/whatsmeow/types"
)

// CallStep is how far a call is.
type CallStep string

// The steps of a call that somebody makes to the line.
const (
	CallRings    CallStep = "rings"
	CallAnswered CallStep = "answered" // on the phone, or on another device
	CallEnded    CallStep = "ended"    // and nobody has answered it here
)

// Call is a step of a call.
type Call struct {
	ID   string // whatever the caller makes of it
	Step CallStep
	// Video and Group are told when it rings only.
	Video, Group bool
	// Caller is who calls, and From the address that WhatsApp is told to refuse.
	Caller Party
	From   string
	// Refused says that the bridge has refused it. It is not in the payload.
	Refused bool
	// With are the others who are called, as far as that is told.
	With []Party
}

func (Call) isContent() {}

// callEnvelope wraps a step of a call; false for those that tell nothing, and for calls
// that were made from the own phone.
func callEnvelope(s stanza, w Witness) (Envelope, bool, error) {
	e := event{Happens: happensOnCalling, Stanza: s, People: people(s, w)}
	step, c, ok := e.callStep()
	creator, id := e.creator(c), c.attr("call-id")
	if !ok || id == "" || creator.IsEmpty() || e.person(creator).Own {
		return Envelope{}, false, nil
	}
	caller := e.person(creator)
	group := c.jid("group-jid")
	p := payload{
		Version: 1, ID: "call-" + id, Sender: caller.Address, Chat: caller.Address, Push: caller.Name, At: s.at("t"), Event: &e,
	}
	if group.Server == types.GroupServer {
		p.Chat, p.Group = Address{JID: group.ToNonAD().String()}, true
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return Envelope{}, false, fmt.Errorf("encode a call: %w", err)
	}
	return Envelope{
		Kind: EnvCall, Chat: p.Chat, Dedupe: CallKey(id, step), At: p.At, Payload: raw, Step: step,
	}, true, nil
}

// CallKey is the key of a call's step, the same for every copy of it.
func CallKey(id string, step CallStep) string { return "wa|call|" + id + "|" + string(step) }

// callStep finds what a stanza says of a call.
func (e event) callStep() (CallStep, stanza, bool) {
	for _, c := range e.Stanza.Children {
		switch c.Tag {
		case "offer", "offer_notice":
			return CallRings, c, true
		case "accept":
			// In a group others answer too.
			if !isGroupCall(c) || e.person(e.Stanza.jid("from")).Own {
				return CallAnswered, c, true
			}
		case "reject":
			if e.person(e.Stanza.jid("from")).Own {
				return CallEnded, c, true
			}
		case "terminate":
			if lasted(c, "duration") || lasted(c, "audio_duration") || lasted(c, "video_duration") || c.attr("reason") == "accepted_elsewhere" {
				return CallAnswered, c, true
			}
			return CallEnded, c, true
		}
	}
	return "", stanza{}, false
}

func lasted(c stanza, attribute string) bool {
	seconds, err := strconv.ParseInt(c.attr(attribute), 10, 64)
	return err == nil && seconds > 0
}

// creator is who began a call.
func (e event) creator(c stanza) types.JID {
	if creator := c.jid("call-creator"); !creator.IsEmpty() {
		return creator
	}
	return e.Stanza.jid("from")
}

func isGroupCall(c stanza) bool {
	_, several := c.child("group_info")
	return several || !c.jid("group-jid").IsEmpty() || c.attr("type") == "group"
}

// call reads a step of a call.
func (e event) call(p payload) Call {
	step, c, _ := e.callStep()
	creator := e.creator(c)
	_, video := c.child("video")
	call := Call{
		ID: c.attr("call-id"), Step: step, Group: isGroupCall(c), Video: video || c.attr("media") == "video",
		Caller: e.person(creator), From: creator.ToNonAD().String(),
	}
	if call.Caller.Address.JID == "" {
		call.Caller = Party{Address: p.Sender, Name: PersonName(p.Push)}
	}
	info, _ := c.child("group_info")
	for _, user := range info.Children {
		if other := e.person(user.jid("jid")); other.Address.JID != "" && !other.Own && other.Address.IsAnother(call.Caller.Address) {
			call.With = append(call.With, other)
		}
	}
	return call
}
