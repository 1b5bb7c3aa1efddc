package bridge

import (
	"net"
	"net/url"
)

// publicURL is where the Chatwoot at the given address reaches this process:
// what an admin has set, or, for a Chatwoot on this machine, the local address.
func (b *Bridge) publicURL(chatwootURL string) string {
	if b.cfg.PublicURL == "" && isLocal(chatwootURL) {
		return b.cfg.LocalURL
	}
	return b.cfg.PublicURL
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
