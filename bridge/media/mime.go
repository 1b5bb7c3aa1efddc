package media

import (
	"mime"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// aliases are other names of the types above.
var aliases = map[string]string{
	"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "audio/mp3": "audio/mpeg", "audio/x-wav": "audio/wav", "audio/wave": "audio/wav",
	"audio/vnd.wave": "audio/wav", "audio/opus": "audio/ogg", "application/ogg": "audio/ogg", "audio/x-m4a": "audio/mp4", "audio/m4a": "audio/mp4",
	"text/x-vcard": "text/vcard", "application/x-pdf": "application/pdf", "application/x-zip-compressed": "application/zip",
}

// Unknown is the type of a file that says nothing of itself.
const Unknown = "application/octet-stream"

// Type is the plain type of a file: lower case, without parameters. head, the
// file's beginning, decides where the declaration says nothing; it may be nil.
func Type(declared string, head []byte) string {
	plain := strings.ToLower(strings.Trim(strings.TrimSpace(declared), `"'`))
	if parsed, _, err := mime.ParseMediaType(plain); err == nil {
		plain = parsed
	} else {
		plain, _, _ = strings.Cut(plain, ";")
		plain = strings.TrimSpace(plain)
	}
	if known, ok := aliases[plain]; ok {
		plain = known
	}
	if valid(plain) && plain != Unknown && plain != "binary/octet-stream" {
		return plain
	}
	if len(head) == 0 {
		return Unknown
	}
	sniffed, _, _ := strings.Cut(mimetype.Detect(head).String(), ";")
	if known, ok := aliases[sniffed]; ok {
		sniffed = known
	}
	return sniffed
}

// valid reports whether a type has the form a/b of plain characters.
func valid(t string) bool {
	major, minor, ok := strings.Cut(t, "/")
	if !ok || major == "" || minor == "" {
		return false
	}
	for _, r := range major + minor {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("!#$&-^_.+", r) {
			return false
		}
	}
	return true
}
