package render

import (
	"net/url"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// longestAd is how much of an ad's text is shown, in characters.
const longestAd = 1000

// fromAd stands in the place of a first message that has no text: the person pressed the
// ad's button, and no more.
func (c Context) fromAd() string { return "📣 " + markup.Bold(c.Texts.Text("ad")) }

// adNote tells agents of the ad that a person came from.
func (c Context) adNote(m content.Message) Post {
	ad := m.Ad
	title := c.Texts.Text("ad")
	if named := markup.Line(ad.Title, longestQuestion); named != "" {
		title += ": " + named
	}
	lines := []string{"📣 " + markup.Bold(title)}
	for _, text := range []string{ad.Body, ad.Greeting} {
		if line := markup.Literal(markup.Line(text, longestAd)); line != "" {
			lines = append(lines, line)
		}
	}
	if to := webAddress(ad.URL); to != "" {
		lines = append(lines, "["+markup.Literal(c.Texts.Text("ad.open"))+"]("+to+")")
	}
	p := Post{
		SourceID: sourceid.Derived(m.ID, sourceid.Ad), Form: Note, Content: markup.ProtectLiquid(strings.Join(lines, "\n")),
	}
	if ad.Picture != nil {
		p.Files, p.Optional = []Enclosed{{Name: "ad", MIME: pictureType(ad.Picture), Content: ad.Picture}}, true
	}
	return p
}

// pictureType is what a picture is that is a JPEG or a PNG.
func pictureType(picture []byte) string {
	if picture[0] == 0xff {
		return "image/jpeg"
	}
	return "image/png"
}

// longestURL is how long an address may be.
const longestURL = 2000

// webAddress is an address of the web in a form that can end no link, or "".
func webAddress(raw string) string {
	raw = strings.TrimSpace(raw)
	parsed, err := url.Parse(raw)
	if err != nil || len(raw) > longestURL || parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Host == "" || parsed.User != nil {
		return ""
	}
	if strings.IndexFunc(parsed.Host, func(r rune) bool { return !plainInHost(r) }) >= 0 {
		return ""
	}
	const plain = "-._~:/?#@!$&*+,;=%"
	var out strings.Builder
	for _, b := range []byte(raw) {
		if b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || strings.IndexByte(plain, b) >= 0 {
			out.WriteByte(b)
			continue
		}
		const hex = "0123456789ABCDEF"
		out.Write([]byte{'%', hex[b>>4], hex[b&15]})
	}
	return out.String()
}

func plainInHost(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == ':'
}
