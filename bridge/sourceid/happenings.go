package sourceid

import (
	"strings"

	"github.com/wootbridge/wootbridge/bridge/foreign"
)

// What is no message of WhatsApp's, but is shown as one, has ids that begin so; those of
// messages are letters and digits.
const (
	call  = "call-"
	event = "event-"
)

// IsMessage reports whether an id is a message's, which WhatsApp knows.
func IsMessage(id string) bool {
	return !strings.HasPrefix(id, call) && !strings.HasPrefix(id, event)
}

// CallReply is the source id of what a caller is written. It is none of the bridge's:
// the message is sent as if an agent had written it.
func CallReply(id string) string { return "reply:" + foreign.Key(id) }
