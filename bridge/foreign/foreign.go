package foreign

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// KeyMost is how long a key may be, in bytes, to be kept as it is.
	KeyMost = 200
	// partMost is the same for a part of a longer one. It leaves room for the
	// suffix of an id.
	partMost = 100
	// longestKey is what always fits an index, beside other columns.
	longestKey = 1000
)

// Key makes a foreign text fit for an indexed column. One that is clean and no
// longer than KeyMost stays as it is; of any other the parts between bars that
// are neither become their hash, so that the rest can still be read and looked
// for. Different texts keep different keys, and the key of a key is itself.
func Key(text string) string {
	if len(text) <= KeyMost && IsClean(text) {
		return text
	}
	key := HashedParts(text)
	if len(key) <= longestKey {
		return key
	}
	first, _, _ := strings.Cut(key, "|")
	return first + "|" + Hashed(text)
}

// HashedParts is the form that a part of a key has in a key that does not stay
// as it is.
func HashedParts(text string) string {
	parts := strings.Split(text, "|")
	for i, part := range parts {
		if len(part) > partMost || !IsClean(part) {
			parts[i] = Hashed(part)
		}
	}
	return strings.Join(parts, "|")
}

// Hashed is the form of a text that cannot stay as it is.
func Hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "~" + hex.EncodeToString(sum[:])
}

// IsClean reports whether a text has neither invalid UTF-8 nor control
// characters in it.
func IsClean(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, unicode.IsControl) < 0
}

// TextMost bounds a text that people read, in bytes.
const TextMost = 2000

// Text makes a foreign text fit for a column that nothing is looked up by: it
// loses what Postgres refuses, and what is beyond TextMost.
func Text(text string) string {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	if strings.IndexByte(text, 0) >= 0 {
		text = strings.ReplaceAll(text, "\x00", "")
	}
	if len(text) <= TextMost {
		return text
	}
	end := TextMost
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
