package markup

import (
	"strings"
	"unicode"
)

// unlinked writes a part of a line that is no link, nor any part of it.
func (l *line) unlinked(i, end int) {
	for i < end {
		c, next := l.text[i], runeAt(l.text, i+1)
		switch {
		case (c == '.' || c == '@') && !unicode.IsSpace(next), c == ':' && next == '/', c == '/' && next == '/':
			l.escaped(l.text[i : i+1])
			i++
		default:
			i = l.literal(i, end)
		}
	}
}

// plain writes a line of which nothing is a link, whatever stands around it.
func (l *line) plain(i int) {
	for i < len(l.text) {
		c, next := l.text[i], runeAt(l.text, i+1)
		switch {
		case c == '.' && l.mayLink(i), c == '@' && isOfHost(next), c == ':' && next == '/', c == '/' && next == '/':
			l.escaped(l.text[i : i+1])
			i++
		default:
			i = l.literal(i, len(l.text))
		}
	}
}

// mayLink reports whether the dot at i may stand in an address.
func (l *line) mayLink(i int) bool {
	if i >= 3 && strings.EqualFold(l.text[i-3:i], "www") {
		return true
	}
	const longest = 16
	label := l.text[i+1 : min(len(l.text), i+1+longest)]
	if end := strings.IndexFunc(label, func(r rune) bool { return r == '.' || !isOfHost(r) }); end >= 0 {
		label = label[:end]
	}
	label, _, _ = strings.Cut(label, "--")
	l.steps += longest
	return isTopLevel(strings.TrimRight(label, "-")) || label == "xn"
}
