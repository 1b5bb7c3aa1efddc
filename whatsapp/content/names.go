package content

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wootbridge/wootbridge/internal/visible"
)

// longestName bounds names, in characters: of people, and of files, which are no
// longer on any system.
const longestName = 255

// noName is WhatsApp's word for a person without a name.
const noName = "-"

// PersonName is what somebody calls themselves, in one line and without what
// commands the display, and not too long. A name that shows nothing is none: "".
func PersonName(raw string) string {
	name := strings.Map(func(r rune) rune {
		if visible.Control(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(raw, ""))
	name = strings.TrimFunc(cut(strings.Join(strings.Fields(name), " "), longestName), visible.Blank)
	if name == noName || !visible.Any(name) {
		return ""
	}
	return name
}

// fileName is what a file is called, without what commands the display: a name
// must not end the line that it is shown in, nor turn its own extension around.
func fileName(raw string) string {
	return cutFileName(strings.Map(func(r rune) rune {
		if visible.Control(r) {
			return -1
		}
		return r
	}, clean(raw)))
}

// cutFileName keeps the extension of a name that is too long.
func cutFileName(name string) string {
	if utf8.RuneCountInString(name) <= longestName {
		return name
	}
	extension := path.Ext(name)
	if utf8.RuneCountInString(extension) > longestExtension {
		extension = ""
	}
	return cut(name, longestName-utf8.RuneCountInString(extension)) + extension
}

// longestExtension is how long the end of a file's name is kept, in characters.
const longestExtension = 16

func withoutExtension(name, extension string) string {
	if at := len(name) - len(extension); at >= 0 && strings.EqualFold(name[at:], extension) {
		return name[:at]
	}
	return name
}
