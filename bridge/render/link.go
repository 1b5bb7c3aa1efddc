package render

import (
	"net/url"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/markup"
)

// longestLink bounds the address behind a label.
const longestLink = 2048

// webLink is a label that opens an address of the web; empty for any other, and for one that
// would look like another's: with a name before its host.
func webLink(label, address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	var to strings.Builder
	for _, c := range []byte(u.String()) {
		if isAddressByte(c) {
			to.WriteByte(c)
		} else {
			const digits = "0123456789ABCDEF"
			to.Write([]byte{'%', digits[c>>4], digits[c&0xF]})
		}
	}
	if to.Len() > longestLink {
		return ""
	}
	return "[" + markup.Literal(label) + "](" + to.String() + ")"
}

// isAddressByte reports whether a byte means the same to a browser and nothing to
// Markdown.
func isAddressByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte("-._~:/?#@!$&+,;=%", c) >= 0
}
