package fetch_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/internal/fetch"
)

// site is a server that counts what it is asked.
type site struct {
	*httptest.Server
	mu    sync.Mutex
	asked []*http.Request
}

// newSite makes a server that sends on where to says, and otherwise has content.
func newSite(t *testing.T, to func(path string) string) *site {
	return start(t, to, false)
}

func start(t *testing.T, to func(path string) string, encrypted bool) *site {
	t.Helper()
	s := &site{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, r.Clone(context.Background()))
		s.mu.Unlock()
		if to != nil {
			if location := to(r.URL.Path); location != "" {
				w.Header().Set("Location", location)
				w.WriteHeader(http.StatusFound)
				return
			}
		}
		_, _ = io.WriteString(w, "content")
	}))
	if encrypted {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

func (s *site) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

func always(to string) func(string) string { return func(string) string { return to } }

func parse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u
}

func fetcher(t *testing.T, allow string) *fetch.Fetcher {
	t.Helper()
	allowed, err := fetch.ParseAllow(allow)
	require.NoError(t, err)
	return fetch.New(fetch.Options{Allow: allowed, Proxy: func(*http.Request) (*url.URL, error) { return nil, nil }})
}

func get(t *testing.T, f *fetch.Fetcher, r fetch.Request) (string, error) {
	t.Helper()
	resp, err := f.Get(t.Context(), r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return shownBody(resp, body), nil
}

func shownBody(resp *http.Response, body []byte) string {
	if resp.StatusCode != http.StatusOK {
		return resp.Status
	}
	return string(body)
}

func refused(t *testing.T, err error) *fetch.RefusedError {
	t.Helper()
	var r *fetch.RefusedError
	require.ErrorAs(t, err, &r)
	return r
}

func TestH6_AStrangersAddressReachesNobodyInside(t *testing.T) {
	t.Parallel()
	inside := newSite(t, nil)
	port := parse(t, inside.URL).Port()
	f := fetcher(t, "")
	for _, address := range []string{
		inside.URL + "/secret", "http://localhost:" + port, "http://localhost.:" + port, "http://LOCALHOST:" + port, "http://[::1]:" + port, "http://[::ffff:127.0.0.1]:" + port,
		"http://2130706433:" + port, "http://0x7f000001:" + port, "http://0177.0.0.1:" + port, "http://127.1:" + port, "http://0:" + port, "http://0.0.0.0:" + port, "http://127.0.0.1.:" + port,
		"http://user:pass@127.0.0.1:" + port, "http://example.com@127.0.0.1:" + port, "http://127.0.0.1%00.example.com:" + port,
		"file:///etc/passwd", "gopher://127.0.0.1:" + port + "/_x", "ftp://127.0.0.1/", "http:127.0.0.1:" + port, "http:///x", "//127.0.0.1:" + port + "/", "unix:///x", "https://169.254.169.254/latest/meta-data/",
	} {
		u, err := url.Parse(address)
		if err != nil {
			continue
		}
		_, err = get(t, f, fetch.Request{URL: u})
		require.Error(t, err, address)
		require.NotContains(t, err.Error(), "secret", "an address may be a right to read")
	}
	require.Zero(t, inside.count())
}

// What belongs to the service may be anywhere, and so may its storage. What that
// sends on to may not, nor what somebody else says.
func TestH6_TheServiceAndItsStorageMayBeInside(t *testing.T) {
	t.Parallel()
	storage := newSite(t, nil)
	service := newSite(t, func(path string) string {
		switch path {
		case "/files/there":
			return storage.URL + "/bucket/key?sig=1"
		case "/files/disk":
			return "/files/stored"
		}
		return ""
	})
	evil := newSite(t, always(storage.URL+"/internal"))
	f := fetcher(t, "")
	home := parse(t, service.URL+"/files/")
	for _, path := range []string{"/files/there", "/files/disk", "/files/stored"} {
		got, err := get(t, f, fetch.Request{URL: parse(t, service.URL+path), Home: home, UserAgent: "test", Header: http.Header{"X-Forwarded-Proto": {"https"}}})
		require.NoError(t, err, path)
		require.Equal(t, "content", got)
	}
	require.Equal(t, 1, storage.count())
	require.Equal(t, "/bucket/key?sig=1", storage.asked[0].RequestURI)
	require.Equal(t, "test", storage.asked[0].UserAgent())
	for name := range storage.asked[0].Header {
		require.Contains(t, []string{"User-Agent", "Accept-Encoding", "Connection"}, name, "nothing tells where it comes from")
	}
	require.Equal(t, "https", service.asked[0].Header.Get("X-Forwarded-Proto"))

	outside := service.count()
	for _, path := range []string{"/other/there", "/files/../other", "/files/%2e%2e/other", "/files"} {
		_, err := get(t, f, fetch.Request{URL: parse(t, service.URL+path), Home: home})
		refused(t, err)
	}
	require.Equal(t, outside, service.count())

	sends := newSite(t, always(evil.URL))
	_, err := get(t, f, fetch.Request{URL: parse(t, sends.URL+"/files/x"), Home: parse(t, sends.URL+"/files/")})
	require.Equal(t, "127.0.0.1", refused(t, err).Host, "its storage sends somewhere else inside")
	require.Equal(t, 1, evil.count())
	require.Equal(t, 1, storage.count())
}

// A storage that names its own region is still the storage.
func TestH6_AStorageMaySendOnToItself(t *testing.T) {
	t.Parallel()
	storage := newSite(t, func(path string) string {
		if path == "/a" {
			return "/b"
		}
		return ""
	})
	service := newSite(t, always(storage.URL+"/a"))
	got, err := get(t, fetcher(t, ""), fetch.Request{URL: parse(t, service.URL+"/files/x"), Home: parse(t, service.URL+"/files/")})
	require.NoError(t, err)
	require.Equal(t, "content", got)
}

func TestH6_WhereCloudsKeepTheirKeysNobodySends(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"http://169.254.169.254/latest/meta-data/iam", "http://[fe80::1]/x", "http://0.0.0.0:1/", "http://[::ffff:169.254.169.254]/"} {
		service := newSite(t, always(to))
		_, err := get(t, fetcher(t, ""), fetch.Request{URL: parse(t, service.URL+"/files/x"), Home: parse(t, service.URL+"/files/")})
		refused(t, err)
	}
}

func TestH6_WhatTheAdminNamesIsFetched(t *testing.T) {
	t.Parallel()
	inside := newSite(t, nil)
	host := parse(t, inside.URL).Host
	for _, allow := range []string{host, "127.0.0.1", "127.0.0.0/8"} {
		got, err := get(t, fetcher(t, allow), fetch.Request{URL: parse(t, inside.URL+"/x")})
		require.NoError(t, err, allow)
		require.Equal(t, "content", got)
	}
	_, err := get(t, fetcher(t, "127.0.0.1:1"), fetch.Request{URL: parse(t, inside.URL+"/x")})
	refused(t, err)
}

func TestH6_ThreeRedirectsAreEnough(t *testing.T) {
	t.Parallel()
	var service *site
	service = newSite(t, func(path string) string {
		if n := strings.Count(path, "x"); n > 0 {
			return service.URL + "/files/" + strings.Repeat("x", n-1)
		}
		return ""
	})
	home := parse(t, service.URL+"/files/")
	got, err := get(t, fetcher(t, ""), fetch.Request{URL: parse(t, service.URL+"/files/xxx"), Home: home})
	require.NoError(t, err)
	require.Equal(t, "content", got)
	_, err = get(t, fetcher(t, ""), fetch.Request{URL: parse(t, service.URL+"/files/xxxx"), Home: home})
	refused(t, err)
	require.Equal(t, 8, service.count())
}

func TestH6_AnEncryptedAddressSendsToNoOpenOne(t *testing.T) {
	t.Parallel()
	storage := newSite(t, nil)
	service := start(t, always(storage.URL+"/key"), true)
	request := fetch.Request{
		URL: parse(t, service.URL+"/files/x"), Home: parse(t, service.URL+"/files/"),
		Via: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: service.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}},
	}
	_, err := get(t, fetcher(t, ""), request)
	refused(t, err)
	require.Zero(t, storage.count())
	got, err := get(t, fetcher(t, parse(t, storage.URL).Host), request)
	require.NoError(t, err, "an admin may want it so")
	require.Equal(t, "content", got)
}

// A service that was told that people reach it by https names itself so, also where
// it is asked within a private network.
func TestH6_AServiceThatNamesItselfByHTTPSIsAskedAsBefore(t *testing.T) {
	t.Parallel()
	var service *site
	service = newSite(t, func(path string) string {
		if path == "/files/x" {
			return strings.Replace(service.URL, "http:", "https:", 1) + "/files/disk"
		}
		return ""
	})
	got, err := get(t, fetcher(t, ""), fetch.Request{URL: parse(t, service.URL+"/files/x"), Home: parse(t, service.URL+"/files/")})
	require.NoError(t, err)
	require.Equal(t, "content", got)
}

func TestH6_ARedirectMustBeAnAddressOfTheWeb(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"file:///etc/passwd", "gopher://127.0.0.1:70/", "http://user:geheim@127.0.0.1/", "http://%zz/", "data:text/plain,x", "http:///x"} {
		service := newSite(t, always(to))
		_, err := get(t, fetcher(t, ""), fetch.Request{URL: parse(t, service.URL+"/files/x"), Home: parse(t, service.URL+"/files/")})
		refused(t, err)
		require.NotContains(t, err.Error(), "geheim")
	}
	service := newSite(t, always(""))
	got, err := get(t, fetcher(t, ""), fetch.Request{URL: parse(t, service.URL+"/files/x"), Home: parse(t, service.URL+"/files/")})
	require.NoError(t, err)
	require.Equal(t, "content", got)
}

// A proxy connects for us, and may stand inside; what is asked of it must be outside.
func TestH6_AProxyIsAskedForNothingInside(t *testing.T) {
	t.Parallel()
	proxy := newSite(t, nil)
	at := parse(t, proxy.URL)
	f := fetch.New(fetch.Options{Proxy: func(*http.Request) (*url.URL, error) { return at, nil }})
	got, err := get(t, f, fetch.Request{URL: parse(t, "http://files.invalid/x")})
	require.NoError(t, err)
	require.Equal(t, "content", got)
	for _, address := range []string{"http://127.0.0.1:1/x", "http://localhost/x", "http://169.254.169.254/x", "http://[::1]/", "http://10.0.0.1/",
		"http://2130706433/x", "http://0x7f000001/x", "http://0177.0.0.1/x", "http://127.1/x", "http://0X7F.1:80/x", "http://0/x", "http://127.0.0.1./x", "http://127.0.0.1../x", "http://１２７.0.0.1/x", "http://２１３０７０６４３３/x"} {
		_, err := get(t, f, fetch.Request{URL: parse(t, address)})
		refused(t, err)
	}
	require.Equal(t, 1, proxy.count())
}
