package fetch

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// Allow is what an admin lets be fetched although it is not public: hosts by their
// names, and networks. The zero value allows nothing.
type Allow struct {
	hosts    map[string]bool // each with its port, or without for any
	networks []netip.Prefix
}

// ParseAllow reads a list that is separated by commas: host names and addresses, each
// with a port or without, and networks such as 10.0.0.0/8. The error names all that
// is not right.
func ParseAllow(list string) (Allow, error) {
	a := Allow{hosts: map[string]bool{}}
	var faults []error
	for entry := range strings.SplitSeq(list, ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		if network, err := netip.ParsePrefix(entry); err == nil {
			a.networks = append(a.networks, unmapped(network).Masked())
			continue
		}
		host, ok := hostEntry(entry)
		if !ok {
			faults = append(faults, fmt.Errorf("%q is neither a host nor a network", entry))
			continue
		}
		a.hosts[host] = true
	}
	return a, errors.Join(faults...)
}

// unmapped is a network of IPv4 addresses that may have been written as one of IPv6.
func unmapped(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p
}

// hostEntry is the key of a host in a list.
func hostEntry(entry string) (string, bool) {
	if ip, err := netip.ParseAddr(strings.Trim(entry, "[]")); err == nil {
		return ip.Unmap().String(), true
	}
	host, port := entry, ""
	if h, p, err := net.SplitHostPort(entry); err == nil {
		number, err := strconv.ParseUint(p, 10, 16)
		if err != nil || number == 0 {
			return "", false
		}
		host, port = h, strconv.FormatUint(number, 10)
	}
	host = plainHost(host)
	if !isHost(host) {
		return "", false
	}
	if port == "" {
		return host, true
	}
	return net.JoinHostPort(host, port), true
}

func isHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	if host == "" || len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

// plainHost is a host's name in the one form that is compared.
func plainHost(host string) string {
	host = strings.TrimRight(strings.ToLower(host), ".")
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().String()
	}
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		return ascii
	}
	return host
}

// names reports whether the admin has named an address's host, or the network of a
// host that is an address itself.
func (a Allow) names(u *url.URL) bool {
	host := plainHost(u.Hostname())
	if a.hosts[host] || a.hosts[net.JoinHostPort(host, port(u))] {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && a.contains(ip)
}

// contains reports whether an address is in one of the networks.
func (a Allow) contains(ip netip.Addr) bool {
	for _, network := range a.networks {
		if network.Contains(ip.Unmap().WithZone("")) {
			return true
		}
	}
	return false
}

// alone reports whether an address is named by itself, and not only within a
// network.
func (a Allow) alone(ip netip.Addr) bool {
	for _, network := range a.networks {
		if network.IsSingleIP() && network.Addr() == ip.Unmap() {
			return true
		}
	}
	return false
}

// port is an address's port.
func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}
