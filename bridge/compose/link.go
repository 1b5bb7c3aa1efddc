package compose

import (
	"net/url"
	"regexp"
	"strings"
)

// linkInText is a web address as phones find it in a text.
var linkInText = regexp.MustCompile(`(?i)https?://[^\s<>"]+`)

// longestLink bounds an address, in bytes.
const longestLink = 2000

// FirstLink is the first web address in a text, as it stands there, or "".
func FirstLink(text string) string {
	for _, found := range linkInText.FindAllString(text, 20) {
		found = strings.TrimRight(found, ".,;:!?'*_~`…»”")
		for _, pair := range []string{"()", "[]", "{}"} { // closed outside of the address
			for strings.HasSuffix(found, pair[1:]) && strings.Count(found, pair[1:]) > strings.Count(found, pair[:1]) {
				found = strings.TrimRight(found[:len(found)-1], ".,;:!?'*_~`…»”")
			}
		}
		if u, err := url.Parse(found); err == nil && len(found) <= longestLink && u.Hostname() != "" && u.User == nil {
			return found
		}
	}
	return ""
}
