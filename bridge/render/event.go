package render

import (
	"time"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// event is what people are to come to. What it is stands first, then when and where.
func (c Context) event(e content.Event) string {
	kind := map[content.CallKind]string{
		content.VoiceCall: "event.call.voice", content.VideoCall: "event.call.video", content.SomeCall: "event.call",
	}[e.Call]
	title, below := markup.Line(e.Title, longestQuestion), ""
	switch {
	case title == "" && kind != "":
		title = c.Texts.Text(kind)
	case title == "":
		title = c.Texts.Text("event")
	case kind != "" && title != c.Texts.Text(kind):
		below = markup.Literal(c.Texts.Text(kind))
	}
	first := "📅 " + markup.Bold(title)
	if e.Cancelled {
		first += " (" + markup.Literal(c.Texts.Text("event.cancelled")) + ")"
	}
	if e.Invitation {
		below = markup.Literal(c.Texts.Text("event.invite"))
	}
	guests := ""
	if e.Guests {
		guests = markup.Literal(c.Texts.Text("event.guests"))
	}
	out := stacked(first, below, c.span(e.Start, e.End), c.eventPlace(e), guests)
	join := ""
	if !e.Cancelled {
		join = webLink(c.Texts.Text("event.join"), e.JoinLink)
	}
	if e.Text == "" {
		return stacked(out, join)
	}
	return ended(e.Text, above(out, c.text(e.Text)), join)
}

// eventPlace is where an event is, in one line.
func (c Context) eventPlace(e content.Event) string {
	place := markup.Literal(markup.Line(e.Place, longestAddress))
	if address := markup.Literal(markup.Line(e.Address, longestAddress)); address != "" && address != place {
		place = sideBySide(place, address)
	}
	if e.Point != nil {
		at := degrees(e.Point.Latitude) + "," + degrees(e.Point.Longitude)
		place = sideBySide(place, webLink(c.Texts.Text("map.open"), "https://maps.google.com/?q="+at))
	}
	return place
}

// sideBySide puts two things into one line, of which one may be empty.
func sideBySide(first, second string) string {
	if first == "" || second == "" {
		return first + second
	}
	return first + " · " + second
}

// span is from when to when something is; empty where the beginning is not known.
func (c Context) span(start, end time.Time) string {
	if start.IsZero() {
		return ""
	}
	from := c.dayOf(start) + ", " + c.clockOf(start)
	switch {
	case !end.After(start):
		return markup.Literal(from)
	case c.dayOf(end) == c.dayOf(start):
		return markup.Literal(from + " – " + c.clockOf(end))
	}
	return markup.Literal(from + " – " + c.dayOf(end) + ", " + c.clockOf(end))
}

// dayOf is the day of a time where the agents are, as they write it.
func (c Context) dayOf(at time.Time) string { return date(at.In(c.zoneOrUTC()), c.Language) }

// clockOf is the time of the day where the agents are.
func (c Context) clockOf(at time.Time) string { return at.In(c.zoneOrUTC()).Format("15:04") }

func (c Context) zoneOrUTC() *time.Location {
	if c.Zone == nil {
		return time.UTC
	}
	return c.Zone
}
