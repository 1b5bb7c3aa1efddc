package chatwoottest

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Webhooks that fail without being sent.

// failedAfter is how long such a failure takes: Chatwoot marks the message 60 to 120
// ms after the request was answered.
const failedAfter = 20 * time.Millisecond

// failUnsent is the outcome of a delivery that is not attempted.
func (s *Server) failUnsent(ctx context.Context, fault WebhookFault) (int, string) {
	pause(ctx, failedAfter) // if the server ends meanwhile, nobody looks at the outcome
	if fault.Error != "" {
		return fault.Status, fault.Error
	}
	if fault.Status/100 == 2 {
		return fault.Status, ""
	}
	return fault.Status, statusError(fault.Status)
}

// SetPrivateWebhooks allows webhooks to hosts without a public address, or lets
// them fail as 4.14.0 and later do of themselves. Earlier releases never refuse.
func (s *Server) SetPrivateWebhooks(allowed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.publicOnly = !allowed
}

// PrivateWebhooks tells whether webhooks to private hosts are sent.
func (s *Server) PrivateWebhooks() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.publicOnly || !s.release.refusesPrivateHosts()
}

// SetWebhookURL is what becomes of an inbox when a person saves its settings page,
// on which the address still stands that was there when it was opened.
func (s *Server) SetWebhookURL(inbox int, url string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.db.inbox(inbox)
	if i == nil {
		return fmt.Errorf("inbox %d: %w", inbox, ErrNotFound)
	}
	i.webhookURL, i.updated = url, s.now()
	s.as(s.db.user(s.admin), func() { s.inboxesChanged(i.account) })
	s.touched()
	return nil
}

// refuses says whether a host is none that a webhook may be sent to.
func (s *Server) refuses(ctx context.Context, host string) bool {
	if s.PrivateWebhooks() {
		return false
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return !public(ip)
	}
	if !strings.Contains(host, ".") || slices.ContainsFunc(privateDomains, func(domain string) bool { return strings.HasSuffix(host, domain) }) {
		return true // such names never lead out; nobody is asked
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	return err != nil || !slices.ContainsFunc(ips, public)
}

var privateDomains = []string{".localhost", ".local", ".internal", ".lan", ".test", ".invalid", ".example", ".home.arpa"}

// notPublic are the networks that the filter refuses besides those that netip knows.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("2001:db8::/32"),
}

func public(ip netip.Addr) bool {
	ip = ip.Unmap()
	if ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() {
		return false
	}
	return !slices.ContainsFunc(notPublic, func(network netip.Prefix) bool { return network.Contains(ip) })
}
