package inbox

import (
	"net"
	"net/url"

	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// Reach is where Chatwoots reach this process.
type Reach struct {
	// Public is what an admin has set, or empty; Local is for a Chatwoot on this
	// machine.
	Public, Local string
}

// For is where the Chatwoot at an address reaches this process: what an admin has
// set, or, for a Chatwoot on this machine, the local address.
func (r Reach) For(chatwootURL string) string {
	if r.Public == "" && isLocal(chatwootURL) {
		return r.Local
	}
	return r.Public
}

// Webhook is where a line's Chatwoot is to post its events. The error says that
// nobody knows it.
func (r Reach) Webhook(line lines.Line) (string, error) {
	return chatwoot.WebhookURL(r.For(line.ChatwootURL), string(line.ID), line.PathSecret.Reveal())
}

// isLocal reports whether an address is of this machine's loopback.
func isLocal(address string) bool {
	parsed, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(parsed.Hostname())
	return parsed.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}
