package admin

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// accountInAddress is where the addresses of Chatwoot's dashboard and API name the
// account, and where the part ends that is the address of Chatwoot itself.
var accountInAddress = regexp.MustCompile(`/(?:app|api/v[0-9]+)/accounts/([0-9]+)(?:/.*)?$`)

// ownPath is what else people paste behind the address of Chatwoot itself.
var ownPath = regexp.MustCompile(`/(?:app|api|api/v[0-9]+|auth|super_admin|cable)(?:/.*)?$`)

// ChatwootAddress reads the address of a Chatwoot as it is, or as the browser's
// address bar shows it: https://chat.example.com/app/accounts/3/inbox/7. account is
// 0 where it names none.
func ChatwootAddress(given string) (address string, account int64) {
	address = strings.TrimSpace(given)
	if parsed, err := url.Parse(address); err == nil && parsed.Host != "" {
		parsed.RawQuery, parsed.Fragment, parsed.User = "", "", nil
		path := parsed.Path
		if found := accountInAddress.FindStringSubmatchIndex(path); found != nil {
			account, _ = strconv.ParseInt(path[found[2]:found[3]], 10, 64)
			path = path[:found[0]]
		} else if found := ownPath.FindStringIndex(path); found != nil {
			path = path[:found[0]]
		}
		parsed.Path, parsed.RawPath = path, ""
		parsed.Scheme, parsed.Host = strings.ToLower(parsed.Scheme), strings.ToLower(parsed.Host)
		address = parsed.String()
	}
	return strings.TrimRight(address, "/"), account
}
