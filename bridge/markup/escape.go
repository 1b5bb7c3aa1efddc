package markup

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/util"
)

var (
	entity   = regexp.MustCompile(`^&(#[xX]?[0-9a-fA-F]{1,7}|[A-Za-z][A-Za-z0-9]{1,31});`)
	markOpen = regexp.MustCompile(`^<[A-Za-z/!?]`)
	glyph    = regexp.MustCompile(`^(?i:\((c|r|tm|p)\)|\+-|--|\.\.)`)
)

// writeRune writes one character of plain text, escaped where the dashboard
// would make something else of it.
func writeRune(out *strings.Builder, line string, i int, r, previous rune, links bool) {
	rest := line[i:]
	next := rune(' ')
	if len(rest) > utf8.RuneLen(r) && r != utf8.RuneError {
		next, _ = utf8.DecodeRuneInString(rest[utf8.RuneLen(r):])
	}
	if r == ' ' && next == ' ' && len(rest) > 1 {
		out.WriteString(nbsp) // runs of spaces collapse
		return
	}
	if needsEscape(rest, r, previous, next, links) {
		out.WriteByte('\\')
	}
	out.WriteRune(r)
}

func needsEscape(rest string, r, previous, next rune, links bool) bool {
	switch r {
	case '\\':
		return isPunct(next) || len(rest) == 1
	case '`':
		return true
	case '*':
		return !unicode.IsSpace(previous) || !unicode.IsSpace(next) || len(rest) == 1
	case '_':
		return !isWord(previous) || !isWord(next)
	case '~':
		return next == '~' || previous == '~'
	case '[', ']':
		return links
	case '!':
		return links && next == '['
	case '<':
		return markOpen.MatchString(rest)
	case '&':
		return entity.MatchString(rest)
	case '|':
		return true
	case '"', '\'':
		return inCode(previous, next, r)
	case '(', '+', '-', '.':
		return typographed(rest, r, previous)
	}
	return false
}

// inCode reports whether a quotation mark stands inside a token, where the
// typographer would spoil it; in prose it may.
func inCode(previous, next, r rune) bool {
	if unicode.IsSpace(previous) || unicode.IsSpace(next) {
		return false
	}
	if r == '\'' && unicode.IsLetter(previous) && unicode.IsLetter(next) {
		return false // it's
	}
	return isWord(previous) && next != ',' && next != '.' || isWord(next) && !unicode.IsSpace(previous) && previous != '('
}

// typographed reports whether the typographer would change a sign inside a
// token: AB--12, a...b, x(c)y.
func typographed(rest string, r, previous rune) bool {
	if r == '-' && previous == '-' {
		return true // the rest of a run whose first is escaped or alone
	}
	if !glyph.MatchString(rest) {
		return false
	}
	after := strings.TrimLeft(rest, ".-+")
	next, _ := utf8.DecodeRuneInString(after)
	if after == "" {
		next = ' '
	}
	return !unicode.IsSpace(previous) && !unicode.IsSpace(next)
}

// webAddress is the web address that a text begins with, or "". It ends where the
// dashboard ends one, and before anything that an autolink must not have in it.
func webAddress(text string) string {
	for _, scheme := range []string{"https://", "http://"} {
		if len(text) <= len(scheme) || !strings.EqualFold(text[:len(scheme)], scheme) {
			continue
		}
		rest := text[len(scheme):]
		if end := strings.IndexFunc(rest, endsAddress); end >= 0 {
			rest = rest[:end]
		}
		if rest == "" {
			return ""
		}
		return trimAddress(text[:len(scheme)+len(rest)])
	}
	return ""
}

func endsAddress(r rune) bool {
	return r == '<' || r == '>' || unicode.IsControl(r) || unicode.In(r, unicode.Z)
}

// trimAddress takes the punctuation off a web address that belongs to the
// sentence around it.
func trimAddress(address string) string {
	unopened := strings.Count(address, ")") - strings.Count(address, "(")
	for address != "" {
		last := address[len(address)-1]
		switch {
		case strings.IndexByte(`.,;:!?'"*_~]`+"`", last) >= 0:
		case last == ')' && unopened > 0:
			unopened--
		default:
			return address
		}
		address = address[:len(address)-1]
	}
	return address
}

// writeAddress writes a web address so that it is shown and opens as it is: bare
// where that is safe, in angle brackets where a character of it means
// something. Backslashes would become part of it.
//
// It writes nothing, and reports false, where what stands in angle brackets
// would not be read as one address: what is in it would be read as markdown,
// and a customer could write pictures and disguised links with it.
func writeAddress(out *strings.Builder, address string) bool {
	if address == "" {
		return false
	}
	if !strings.ContainsAny(address, "*_~`\"'[]()|\\&") && !strings.Contains(address, "--") && !strings.Contains(address, "..") {
		out.WriteString(address)
		return true
	}
	// This is what a CommonMark parser itself asks of an autolink.
	if util.FindURLIndex([]byte(address)) != len(address) {
		return false
	}
	if escapesNext(out.String()) {
		out.WriteByte('\\') // or the bracket would be a plain character
	}
	out.WriteString("<" + address + ">")
	return true
}

// escapesNext reports whether a text ends with a backslash that takes the
// meaning from the next character.
func escapesNext(text string) bool {
	return (len(text)-len(strings.TrimRight(text, `\`)))%2 == 1
}
