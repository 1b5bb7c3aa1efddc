package media

import (
	"regexp"
	"strings"
)

// recorded is what the dashboard's recorder calls a file: eight hexadecimal
// digits, a 4, three more; older ones wrote a whole random UUID.
var recorded = regexp.MustCompile(`^([0-9a-f]{8}4[0-9a-f]{3}|[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})\.(?:mp3|ogg|oga|opus|wav|webm|weba|m4a|mp4|aac)$`)

// IsVoiceRecording reports whether a file was recorded in the dashboard, which
// nothing marks: such files have a random name and come without text. A name of
// decimal digits only is taken for a number or a time that somebody gave: of the
// recorder's names one in 180 is such, and its sound is then an audio file, while
// a song that becomes a voice note is spoilt.
func IsVoiceRecording(name, contentType string, hasText bool) bool {
	found := recorded.FindStringSubmatch(name)
	return !hasText && found != nil && strings.ContainsAny(found[1], "abcdef") &&
		(strings.HasPrefix(Type(contentType, nil), "audio/") || contentType == "")
}
