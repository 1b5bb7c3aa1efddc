package preview

import (
	"io"
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const (
	// mostTokens bounds how much of a page is looked at, whatever its size in bytes.
	mostTokens = 20_000
	// largestToken bounds one of them, in bytes.
	largestToken = 64 << 10

	longestTitle       = 150 // characters
	longestDescription = 300
)

// page is what a page says of itself.
type page struct {
	title, description string
	image              *url.URL
}

// values are what was found under each name, the first of each.
type values map[string]string

func (v values) add(name, value string) {
	if v[name] == "" {
		v[name] = strings.TrimSpace(value)
	}
}

func (v values) first(names ...string) string {
	for _, name := range names {
		if v[name] != "" {
			return v[name]
		}
	}
	return ""
}

// parse reads what a page at an address says of itself. It is pure, and takes anything.
func parse(r io.Reader, at *url.URL) page {
	found := scan(r)
	p := page{
		title:       shortened(found.first("og:title", "twitter:title", "title"), longestTitle),
		description: shortened(found.first("og:description", "twitter:description", "description"), longestDescription),
	}
	image := found.first("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src", "image_src")
	if to, err := at.Parse(image); err == nil && image != "" && (to.Scheme == "http" || to.Scheme == "https") {
		p.image = to
	}
	return p
}

// scan collects what stands in the head of a page. Some pages have none, or say more
// below it, as long as there is no title.
func scan(r io.Reader) values {
	found := values{}
	z := html.NewTokenizer(r)
	z.SetMaxBuf(largestToken)
	inTitle := false
	for range mostTokens {
		switch z.Next() {
		case html.ErrorToken:
			return found
		case html.TextToken:
			if inTitle {
				found.add("title", string(z.Text()))
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			inTitle = false
			if atom.Lookup(name) == atom.Head && found.first("og:title", "title") != "" {
				return found
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			switch tag := atom.Lookup(name); tag {
			case atom.Title:
				inTitle = found["title"] == ""
			case atom.Meta:
				found.meta(attributes(z, more))
			case atom.Link:
				if a := attributes(z, more); strings.EqualFold(a["rel"], "image_src") {
					found.add("image_src", a["href"])
				}
			case atom.Body:
				if found.first("og:title", "title") != "" {
					return found
				}
			}
		}
	}
	return found
}

func (v values) meta(a map[string]string) {
	name := a["property"]
	if name == "" {
		name = a["name"]
	}
	switch name = strings.ToLower(strings.TrimSpace(name)); {
	case name == "description", strings.HasPrefix(name, "og:"), strings.HasPrefix(name, "twitter:"):
		v.add(name, a["content"])
	}
}

// mostAttributes bounds how many of a tag are read.
const mostAttributes = 50

func attributes(z *html.Tokenizer, more bool) map[string]string {
	all := map[string]string{}
	for n := 0; more && n < mostAttributes; n++ {
		var key, value []byte
		key, value, more = z.TagAttr()
		if _, there := all[string(key)]; !there {
			all[string(key)] = string(value)
		}
	}
	return all
}

// shortened is a text in one line, without signs that nobody sees, of so many characters
// at most.
func shortened(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Bidi_Control, r), r == unicode.ReplacementChar, r == 0xFEFF:
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > most {
		return strings.TrimSpace(string(runes[:most-1])) + "…"
	}
	return string(runes)
}
