package content

import (
	"math"

	"go.mau.fi/whatsmeow/proto/waE2E"
)

// Location is a place that somebody has sent, or where somebody is who lets it be seen
// for a while.
type Location struct {
	Place *Point // nil where the message names none on Earth
	// Name, Address and Comment are empty where a position alone was sent. URL is a page
	// about the place.
	Name, Address, URL, Comment string
	// Live says that the position moves. No message tells where to, nor when that ends.
	Live bool
}

// Point is a point on Earth, in degrees.
type Point struct{ Latitude, Longitude float64 }

func (Location) isContent() {}

func location(x *waE2E.LocationMessage) (Content, *waE2E.ContextInfo) {
	return Location{
		Place: point(x.GetDegreesLatitude(), x.GetDegreesLongitude()),
		Name:  clean(x.GetName()), Address: clean(x.GetAddress()), URL: clean(x.GetURL()), Comment: clean(x.GetComment()), Live: x.GetIsLive(),
	}, x.GetContextInfo()
}

func liveLocation(x *waE2E.LiveLocationMessage) (Content, *waE2E.ContextInfo) {
	return Location{
		Place: point(x.GetDegreesLatitude(), x.GetDegreesLongitude()), Comment: clean(x.GetCaption()), Live: true,
	}, x.GetContextInfo()
}

// point is a point on Earth; nil if there is no such point.
func point(latitude, longitude float64) *Point {
	if !(math.Abs(latitude) <= 90 && math.Abs(longitude) <= 180) { // also if one is not a number
		return nil
	}
	return &Point{Latitude: latitude, Longitude: longitude}
}
