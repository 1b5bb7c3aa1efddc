package render

import (
	"math"
	"strconv"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// longestAddress is how much of a place's name and address is shown, in characters.
const longestAddress = 255

// location is a place with a link to a map: the picture of one that comes with it says
// nothing as small as it is shown.
func (c Context) location(l content.Location) string {
	icon, title := "📍 ", markup.Line(l.Name, longestAddress)
	if l.Live {
		icon = "📡 "
	}
	named := title != ""
	if !named {
		title = c.Texts.Text("location")
		if l.Live {
			title = c.Texts.Text("live")
		}
	}
	out := icon + markup.Bold(title)
	if address := markup.Line(l.Address, longestAddress); address != "" && address != title {
		out += "\n" + markup.Literal(address)
	}
	if l.Place != nil {
		at := degrees(l.Place.Latitude) + "," + degrees(l.Place.Longitude)
		out += "\n[" + markup.Literal(c.Texts.Text("map.open")) + "](https://maps.google.com/?q=" + at + ")"
		if !named {
			out += " · " + degrees(l.Place.Latitude) + ", " + degrees(l.Place.Longitude)
		}
	}
	for _, more := range []string{l.URL, l.Comment} {
		if more != "" {
			out += "\n\n" + c.text(more)
		}
	}
	return out
}

// degrees is exact to a step of a person.
func degrees(x float64) string {
	const perDegree = 1e6
	rounded := math.Round(x*perDegree) / perDegree
	if rounded == 0 {
		rounded = 0 // and not its negative
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}
