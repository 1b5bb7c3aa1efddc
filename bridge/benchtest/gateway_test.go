package benchtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// gateway stands before Chatwoot: it can refuse connections, take its time for
// each request, and note the posts of messages.
type gateway struct {
	tb    testing.TB
	addr  string
	proxy http.Handler
	delay atomic.Int64

	mu       sync.Mutex
	server   *http.Server
	cut      context.CancelFunc // ends live connections, which the server does not
	requests int
	noted    func(at time.Time, body []byte)
	answered func(body []byte)
}

func newGateway(tb testing.TB, target string) *gateway {
	to, err := url.Parse(target)
	require.NoError(tb, err)
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.Transport = &http.Transport{MaxIdleConnsPerHost: 32}
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
	g := &gateway{tb: tb, addr: "127.0.0.1:0", proxy: proxy}
	g.open()
	tb.Cleanup(g.shut)
	return g
}

func (g *gateway) url() string { return "http://" + g.addr }

// open takes connections, at the same address as before.
func (g *gateway) open() {
	var listener net.Listener
	require.Eventually(g.tb, func() (ok bool) {
		var err error
		listener, err = net.Listen("tcp", g.addr)
		return err == nil
	}, patience, 10*time.Millisecond)
	g.addr = listener.Addr().String()
	life, cut := context.WithCancel(context.Background())
	server := &http.Server{Handler: g, ReadHeaderTimeout: time.Minute, BaseContext: func(net.Listener) context.Context { return life }}
	g.mu.Lock()
	g.server, g.cut = server, cut
	g.mu.Unlock()
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			g.tb.Error(err)
		}
	}()
}

// shut refuses connections from now on.
func (g *gateway) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cut()
	_ = g.server.Close()
}

// ofListening reports whether a request is the live channel's: such come with a
// start, and with no message and no pass.
func ofListening(path string) bool {
	return path == "/cable" || path == "/api/v1/profile" || strings.Contains(path, "/inbox_members/") || strings.HasSuffix(path, "/toggle_typing")
}

// slow makes each request take so long.
func (g *gateway) slow(d time.Duration) { g.delay.Store(int64(d)) }

// note calls noted for the posts of messages from now on, and counts the requests
// anew.
func (g *gateway) note(noted func(at time.Time, body []byte)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests, g.noted = 0, noted
}

// done calls answered for the posts of messages that Chatwoot has answered.
func (g *gateway) done(answered func(body []byte)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.answered = answered
}

func (g *gateway) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.requests
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	g.mu.Lock()
	if !ofListening(r.URL.Path) {
		g.requests++
	}
	noted, answered := g.noted, g.answered
	g.mu.Unlock()
	var body []byte
	if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/messages") {
		body, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if noted != nil {
			noted(at, body)
		}
	}
	if d := time.Duration(g.delay.Load()); d > 0 {
		time.Sleep(d)
	}
	g.proxy.ServeHTTP(w, r)
	if body != nil && answered != nil {
		answered(body)
	}
}
