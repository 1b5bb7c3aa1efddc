package chatwoottest

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"
)

// Front is a web server in front of a Chatwoot: a proxy, a firewall, a sign-in
// page. What it answers in Chatwoot's place does not bear Chatwoot's marks.
type Front struct {
	server    *http.Server
	listener  net.Listener
	proxy     *httputil.ReverseProxy
	cut       context.CancelFunc
	authority []byte // of its certificate, in PEM; nil without TLS

	mu        sync.Mutex
	deciders  []*decider
	buffering *time.Duration
	limit     *FrontLimit
	refused   int // for their size
}

type decider struct {
	decide func(r *http.Request, body []byte) *FrontAnswer
}

// FrontAnswer is what a Front answers in Chatwoot's place.
type FrontAnswer struct {
	Status      int
	ContentType string
	Body        string
	Location    string
}

// What servers in front of a Chatwoot answer while it is started again, or instead
// of it.
var (
	// FrontNotFound is Traefik's while a container is made anew.
	FrontNotFound = FrontAnswer{Status: http.StatusNotFound, ContentType: "text/plain; charset=utf-8", Body: "404 page not found\n"}
	// FrontDefaultPage is that of a web server that has no site yet.
	FrontDefaultPage = FrontAnswer{Status: http.StatusOK, ContentType: "text/html", Body: "<!DOCTYPE html><html><title>Welcome to nginx!</title></html>"}
	FrontBadGateway  = FrontAnswer{Status: http.StatusBadGateway, ContentType: "text/html", Body: "<html><h1>502 Bad Gateway</h1></html>"}
	// FrontUnavailable is a load balancer's.
	FrontUnavailable = FrontAnswer{Status: http.StatusServiceUnavailable, ContentType: "text/plain", Body: "no available server\n"}
	// FrontBlocked is a firewall's.
	FrontBlocked = FrontAnswer{Status: http.StatusForbidden, ContentType: "text/html", Body: "<html><h1>Request blocked</h1></html>"}
	// FrontSignIn asks who is there, as basic authentication does.
	FrontSignIn = FrontAnswer{Status: http.StatusUnauthorized, ContentType: "text/html", Body: "<html><h1>401 Authorization Required</h1></html>"}
	// FrontSignInPage is a page to sign in at.
	FrontSignInPage = FrontAnswer{Status: http.StatusOK, ContentType: "text/html", Body: "<!DOCTYPE html><html><form action=/login></form></html>"}
	// FrontRedirect sends to one.
	FrontRedirect = FrontAnswer{Status: http.StatusFound, ContentType: "text/html", Location: "https://login.example.com/?from=chat"}
)

// NewFront starts a Front of the Chatwoot at an address.
func NewFront(chatwootURL string) (*Front, error) { return newFront(chatwootURL, nil) }

func newFront(chatwootURL string, identity *frontIdentity) (*Front, error) {
	to, err := url.Parse(chatwootURL)
	if err != nil {
		return nil, fmt.Errorf("read the address of Chatwoot: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen in front of Chatwoot: %w", err)
	}
	f := &Front{listener: listener, proxy: httputil.NewSingleHostReverseProxy(to)}
	f.proxy.Transport = &http.Transport{MaxIdleConnsPerHost: 16}
	f.proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { FrontBadGateway.write(w) }
	var life context.Context
	life, f.cut = context.WithCancel(context.Background())
	f.server = &http.Server{
		Handler: f, ReadHeaderTimeout: time.Minute, BaseContext: func(net.Listener) context.Context { return life },
		ErrorLog: log.New(io.Discard, "", 0), // it is spoken to in wrong ways
	}
	serve := func() error { return f.server.Serve(listener) }
	if identity != nil {
		f.authority = identity.authority
		f.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{identity.certificate}, MinVersion: tls.VersionTLS12}
		serve = func() error { return f.server.ServeTLS(listener, "", "") }
	}
	go func() { _ = serve() }() // ends with Close
	return f, nil
}

// URL is where Chatwoot is found behind the Front.
func (f *Front) URL() string {
	if f.authority != nil {
		return "https://" + f.listener.Addr().String()
	}
	return "http://" + f.listener.Addr().String()
}

// Close ends the Front, and what is under way through it.
func (f *Front) Close() error {
	f.cut()
	f.proxy.Transport.(*http.Transport).CloseIdleConnections()
	if err := f.server.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("end the server in front of Chatwoot: %w", err)
	}
	return nil
}

// Decide lets decide answer requests in Chatwoot's place; nil lets a request
// through. The first one with an answer wins. remove takes it away.
func (f *Front) Decide(decide func(r *http.Request, body []byte) *FrontAnswer) (remove func()) {
	d := &decider{decide}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.deciders = append(f.deciders, d)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		for i, other := range f.deciders {
			if other == d {
				f.deciders = append(f.deciders[:i:i], f.deciders[i+1:]...)
				return
			}
		}
	}
}

// Always answers every request in the same way.
func (f *Front) Always(a FrontAnswer) (remove func()) {
	return f.Decide(func(*http.Request, []byte) *FrontAnswer { return &a })
}

// ServeHTTP implements http.Handler.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.refusesSize(w, r) {
		return
	}
	if r.TLS != nil {
		r.Header.Set("X-Forwarded-Proto", "https")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	f.mu.Lock()
	deciders, buffering := f.deciders, f.buffering
	f.mu.Unlock()
	for _, d := range deciders {
		if a := d.decide(r, body); a != nil {
			a.write(w)
			return
		}
	}
	if buffering != nil && r.Header.Get("Upgrade") == "" {
		f.buffered(w, r, *buffering)
		return
	}
	f.proxy.ServeHTTP(w, r)
}

func (a FrontAnswer) write(w http.ResponseWriter) {
	if a.ContentType != "" {
		w.Header().Set("Content-Type", a.ContentType)
	}
	if a.Location != "" {
		w.Header().Set("Location", a.Location)
	}
	w.WriteHeader(a.Status)
	_, _ = io.WriteString(w, a.Body)
}
