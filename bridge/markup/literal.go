package markup

import (
	"strings"
	"unicode"
)

// literal writes the character at i, or the run of it up to end, so that it stands
// for itself, and gives where it ends.
func (l *line) literal(i, end int) int {
	switch c := l.text[i]; c {
	case '-':
		return l.dashes(i, end)
	case '!', '?':
		return l.every(i, l.runAt(i, end, "!?"), 4, 3) // the typographer leaves three
	case ',':
		return l.every(i, l.runAt(i, end, ","), 2, 1)
	case '.':
		return l.dots(i, end)
	case ' ':
		return l.spaces(i, end)
	default:
		end = l.characterEnd(i)
		if l.means(i, c) {
			l.escaped(l.text[i:end])
		} else {
			l.letter(l.text[i:end])
		}
		return end
	}
}

// means reports whether the dashboard would make something else of a character.
func (l *line) means(i int, c byte) bool {
	before, after := runeBefore(l.text, i), runeAt(l.text, i+1)
	switch c {
	case '`':
		return true
	case '*':
		return !isSpace(before) || !isSpace(after) || i+1 == len(l.text)
	case '_':
		// Angle brackets around an address are no part of a word.
		return !isWord(before) || !isWord(after) || l.before(i).address || l.after(i+1).address
	case '~':
		return before == '~' || after == '~' || l.beforeHost(i)
	case '$', '=':
		return l.beforeHost(i)
	case ']':
		return after == '('
	case ':':
		return after == '/' && runeAt(l.text, i+2) == '/'
	case '<':
		return l.isTag(i)
	case '&':
		return l.isEntity(i)
	case '"', '\'':
		return isQuoteInToken(before, after, rune(c))
	case '+':
		return after == '-'
	case '(':
		return isSymbol(l.text[i:])
	}
	return false
}

// beforeHost reports whether an address without a scheme begins behind the sign at i,
// which the dashboard would take for a part of its name. Such a link leads nowhere, and
// before a port its parts are shown in another order.
func (l *line) beforeHost(i int) bool {
	at, found := l.fixedFrom(i + 1)
	return found && l.fixed[at].kind == host
}

// isTag reports whether an angle bracket may begin an address, or what others take
// for HTML.
func (l *line) isTag(i int) bool {
	next := runeAt(l.text, i+1)
	if next <= unicode.MaxASCII && (isLetter(byte(next)) || strings.ContainsRune("/!?", next)) {
		return true
	}
	end := strings.IndexAny(l.text[i+1:], "<> ")
	l.steps += max(end, 0)
	return end > 0 && l.text[i+1+end] == '>' && strings.IndexByte(l.text[i+1:i+1+end], '@') >= 0
}

// longestEntity is how many characters an entity has between its signs.
const longestEntity = 32

// isEntity reports whether an ampersand begins what is read as one character.
func (l *line) isEntity(i int) bool {
	rest := l.text[i+1:]
	rest = rest[:min(len(rest), longestEntity+1)]
	end := strings.IndexByte(rest, ';')
	l.steps += len(rest)
	if end < 1 {
		return false
	}
	for _, c := range []byte(strings.TrimPrefix(rest[:end], "#")) {
		if !isLetterOrDigit(rune(c)) {
			return false
		}
	}
	return rest[:end] != "#"
}

// isSymbol reports whether a text begins with (c), (r) or (tm), of which the
// typographer makes another sign.
func isSymbol(text string) bool {
	for _, symbol := range []string{"(c)", "(r)", "(tm)"} {
		if len(text) >= len(symbol) && strings.EqualFold(text[:len(symbol)], symbol) {
			return true
		}
	}
	return false
}

// isQuoteInToken reports whether a quotation mark stands inside a token, where the
// typographer would spoil it; in prose it may.
func isQuoteInToken(before, after, r rune) bool {
	if unicode.IsSpace(before) || unicode.IsSpace(after) {
		return false
	}
	if r == '\'' && unicode.IsLetter(before) && unicode.IsLetter(after) {
		return false // it's
	}
	return isWord(before) && !strings.ContainsRune(",.!?;:)]}*_~…", after) || isWord(after) && !strings.ContainsRune("([{*_~¿¡", before)
}

// dashes writes a run of dashes. The typographer changes two and three of them.
func (l *line) dashes(i, end int) int {
	end = l.runAt(i, end, "-")
	if n := end - i; n == 2 || n == 3 {
		return l.every(i, end, 1, 0)
	}
	l.letter(l.text[i:end])
	return end
}

// dots writes a run of dots. In prose they may become one sign, in a token not, and
// after ? and ! they would become fewer.
func (l *line) dots(i, end int) int {
	end = l.runAt(i, end, ".")
	before := runeBefore(l.text, i)
	inToken := !unicode.IsSpace(before) && !unicode.IsSpace(runeAt(l.text, end))
	if n := end - i; n > 1 && inToken || n > 2 && (before == '!' || before == '?') {
		l.every(i, end-1, 1, 0)
		i = end - 1
	}
	l.letter(l.text[i:end])
	return end
}

// every writes a run with a backslash before every nth character from the first on.
func (l *line) every(i, end, nth, first int) int {
	for at := i; at < end; at++ {
		if offset := at - i - first; offset >= 0 && offset%nth == 0 {
			l.escaped(l.text[at : at+1])
		} else {
			l.letter(l.text[at : at+1])
		}
	}
	return end
}

// spaces writes a run of spaces, of which a page shows one.
func (l *line) spaces(i, end int) int {
	end = l.runAt(i, end, " ")
	if end < len(l.text) {
		l.letter(strings.Repeat(nbsp, end-i-1))
	}
	l.letter(" ")
	return end
}
