package markup

import (
	"strings"
	"unicode"

	"github.com/wootbridge/wootbridge/internal/visible"
)

// longestName is how much of a name stands in a line of ours, in characters.
const longestName = 64

// Name is a name that somebody else has chosen, for a line that the bridge writes:
// one line, without what commands the display, and not too long. Every such name
// passes it, on its way into Literal, Bold or HTML.
func Name(raw string) string { return oneLine(raw, longestName) }

// Line is Name for what may be longer: the question of a poll, an address.
func Line(raw string, limit int) string { return oneLine(raw, limit) }

// FileName is Name for the name of a file, of which the end tells most.
func FileName(raw string) string {
	name := []rune(oneLine(raw, len(raw)))
	const end = 16
	if len(name) <= longestName {
		return string(name)
	}
	return string(name[:longestName-end-1]) + "…" + string(name[len(name)-end:])
}

// Literal shows a plain text as it is, in one line and without links.
func Literal(text string) string {
	return convert(strings.Join(strings.Fields(plain(text)), " "), style{})
}

// Bold is Literal in bold.
func Bold(text string) string {
	text = Literal(text)
	if text == "" {
		return ""
	}
	return "**" + text + "**"
}

// oneLine is the beginning of a text in one line, at most limit characters long.
func oneLine(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		if visible.Control(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return Cut(strings.Join(strings.Fields(text), " "), limit)
}

// Cut is a text of at most limit characters, of which the last says that there is
// more. An emoji or an accented letter is not cut in two.
func Cut(text string, limit int) string {
	end, last := 0, 0
	for at, r := range text {
		if end == limit {
			return strings.TrimRight(text[:last], " \n") + "…"
		}
		if end < limit && !belongsToLast(text, at, r) {
			last = at
		}
		end++
	}
	return text
}

// belongsToLast reports whether a character is shown as one with that before it.
func belongsToLast(text string, at int, r rune) bool {
	return unicode.In(r, unicode.M) || r == joiner || r >= 0x1F3FB && r <= 0x1F3FF || runeBefore(text, at) == joiner
}

const joiner = '\u200d'
