package visible

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	brailleBlank = '\u2800'
	nonJoiner    = '\u200c'
	joiner       = '\u200d'
)

// Any reports whether a text has a character that shows something by itself. An
// accent without a letter does not.
func Any(text string) bool { return strings.ContainsFunc(text, Rune) }

// Rune reports whether a character shows something by itself.
func Rune(r rune) bool {
	return r != utf8.RuneError && !Blank(r) && !unicode.In(r, unicode.C, unicode.Z, unicode.M)
}

// Blank reports whether a character is a space, or is shown as one or not at all,
// and belongs to no other character.
func Blank(r rune) bool {
	return unicode.IsSpace(r) || r == brailleBlank || r == nonJoiner || r == joiner || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

// Control reports whether a character commands the display instead of being shown:
// control characters, and what turns the direction of writing. What joins emoji
// and Persian letters, and spells flags, is part of a text.
func Control(r rune) bool {
	if r == nonJoiner || r == joiner || r >= '\U000E0020' && r <= '\U000E007F' {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}
