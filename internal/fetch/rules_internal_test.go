package fetch

import (
	"net/netip"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every way to write an address that is not public, and some that are.
func TestH6_OnlyPublicAddressesAreForStrangers(t *testing.T) {
	t.Parallel()
	public, storage := newRule(Allow{}, nil, nil), newRule(Allow{}, privateV4, privateV6)
	const nowhere, inside, outside = 0, 1, 2
	for address, where := range map[string]int{
		"127.0.0.1": inside, "127.255.255.254": inside, "::1": inside, "::ffff:127.0.0.1": inside, "::ffff:7f00:1": inside,
		"10.0.0.1": inside, "172.16.0.1": inside, "172.31.255.255": inside, "192.168.1.1": inside, "100.64.0.1": inside, "100.127.255.255": inside,
		"fc00::1": inside, "fdab::1": inside, "::ffff:10.0.0.1": inside, "64:ff9b::7f00:1": inside, "64:ff9b::a00:1": inside,
		"0.0.0.0": nowhere, "0.1.2.3": nowhere, "::": nowhere, "::ffff:0.0.0.0": nowhere,
		"169.254.169.254": nowhere, "::ffff:169.254.169.254": nowhere, "64:ff9b::a9fe:a9fe": nowhere, "169.254.170.2": nowhere, "fe80::1": nowhere, "fe80::1%eth0": nowhere, "febf::1": nowhere,
		"100.100.100.200": nowhere, "168.63.129.16": nowhere, "192.0.0.192": nowhere, "fd00:ec2::254": nowhere, "fd20:ce::254": nowhere,
		"224.0.0.1": nowhere, "255.255.255.255": nowhere, "ff02::1": nowhere, "240.0.0.1": nowhere,
		"::127.0.0.1": nowhere, "::7f00:1": nowhere, "fec0::1": nowhere, "2002:7f00:1::": nowhere, "2001::1": nowhere, "2001:db8::1": nowhere, "64:ff9b:1::1": nowhere, "100::1": nowhere,
		"192.0.2.1": nowhere, "198.18.0.1": nowhere, "198.51.100.1": nowhere, "203.0.113.1": nowhere,
		"8.8.8.8": outside, "172.32.0.1": outside, "172.15.255.255": outside, "100.63.255.255": outside, "100.128.0.1": outside, "169.253.255.255": outside, "11.0.0.1": outside,
		"2606:4700::1111": outside, "64:ff9b::808:808": outside, "::ffff:8.8.8.8": outside,
	} {
		ip := netip.MustParseAddr(address)
		require.Equal(t, where == outside, public.check(ip) == nil, "%s for a stranger", address)
		require.Equal(t, where != nowhere, storage.check(ip) == nil, "%s for the service's storage", address)
	}
}

func TestH6_WhatAnAdminAllowsIsFetched(t *testing.T) {
	t.Parallel()
	allow, err := ParseAllow(" minio.internal , Storage:9000,10.0.0.0/8,[fd00::5], 192.168.1.5,100.64.0.0/10,::ffff:172.16.0.0/108,fd12::/16,")
	require.NoError(t, err)
	for address, want := range map[string]bool{
		"http://minio.internal/x": true, "https://MINIO.internal.:9000/x": true, "http://storage:9000/x": true, "http://storage/x": false, "http://storage:90/x": false,
		"http://10.1.2.3:9000/x": true, "http://[::ffff:10.1.2.3]/x": true, "http://[fd00::5]/x": true, "http://192.168.1.5/": true, "http://192.168.1.6/": false,
		"http://minio.internal.evil.example/": false, "http://evil.example/minio.internal": false, "http://172.16.1.1/": true, "http://172.32.1.1/": false, "http://[fd12::1]/": true,
	} {
		u, err := url.Parse(address)
		require.NoError(t, err)
		require.Equal(t, want, allow.names(u), address)
	}
	rule := newRule(allow, nil, nil)
	for address, want := range map[string]bool{
		"10.1.2.3": true, "192.168.1.5": false /* it is named, and a name leads there */, "100.64.0.1": true, "100.100.100.200": false, "11.0.0.1": true, "192.168.1.6": false,
	} {
		require.Equal(t, want, rule.check(netip.MustParseAddr(address)) == nil, address)
	}
	alone, err := ParseAllow("100.100.100.200/32")
	require.NoError(t, err)
	require.NoError(t, newRule(alone, nil, nil).check(netip.MustParseAddr("100.100.100.200")), "an admin who names it by itself means it")

	_, err = ParseAllow("http://minio:9000, ok, minio/bucket, 10.0.0.0/33, *.example.com, user@host, host:0, host:70000, a b")
	for _, wrong := range []string{"http://minio:9000", "minio/bucket", "10.0.0.0/33", "*.example.com", "user@host", "host:0", "host:70000", "a b"} {
		require.ErrorContains(t, err, `"`+wrong+`"`)
	}
	require.NotContains(t, err.Error(), `"ok"`)
	none, err := ParseAllow("")
	require.NoError(t, err)
	require.Empty(t, none.hosts)
}

func TestH6_AServicesFilesAreBelowItsAddress(t *testing.T) {
	t.Parallel()
	home, err := url.Parse("http://chat.example.com:3000/desk/rails/active_storage/")
	require.NoError(t, err)
	for address, want := range map[string]bool{
		"http://chat.example.com:3000/desk/rails/active_storage/blobs/redirect/x/a.png":           true,
		"http://CHAT.example.com.:3000/desk/rails/active_storage/blobs/redirect/x/a..b.png?x=/..": true,
		"http://chat.example.com:3000/desk/rails/active_storage/x/100%25.png":                     true,
		"http://chat.example.com:3000/desk/rails/active_storage/%25252e%25252e/login":             false,
		"http://chat.example.com:3000/desk/rails/active_storage/x/.%252525252525252e/login":       false,
		"http://chat.example.com:3000/desk/rails/active_storage/x/a%2Fb.png":                      true,
		"https://chat.example.com:3000/desk/rails/active_storage/x":                               false,
		"http://chat.example.com/desk/rails/active_storage/x":                                     false,
		"http://chat.example.com:3000/rails/active_storage/x":                                     false,
		"http://chat.example.com:3000/desk/rails/active_storage/../../login":                      false,
		"http://chat.example.com:3000/desk/rails/active_storage/%2e%2e/x":                         false,
		"http://chat.example.com:3000/desk/rails/active_storage/%252e%252e/x":                     false,
		"http://chat.example.com:3000/desk/rails/active_storage/x%2f..%2f..%2flogin":              false,
		"http://chat.example.com:3000/desk/rails/active_storage/x/100%25/a..b%2520%25.png":        true,
		"http://chat.example.com:3000/desk/rails/active_storage/100%25/..%252flogin":              false,
		"http://chat.example.com:3000/desk/rails/active_storage/%25zz/%252e%252e%252flogin":       false,
		"http://chat.example.com:3000/desk/rails/active_storage/..;/login":                        false,
		`http://chat.example.com:3000/desk/rails/active_storage/..%5clogin`:                       false,
		"http://chat.example.com.evil.example:3000/desk/rails/active_storage/x":                   false,
	} {
		at, err := url.Parse(address)
		require.NoError(t, err)
		require.Equal(t, want, below(home, at), address)
	}
}

func FuzzH6_AListOfAllowedHosts(f *testing.F) {
	for _, seed := range []string{"minio.internal:9000,10.0.0.0/8", "[::1]:80", "::ffff:10.0.0.0/104", "a,,b", "%", "xn--a", "fe80::1%eth0/64"} {
		f.Add(seed)
	}
	public := netip.MustParseAddr("169.254.169.254")
	f.Fuzz(func(t *testing.T, list string) {
		allow, err := ParseAllow(list)
		if err == nil && newRule(allow, nil, nil).check(public) == nil && !allow.alone(public) {
			t.Fatalf("%q opens where clouds keep their keys", list)
		}
	})
}
