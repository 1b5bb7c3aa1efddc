package whatsapp

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// mediaClient moves files to and from WhatsApp's servers, whose names WhatsApp itself
// tells after each connection. A message says only under which path of theirs a file
// is; the address in it is never asked.
func mediaClient(transport http.RoundTripper) *http.Client {
	return &http.Client{Transport: transport, CheckRedirect: staysAtWhatsApp}
}

// mediaRedirects is how often one of these servers may send on.
const mediaRedirects = 3

// staysAtWhatsApp takes a redirect to anybody else for a refusal: whoever writes the
// path must not choose where it leads.
func staysAtWhatsApp(next *http.Request, via []*http.Request) error {
	host := strings.TrimSuffix(strings.ToLower(next.URL.Hostname()), ".")
	if len(via) > mediaRedirects || next.URL.Scheme != "https" || next.URL.Port() != "" && next.URL.Port() != "443" || next.URL.User != nil ||
		host != "whatsapp.net" && !strings.HasSuffix(host, ".whatsapp.net") {
		return http.ErrUseLastResponse
	}
	return nil
}

// isMediaPath reports whether a path leads to a file on whichever server it is put
// behind, and nowhere else.
func isMediaPath(path string) bool {
	const server = "https://media.invalid"
	u, err := url.Parse(server + path)
	return strings.HasPrefix(path, "/") && err == nil && u.Scheme == "https" && u.Host == "media.invalid" && u.User == nil && u.Fragment == ""
}

// withoutAddress is the cause of a failed request: its address is a right to read or
// to write, and part of it is a stranger's.
func withoutAddress(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
