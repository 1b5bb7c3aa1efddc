package content

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// MessageID makes the WhatsApp id of one part of a Chatwoot message. It is the
// same at every attempt, so a repeat after an unknown answer arrives once. It
// has the form that the library gives its own ids. restores tells messages apart to
// which Chatwoot has given the same id, because it was restored from a backup.
func MessageID(line, action string, message int64, part int, restores int64) string {
	name := fmt.Appendf(nil, "%s|%d|%s|%d", line, message, action, part)
	if restores != 0 { // ids of before there was this stay what they are
		name = fmt.Appendf(name, "|%d", restores)
	}
	sum := sha256.Sum256(name)
	return "3EB0" + strings.ToUpper(hex.EncodeToString(sum[:9]))
}
