package content

import (
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
)

// Event is something that people are to come to, or to call in at.
type Event struct {
	Title, Text    string
	Start, End     time.Time // zero where the message does not say it
	Place, Address string
	Point          *Point // nil if the message names none
	JoinLink       string // as sent
	Call           CallKind
	// Cancelled says that it will not be. Guests says that who comes may bring others.
	Cancelled, Guests bool
	// Invitation says that the event is of another chat.
	Invitation bool
	// Target is the id of the message whose event this is, where that was another.
	Target string
}

// CallKind is what a scheduled call is.
type CallKind string

// The kinds of calls; an event that is no call has none.
const (
	VoiceCall CallKind = "voice"
	VideoCall CallKind = "video"
	SomeCall  CallKind = "call" // of either kind
)

func (Event) isContent() {}

func calendarEvent(x *waE2E.EventMessage) (Content, *waE2E.ContextInfo) {
	at := x.GetLocation()
	e := Event{
		Title: clean(x.GetName()), Text: clean(x.GetDescription()), Start: moment(x.GetStartTime()), End: moment(x.GetEndTime()),
		Place: clean(at.GetName()), Address: clean(at.GetAddress()), JoinLink: clean(x.GetJoinLink()),
		Cancelled: x.GetIsCanceled(), Guests: x.GetExtraGuestsAllowed(),
	}
	// A place that was typed in has a name and no coordinates, which reads as zero.
	if at.GetDegreesLatitude() != 0 || at.GetDegreesLongitude() != 0 {
		e.Point = point(at.GetDegreesLatitude(), at.GetDegreesLongitude())
	}
	if x.GetIsScheduleCall() {
		e.Call = SomeCall
	}
	return e, x.GetContextInfo()
}

func eventInvite(x *waE2E.EventInviteMessage) (Content, *waE2E.ContextInfo) {
	return Event{
		Title: clean(x.GetEventTitle()), Text: clean(x.GetCaption()), Start: moment(x.GetStartTime()), End: moment(x.GetEndTime()),
		JoinLink: clean(x.GetCallLink()), Cancelled: x.GetIsCanceled(), Invitation: true,
	}, x.GetContextInfo()
}

// scheduledCall is how older apps told of a call to come.
func scheduledCall(x *waE2E.ScheduledCallCreationMessage) (Content, *waE2E.ContextInfo) {
	e := Event{Title: clean(x.GetTitle()), Start: moment(x.GetScheduledTimestampMS()), Call: SomeCall}
	switch x.GetCallType() {
	case waE2E.ScheduledCallCreationMessage_VOICE:
		e.Call = VoiceCall
	case waE2E.ScheduledCallCreationMessage_VIDEO:
		e.Call = VideoCall
	}
	return e, nil
}

func scheduledCallEdit(x *waE2E.ScheduledCallEditMessage) (Content, *waE2E.ContextInfo) {
	return Event{
		Call: SomeCall, Cancelled: x.GetEditType() == waE2E.ScheduledCallEditMessage_CANCEL, Target: targetOf(x.GetKey()),
	}, nil
}
