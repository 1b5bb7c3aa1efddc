package media

import (
	"net/url"
	"path"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxName = 200 // bytes; below every file system's limit

// Name is a safe name for a file of a type: without path, quotes, semicolons or
// invisible characters, never empty, and with an extension.
func Name(declared, t, fallback string) string {
	name := declared
	if decoded, err := url.PathUnescape(name); err == nil && strings.Contains(name, "%") {
		name = decoded
	}
	name = strings.ToValidUTF8(name, "")
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r) && r != '\u200d': // bidi and other invisible ones
			return -1
		case strings.ContainsRune(`;"'/<>|:*?`, r):
			return '_'
		}
		return r
	}, name)
	name = strings.Trim(name, " .")
	if name == "" || name == "/" {
		name = fallback
	}
	extension := path.Ext(name)
	if !meansType.MatchString(extension) {
		extension = Extension(t)
	}
	name = strings.TrimSuffix(name, extension)
	for len(name)+len(extension) > maxName {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return name + extension
}

// meansType is what an extension looks like, as opposed to what else may come
// after a full stop: "v1.2 final", "invoice.2026".
var meansType = regexp.MustCompile(`^\.[A-Za-z0-9]{0,8}[A-Za-z][A-Za-z0-9]{0,8}$`)

var recorded = regexp.MustCompile(`^(?i:[0-9a-f]{12}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.[a-z0-9]+$`)

// IsVoiceRecording reports whether a file was recorded in the dashboard, which
// nothing marks: such files have a random name and come without text.
func IsVoiceRecording(name, contentType string, hasText bool) bool {
	return !hasText && recorded.MatchString(name) &&
		(strings.HasPrefix(Type(contentType, nil), "audio/") || contentType == "")
}
