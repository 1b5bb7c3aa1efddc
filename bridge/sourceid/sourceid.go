package sourceid

import (
	"strconv"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/foreign"
)

// Prefix begins the source id of everything that a bridge creates.
const Prefix = "WAID:"

// The suffixes of what is derived from a message. Each keeps a post apart from
// the message itself, which may come, or be looked for, under its own id.
const (
	Late       = "#late"       // the line before a message that came late
	Unreadable = "#unreadable" // the line in the place of a message that was given up
	Waiting    = "#waiting"    // the placeholder of a message that could not be read yet
	File       = "#file"       // a file that came after its message
	Forwarded  = "#forwarded"  // the line before a file that was forwarded
	Caption    = "#caption"    // what stands below a file, where that is a message of its own
	Album      = "#album"      // what announces an album, in the place of which stands its first file
	Ad         = "#ad"         // the note about the ad that a message came from
	Missing    = "#missing"    // the note that says that a file will not come
	Converted  = "#converted"  // a message that was shown as a placeholder before
	Votes      = "#votes"      // a count of a poll's votes; the time that it is of follows
)

// Part is the suffix of the posts of a message that needs several: the first, 0, is the
// message itself.
func Part(n int) string {
	if n == 0 {
		return ""
	}
	return OfPart(part, n)
}

const part = "#part"

// OfPart is a suffix of those above for what is derived from a part of a message.
func OfPart(suffix string, n int) string {
	if n == 0 {
		return suffix
	}
	return suffix + strconv.Itoa(n)
}

// Shows reports whether what has a suffix is the message itself, or a part or file of it.
func Shows(suffix string) bool {
	kind := strings.TrimRight(suffix, "0123456789")
	return kind == "" || kind == part || kind == File
}

// Of is the source id of a WhatsApp message.
func Of(id string) string { return Derived(id, "") }

// Derived is the source id of what is derived from a message; suffix is one of
// those above, or a part's. An id that Chatwoot cannot store, or that would pass for another
// one with a suffix, is hashed.
func Derived(id, suffix string) string {
	if strings.Contains(id, "#") {
		return Prefix + foreign.Hashed(id) + suffix
	}
	return Prefix + foreign.Key(id) + suffix
}

// IsOurs reports whether a source id is of a message that a bridge created.
func IsOurs(source string) bool { return strings.HasPrefix(source, Prefix) }

// Link is a source id without its prefix: the form in which the ledger keeps it.
func Link(source string) string { return strings.TrimPrefix(source, Prefix) }

// Message is the WhatsApp message id in a source id or a link, without prefix
// and suffix.
func Message(id string) string {
	id, _ = Split(Link(id))
	return id
}

// Split cuts a link into the WhatsApp message id and the suffix, which is empty
// for the message itself.
func Split(link string) (id, suffix string) {
	id, rest, ok := strings.Cut(link, "#")
	if !ok {
		return id, ""
	}
	return id, "#" + rest
}
