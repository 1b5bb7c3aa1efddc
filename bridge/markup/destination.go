package markup

import (
	"net/url"
	"strings"
)

// place is what a link leads to.
type place int

const (
	noAddress place = iota // nothing that would open on a phone
	address
	mention // of an agent
)

// destination reads where a link leads to, as people write it.
func destination(raw []byte) (string, place) {
	to := strings.Join(strings.Fields(unescaped(raw)), "%20")
	lower := strings.ToLower(to)
	scheme, rest, found := strings.Cut(lower, ":")
	switch {
	case strings.HasPrefix(lower, "mention://"):
		return to, mention
	case found && (scheme == "mailto" || scheme == "tel" || scheme == "sms") && rest != "":
		return withoutScheme(to), address
	case found && strings.HasPrefix(rest, "//") && len(rest) > len("//") && strings.IndexFunc(scheme, func(r rune) bool { return !isLetterOrDigit(r) && r != '+' && r != '-' }) < 0:
		return to, address
	}
	host, _, _ := strings.Cut(to, "/")
	if isHostName(host) && !strings.ContainsAny(host, ":@\\") && (host != to || strings.HasPrefix(lower, "www.")) {
		return to, address
	}
	return to, noAddress
}

// withoutScheme is the address of a mailbox or a phone as people write it.
func withoutScheme(to string) string {
	for _, scheme := range []string{"mailto:", "tel:", "sms:"} {
		if len(to) > len(scheme) && strings.EqualFold(to[:len(scheme)], scheme) {
			to, _, _ = strings.Cut(to[len(scheme):], "?")
		}
	}
	return to
}

// isSame reports whether the text of a link is its address.
func isSame(text, to string) bool { return bareAddress(text) == bareAddress(to) }

func bareAddress(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if decoded, err := url.PathUnescape(s); err == nil {
		s = decoded
	}
	if _, rest, found := strings.Cut(s, "://"); found {
		s = rest
	}
	return strings.TrimSuffix(strings.TrimPrefix(s, "www."), "/")
}
