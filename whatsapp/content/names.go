package content

import (
	"strings"
	"unicode"

	"github.com/wootbridge/wootbridge/internal/visible"
)

// noName is WhatsApp's word for a person without a name.
const noName = "-"

// PersonName is what somebody calls themselves, in one line and without what
// commands the display. A name that shows nothing is none: "".
func PersonName(raw string) string {
	name := strings.Map(func(r rune) rune {
		if visible.Control(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(raw, ""))
	name = strings.TrimFunc(strings.Join(strings.Fields(name), " "), visible.Blank)
	if name == noName || !visible.Any(name) {
		return ""
	}
	return name
}

// fileName is what a file is called, without what commands the display: a name
// must not end the line that it is shown in, nor turn its own extension around.
func fileName(raw string) string {
	return strings.Map(func(r rune) rune {
		if visible.Control(r) {
			return -1
		}
		return r
	}, clean(raw))
}
