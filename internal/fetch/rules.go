package fetch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"code.dny.dev/ssrf"
)

// RefusedError says that the rules do not let a file be fetched.
type RefusedError struct {
	// Host is where it is, or was sent on to; never more of the address, which may
	// be a right to read.
	Host string
	Why  string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s is not fetched: %s", cmp.Or(e.Host, "an address without a host"), e.Why)
}

// keysOfClouds are where clouds hand their machines keys, and other places where no
// files are: nothing sends there that means well.
var keysOfClouds = prefixes(
	"0.0.0.0/8", "169.254.0.0/16", "fe80::/10", "::/128", "224.0.0.0/4", "ff00::/8", "240.0.0.0/4",
	"100.100.100.200/32", "168.63.129.16/32", "192.0.0.0/24", "fd00:ec2::/32", "fd20:ce::254/128", "fd00:c1::a9fe:a9fe/128",
)

// privateV4 and privateV6 are networks in which a service's own storage may be.
var (
	privateV4 = prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8")
	privateV6 = prefixes("fc00::/7", "::1/128")
)

func prefixes(all ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(all))
	for i, text := range all {
		out[i] = netip.MustParsePrefix(text)
	}
	return out
}

// rule decides by the address that is about to be connected to.
type rule struct {
	allow Allow
	guard *ssrf.Guardian
}

func newRule(allow Allow, v4, v6 []netip.Prefix) rule {
	return rule{allow: allow, guard: ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))}
}

var errPrivate = errors.New("it is not a public address")

// check says why an address must not be connected to.
func (r rule) check(ip netip.Addr) error {
	ip = ip.Unmap().WithZone("")
	if r.allow.alone(ip) {
		return nil
	}
	for _, network := range keysOfClouds {
		if network.Contains(ip) {
			return errPrivate
		}
	}
	if r.allow.contains(ip) {
		return nil
	}
	if ssrf.IPv6NAT64Prefix.Contains(ip) { // how a machine without IPv4 reaches it
		all := ip.As16()
		ip = netip.AddrFrom4([4]byte(all[12:]))
		return r.check(ip)
	}
	if r.guard.SafeAddr(ip) != nil {
		return errPrivate
	}
	return nil
}

// control is for net.Dialer: it is called with each address that a name has led to,
// before it is connected to.
func (r rule) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err == nil {
		err = r.check(at.Addr())
	}
	if err != nil {
		return &RefusedError{Why: errPrivate.Error()}
	}
	return nil
}

// checkName looks where a name leads that a proxy is going to resolve. One that
// cannot be resolved here is left to the proxy's own rules.
func (r rule) checkName(ctx context.Context, resolver *net.Resolver, host string) error {
	if ip, err := netip.ParseAddr(host); err == nil {
		return r.check(ip)
	}
	found, err := resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil
	}
	for _, ip := range found {
		if err := r.check(ip); err != nil {
			return err
		}
	}
	return nil
}
