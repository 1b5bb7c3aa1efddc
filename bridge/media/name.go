package media

import (
	"net/url"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/wootbridge/wootbridge/internal/visible"
)

const maxName = 200 // bytes; below every file system's limit

// Name is a safe name for a file of a type: without separators, quotes,
// semicolons or invisible characters, never empty, and with an extension.
func Name(declared, t, fallback string) string {
	name := declared
	if decoded, err := url.PathUnescape(name); err == nil && strings.Contains(name, "%") {
		name = decoded
	}
	name = withoutPath(strings.ToValidUTF8(name, ""))
	name = strings.TrimRightFunc(strings.Map(safe, name), outside)
	stem, extension := split(name, t)
	if extension == "" {
		extension = Extension(t)
	}
	stem = strings.TrimFunc(stem, outside)
	if !legible(stem) {
		stem = fallback
	}
	if reserved.MatchString(stem + extension) {
		stem = "_" + stem
	}
	return cut(stem, maxName-len(extension)) + extension
}

// WithExtension is a name with the extension of another type than it had.
func WithExtension(name, t string) string {
	stem, _ := split(name, t)
	return cut(stem, maxName-len(Extension(t))) + Extension(t)
}

// isPath tells a path, of which only the last element is a file's name, from a
// title with a slash in it: "Boleto 10/11/2025".
var isPath = regexp.MustCompile(`^(?:[A-Za-z]:[/\\]|\\\\|\.{1,2}[/\\]|~[/\\])`)

func withoutPath(name string) string {
	if !isPath.MatchString(name) {
		return name
	}
	return path.Base(strings.ReplaceAll(name, `\`, "/"))
}

// safe gives what stands for a character in a name, or -1 for nothing.
func safe(r rune) rune {
	switch {
	case visible.Control(r):
		return -1
	case strings.ContainsRune(`;"'/\<>|:*?`, r):
		return '_'
	}
	return r
}

// outside reports whether a name neither begins nor ends with a character.
func outside(r rune) bool { return r == '.' || visible.Blank(r) }

// legible reports whether a name has a character that says something.
func legible(name string) bool {
	return strings.ContainsFunc(name, func(r rune) bool { return r != '_' && r != '.' && visible.Rune(r) })
}

// reserved are names that Windows keeps for devices, whatever their extension.
var reserved = regexp.MustCompile(`^(?i:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)`)

// cut shortens a name to a length in bytes, between characters.
func cut(name string, length int) string {
	if len(name) <= length {
		return name
	}
	for !utf8.RuneStart(name[length]) {
		length--
	}
	return strings.TrimRightFunc(name[:length], outside)
}

// volume is the number of a part of a divided archive.
var volume = regexp.MustCompile(`^\.[0-9]{3}$`)

// packed are extensions that have another before them.
var packed = regexp.MustCompile(`^(?i:\.(?:gz|bz2|xz|zst|lz|lzma|p7s|p7m|asc|gpg|sig|[0-9]{3}))$`)

// split parts a name from its extension, which is "" if what follows the last
// full stop is none for a file of type t: "v1.2 final", "Dr.Silva".
func split(name, t string) (stem, extension string) {
	extension = path.Ext(name)
	stem = strings.TrimSuffix(name, extension)
	inner := path.Ext(stem)
	switch {
	case volume.MatchString(extension) && isExtension(inner, t), packed.MatchString(extension) && isExtension(extension, t) && isExtension(inner, t):
		return strings.TrimSuffix(stem, inner), inner + extension
	case isExtension(extension, t):
		return stem, extension
	}
	return name, ""
}

// isExtension reports whether a name's end, with its full stop, is an extension.
func isExtension(end, t string) bool {
	letters := strings.ToLower(strings.TrimPrefix(end, "."))
	if letters == "" {
		return false
	}
	if knownExtensions[letters] || "."+letters == Extension(t) {
		return true
	}
	switch Extension(t) {
	case "", ".txt", ".zip", ".xml", ".json", ".gz", ".exe":
		return wordExtensions[letters]
	}
	return false
}
