package compose

import (
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// longestPlace bounds an address that is looked at.
const longestPlace = 2048

// placeOf is the point on the map that a text is about: it is nothing but the address of one
// at Google, Apple or OpenStreetMap, with its coordinates. Short addresses have none.
func placeOf(text string) *content.Place {
	text = strings.TrimSpace(text)
	text = strings.TrimSuffix(strings.TrimPrefix(text, "<"), ">")
	if len(text) > longestPlace || strings.ContainsAny(text, " \t\r\n") {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.Port() != "" {
		return nil
	}
	host := strings.ToLower(u.Hostname())
	switch {
	case isGoogle(host, u.Path):
		return googlePlace(u)
	case host == "maps.apple.com":
		return applePlace(u)
	case host == "openstreetmap.org" || host == "www.openstreetmap.org" || host == "osm.org" || host == "www.osm.org":
		return openPlace(u)
	}
	return nil
}

// googleHost is one of Google's for people, in any country.
var googleHost = regexp.MustCompile(`^(www\.|maps\.)?google(\.[a-z]{2,3}){1,2}$`)

func isGoogle(host, path string) bool {
	return googleHost.MatchString(host) && (strings.HasPrefix(host, "maps.") || path == "/maps" || strings.HasPrefix(path, "/maps/"))
}

var (
	// pinned is the place itself in a Google address, and shown the middle of the map.
	pinned = regexp.MustCompile(`!3d(-?[0-9.]{1,20})!4d(-?[0-9.]{1,20})`)
	shown  = regexp.MustCompile(`/@(-?[0-9.]{1,20}),(-?[0-9.]{1,20})`)
)

func googlePlace(u *url.URL) *content.Place {
	if strings.HasPrefix(u.Path, "/maps/dir") {
		return nil // a way has no one point
	}
	name := ""
	if _, rest, found := strings.Cut(u.Path, "/place/"); found {
		name, _, _ = strings.Cut(rest, "/")
		name = strings.ReplaceAll(name, "+", " ")
	}
	if p := matched(pinned, u.Path); p != nil {
		return p.named(name)
	}
	query := u.Query()
	for _, key := range []string{"q", "query", "ll", "center"} {
		if p := coordinates(query.Get(key)); p != nil {
			return p.named("")
		}
	}
	if _, rest, found := strings.Cut(u.Path, "/search/"); found {
		if p := coordinates(strings.ReplaceAll(strings.Trim(rest, "/"), "+", " ")); p != nil {
			return p.named("")
		}
	}
	if p := coordinates(name); p != nil {
		return p.named("")
	}
	return matched(shown, u.Path).named(name)
}

func applePlace(u *url.URL) *content.Place {
	query := u.Query()
	if query.Get("daddr") != "" || strings.HasPrefix(u.Path, "/directions") {
		return nil
	}
	name := query.Get("name")
	if name == "" && coordinates(query.Get("q")) == nil {
		name = query.Get("q")
	}
	for _, key := range []string{"ll", "coordinate", "q", "center"} {
		if p := coordinates(query.Get(key)); p != nil {
			return p.named(name)
		}
	}
	return nil
}

func openPlace(u *url.URL) *content.Place {
	query := u.Query()
	if p := coordinates(query.Get("mlat") + "," + query.Get("mlon")); p != nil {
		return p.named("")
	}
	if strings.HasPrefix(u.Path, "/directions") {
		return nil
	}
	if _, at, found := strings.Cut(u.Fragment, "map="); found { // zoom/latitude/longitude
		at, _, _ = strings.Cut(at, "&")
		if parts := strings.Split(at, "/"); len(parts) == 3 {
			return coordinates(parts[1] + "," + parts[2]).named("")
		}
	}
	return nil
}

// point is where a place is.
type point struct{ latitude, longitude float64 }

// named is the place of a point, nil of none.
func (p *point) named(name string) *content.Place {
	if p == nil {
		return nil
	}
	return &content.Place{Latitude: p.latitude, Longitude: p.longitude, Name: oneLine(name)}
}

func matched(re *regexp.Regexp, text string) *point {
	if found := re.FindStringSubmatch(text); found != nil {
		return coordinates(found[1] + "," + found[2])
	}
	return nil
}

// coordinates reads "latitude,longitude".
func coordinates(text string) *point {
	text = strings.TrimPrefix(text, "loc:")
	before, after, found := strings.Cut(text, ",")
	if !found {
		return nil
	}
	latitude, ok := degrees(before, 90)
	longitude, ok2 := degrees(after, 180)
	if !ok || !ok2 {
		return nil
	}
	return &point{latitude, longitude}
}

var number = regexp.MustCompile(`^[+-]?[0-9]{1,3}(\.[0-9]{0,20})?$`)

func degrees(text string, most float64) (float64, bool) {
	text = strings.TrimSpace(text)
	if !number.MatchString(text) {
		return 0, false
	}
	value, err := strconv.ParseFloat(text, 64)
	return value, err == nil && math.Abs(value) <= most
}
