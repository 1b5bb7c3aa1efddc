package lines

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// When a contact in Chatwoot gets the name that the person goes by on WhatsApp: where it has
// none that somebody has chosen, with every new name, or not at all.
const (
	NamesFill   = "fill"
	NamesAlways = "always"
	NamesNever  = "never"
)

var namePolicies = []string{NamesFill, NamesAlways, NamesNever}

// longestGroupSender bounds the template of who of a group wrote, in characters.
const longestGroupSender = 200

// senderPlaceholder is what a template of who of a group wrote may have filled in.
var senderPlaceholder = regexp.MustCompile(`\{(name|number|tag)\}`)

// isGroupSender reports whether a template is one line that says who wrote; the empty one
// is the form of the bridge's own.
func isGroupSender(template string) bool {
	if template == "" {
		return true
	}
	rest := senderPlaceholder.ReplaceAllString(template, "")
	return utf8.ValidString(template) && utf8.RuneCountInString(template) <= longestGroupSender &&
		(strings.Contains(template, "{name}") || strings.Contains(template, "{number}")) &&
		!strings.ContainsAny(rest, "{}\u2028\u2029") && !strings.ContainsFunc(template, unicode.IsControl)
}
