package content

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// MessageID makes the WhatsApp id of one part of a Chatwoot message. It is the
// same at every attempt, so a repeat after an unknown answer arrives once. It
// has the form that the library gives its own ids.
func MessageID(line, action string, message int64, part int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s|%d|%s|%d", line, message, action, part))
	return "3EB0" + strings.ToUpper(hex.EncodeToString(sum[:9]))
}
