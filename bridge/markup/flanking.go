package markup

import (
	"unicode"
	"unicode/utf8"
)

// around is what stands beside a mark. Parsers disagree about some signs: to one
// they are punctuation, to another like letters. A mark is only written where all
// of them read it.
type around struct {
	r       rune
	address bool // it is the border of an address, which may have angle brackets
}

var nothing = around{r: ' '}

// mayBePunct reports whether some parser takes it for punctuation.
func (a around) mayBePunct() bool { return a.address || unicode.IsPunct(a.r) || unicode.IsSymbol(a.r) }

// ends reports whether every parser takes it for a space or punctuation.
func (a around) ends() bool {
	return isSpace(a.r) || !a.address && (isPunct(a.r) || a.r <= 0xFFFF && unicode.IsPunct(a.r))
}

// opens reports whether a mark between two characters opens a span on WhatsApp, and
// closes whether it ends one.
func opens(before, after around) bool { return !isWord(before.r) && !unicode.IsSpace(after.r) }

func closes(before, after around) bool { return opens(after, before) }

// isRead reports whether every parser reads a mark between two characters, of which
// the inner one is within the span; and an underscore too.
func isRead(inner, outer around) (mark, underscore bool) {
	mark = !inner.mayBePunct() || outer.ends()
	return mark, mark && outer.ends()
}

// isSpace reports whether every parser of markdown takes a character for a space.
func isSpace(r rune) bool { return r == '\n' || r == '\t' || unicode.Is(unicode.Zs, r) }

// isWord reports whether a character is part of a word. What only colours an emoji
// is not.
func isWord(r rune) bool {
	if unicode.In(r, unicode.Variation_Selector, unicode.Me) {
		return false
	}
	return unicode.In(r, unicode.L, unicode.N, unicode.M)
}

func isPunct(r rune) bool {
	return r > ' ' && r < 0x7f && !isLetterOrDigit(r)
}

func isLetterOrDigit(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// runeBefore is the character that ends at i.
func runeBefore(s string, i int) rune {
	if i == 0 {
		return ' '
	}
	r, _ := utf8.DecodeLastRuneInString(s[:i])
	return r
}

// runeAt is the character that begins at i.
func runeAt(s string, i int) rune {
	if i >= len(s) {
		return ' '
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	return r
}
