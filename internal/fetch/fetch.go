package fetch

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

const (
	// mostRedirects: to the storage, to its region, and one in front of them.
	mostRedirects = 3
	dialTimeout   = 30 * time.Second
	maxHeader     = 64 << 10
)

// Fetcher reads files by rules. It may be used by several goroutines at once.
type Fetcher struct {
	allow Allow
	proxy func(*http.Request) (*url.URL, error)
	via   map[standing]http.RoundTripper
	rules map[standing]rule
}

// Options set up a Fetcher.
type Options struct {
	Allow Allow
	// Proxy is asked for the proxy of each request; nil is that of the environment.
	Proxy func(*http.Request) (*url.URL, error)
}

// New makes a Fetcher.
func New(opts Options) *Fetcher {
	f := &Fetcher{allow: opts.Allow, proxy: opts.Proxy, via: map[standing]http.RoundTripper{}, rules: map[standing]rule{
		sentOn: newRule(opts.Allow, privateV4, privateV6), stranger: newRule(opts.Allow, nil, nil),
	}}
	if f.proxy == nil {
		f.proxy = http.ProxyFromEnvironment
	}
	f.via[named] = transport(f.proxy, (&net.Dialer{Timeout: dialTimeout}).DialContext)
	for at, rule := range f.rules {
		f.via[at] = transport(nil, (&net.Dialer{Timeout: dialTimeout, Control: rule.control}).DialContext)
	}
	return f
}

// transport keeps no connection: whom one leads to was looked at when it was made.
func transport(proxy func(*http.Request) (*url.URL, error), dial func(ctx context.Context, network, address string) (net.Conn, error)) *http.Transport {
	return &http.Transport{
		Proxy: proxy, DialContext: dial, ForceAttemptHTTP2: true, TLSHandshakeTimeout: dialTimeout, DisableKeepAlives: true, MaxResponseHeaderBytes: maxHeader,
	}
}

// standing is by whose word an address may be fetched.
type standing int

const (
	stranger standing = iota // of nobody that is known
	sentOn                   // the service has sent there
	named                    // of the admin
	home                     // of the service itself
)

// Request is what to fetch.
type Request struct {
	URL *url.URL
	// Home is the address below which the service keeps files of its own; nil is
	// none. Via carries requests to it, with Header; nil is as for a named host.
	Home   *url.URL
	Via    http.RoundTripper
	Header http.Header
	// UserAgent names the program to everybody.
	UserAgent string
}

// Get asks for a file. Of redirects only the last answer is given. The error may be
// a RefusedError.
func (f *Fetcher) Get(ctx context.Context, r Request) (*http.Response, error) {
	at, by := r.URL, f.standingOf(r.URL, r.Home, nil, stranger)
	for hops := 0; ; hops++ {
		if err := wellFormed(at); err != nil {
			return nil, err
		}
		resp, err := f.ask(ctx, r, at, by)
		if err != nil {
			return nil, located(err, at)
		}
		next, err := sentTo(resp, at)
		if next == nil {
			return resp, err
		}
		_ = resp.Body.Close()
		next = f.sameServer(r.Home, at, next)
		switch {
		case hops == mostRedirects:
			return nil, &RefusedError{Host: at.Hostname(), Why: "it sends on too often"}
		case at.Scheme == "https" && next.Scheme != "https" && !f.allow.names(next):
			return nil, &RefusedError{Host: next.Hostname(), Why: "an encrypted address sends to one that is not"}
		}
		at, by = next, f.standingOf(next, r.Home, at, by)
	}
}

// ask asks at one address.
func (f *Fetcher) ask(ctx context.Context, r Request, at *url.URL, by standing) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, &RefusedError{Why: "the address is not valid"}
	}
	via := f.via[by]
	if by == home {
		req.Header, via = r.Header.Clone(), f.via[named]
		if r.Via != nil {
			via = r.Via
		}
	}
	if req.Header == nil {
		req.Header = http.Header{}
	}
	req.Header.Set("User-Agent", r.UserAgent)
	if rule, ruled := f.rules[by]; ruled {
		if proxy, err := f.proxy(req); err != nil || proxy != nil {
			// The proxy connects, and not we.
			if err := rule.checkName(ctx, net.DefaultResolver, plainHost(at.Hostname())); err != nil {
				return nil, &RefusedError{Why: err.Error()}
			}
			via = f.via[named]
		}
	}
	return via.RoundTrip(req)
}

// standingOf is by whose word an address may be fetched to which another has sent,
// or which was given.
func (f *Fetcher) standingOf(at, own, from *url.URL, by standing) standing {
	switch {
	case below(own, at):
		return home
	case f.allow.names(at):
		return named
	case from != nil && (by == home || by == sentOn && sameStorage(from, at)):
		return sentOn
	}
	return stranger
}

// sameStorage reports whether a storage sends on to itself, or to its encrypted
// address.
func sameStorage(from, at *url.URL) bool {
	return plainHost(from.Hostname()) == plainHost(at.Hostname()) && (port(from) == port(at) || from.Port() == "" && at.Port() == "")
}

// below reports whether an address is one of the service's own files. A path with
// steps back in it, however they are written, leads somewhere else.
func below(home, at *url.URL) bool {
	if home == nil || at.Scheme != home.Scheme || plainHost(at.Hostname()) != plainHost(home.Hostname()) || port(at) != port(home) {
		return false
	}
	return strings.HasPrefix(at.EscapedPath(), home.EscapedPath()) && !stepsBack(at.EscapedPath())
}

// mostDecodings is how often a path may be packed: none is so often that means well.
const mostDecodings = 10

// stepsBack looks for steps back in a path, however often servers on the way decode it.
func stepsBack(path string) bool {
	for range mostDecodings {
		for step := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' || r == '\\' }) {
			if step, _, _ := strings.Cut(step, ";"); step == ".." || step == "." {
				return true
			}
		}
		decoded := unescape(path) // shorter, or the same
		if decoded == path {
			return false
		}
		path = decoded
	}
	return true
}

// unescape decodes a path as lenient servers do, which leave alone what is no escape:
// one such sign must not hide the steps behind it.
func unescape(path string) string {
	var out strings.Builder
	for i := 0; i < len(path); i++ {
		if i+2 < len(path) && path[i] == '%' {
			if decoded, err := url.PathUnescape(path[i : i+3]); err == nil {
				out.WriteString(decoded)
				i += 2
				continue
			}
		}
		out.WriteByte(path[i])
	}
	return out.String()
}

// wellFormed refuses addresses that are none of files on the web.
func wellFormed(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "", u.Opaque != "":
		return &RefusedError{Host: u.Hostname(), Why: "it is no address of the web"}
	case endsInNumber(plainHost(u.Hostname())):
		return &RefusedError{Host: u.Hostname(), Why: errPrivate.Error()}
	case u.User != nil:
		return &RefusedError{Host: u.Hostname(), Why: "the address holds a name or password"}
	}
	return nil
}

// endsInNumber finds addresses that are written in one of the old ways, such as
// 2130706433 or 0x7f.1. They are names of nothing to us, but a proxy may know them.
func endsInNumber(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return false
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}

// sentTo is where an answer sends on to, or nil.
func sentTo(resp *http.Response, at *url.URL) (*url.URL, error) {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	location := resp.Header.Get("Location")
	if location == "" {
		return nil, nil
	}
	next, err := at.Parse(location)
	if err != nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxHeader))
		_ = resp.Body.Close()
		return nil, &RefusedError{Host: at.Hostname(), Why: "it sends to an address that is not valid"}
	}
	next.Fragment, next.RawFragment = "", ""
	return next, nil
}

// sameServer is next, or the service's own form of it. A service that was told that
// people reach it by https names itself so, on a port where nobody speaks that; one that
// was not told so by a proxy in front names itself by http, where nobody may answer.
func (f *Fetcher) sameServer(home, at, next *url.URL) *url.URL {
	if home == nil || !strings.EqualFold(next.Hostname(), home.Hostname()) || !strings.EqualFold(at.Hostname(), home.Hostname()) {
		return next
	}
	own := *next
	own.Scheme, own.Host = home.Scheme, home.Host
	switch {
	case at.Scheme == "http" && next.Scheme == "https" && port(at) == port(next) && port(at) == port(home):
		return &own
	case home.Scheme == "https" && at.Scheme == "https" && next.Scheme == "http" && below(home, &own):
		return &own
	}
	return next
}

// located names the host in a refusal.
func located(err error, at *url.URL) error {
	var refused *RefusedError
	if errors.As(err, &refused) {
		return &RefusedError{Host: at.Hostname(), Why: refused.Why}
	}
	return err
}
