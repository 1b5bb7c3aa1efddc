package web_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/admin"
	"github.com/wootbridge/wootbridge/bridge/web"
)

// pipes is a listener without a network, so that a test's clock is the connections'.
type pipes struct {
	accept chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accept:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080} }

// placed is a connection from an address.
type placed struct {
	net.Conn
	from string
}

func (p placed) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.ParseIP(p.from), Port: 50000}
}

// street is where strangers come from.
type street struct {
	*fake
	t    *testing.T
	door *pipes
	log  *safeBuffer
}

// inStreet runs a test on a clock of its own in front of a server with room for some
// connections. The server serves everything at one address.
func inStreet(t *testing.T, room int, test func(t *testing.T, s *street)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &street{fake: newFake(), t: t, door: &pipes{accept: make(chan net.Conn), closed: make(chan struct{})}, log: &safeBuffer{}}
		log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		whole := web.New(web.Config{Admin: s.fake, Webhooks: signed(), Token: token, Registry: prometheus.NewRegistry(), Log: log})
		server := web.HTTP(whole, log)
		served := make(chan error)
		go func() { served <- server.Serve(web.Limited(s.door, room, log)) }()
		defer func() {
			whole.CloseStreams()
			require.NoError(t, server.Close())
			require.ErrorIs(t, <-served, http.ErrServerClosed)
		}()
		test(t, s)
	})
}

// signed takes webhooks in whose body is right, which it has to read first.
func signed() http.Handler {
	router := chi.NewRouter()
	router.Post("/webhooks/{line}/{secret}", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		switch {
		case err != nil:
			w.WriteHeader(http.StatusBadRequest)
		case string(body) != "{}":
			w.WriteHeader(http.StatusUnauthorized)
		default:
			w.WriteHeader(http.StatusOK)
		}
	})
	return router
}

// enter connects from a place.
func (s *street) enter(from string) net.Conn {
	s.t.Helper()
	ours, theirs := net.Pipe()
	s.t.Cleanup(func() { _ = ours.Close() })
	s.door.accept <- placed{theirs, from}
	synctest.Wait()
	return ours
}

// isClosed reports whether the server has ended a connection, whatever it said.
func isClosed(c net.Conn) bool {
	if c.SetReadDeadline(time.Now().Add(time.Millisecond)) != nil {
		return true
	}
	_, err := io.Copy(io.Discard, c)
	return err == nil || !errors.Is(err, os.ErrDeadlineExceeded)
}

// webhook posts as Chatwoot does and gives the status.
func (s *street) webhook(from string) int {
	s.t.Helper()
	c := s.enter(from)
	defer c.Close()
	go func() {
		_, _ = io.WriteString(c, "POST /webhooks/l1/s3cret HTTP/1.1\r\nHost: b\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
	}()
	require.NoError(s.t, c.SetReadDeadline(time.Now().Add(time.Minute)))
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(s.t, err)
	_ = answer.Body.Close()
	return answer.StatusCode
}

// What strangers send, and how. none of it is a whole request of somebody known.
var strangers = map[string]func(c net.Conn){
	"nothing": func(net.Conn) {},
	"a head byte by byte": func(c net.Conn) {
		dribble(c, "GET /healthz HTTP/1.1\r\nHost: b\r\nX-Slow: "+strings.Repeat("x", 10000))
	},
	"half a head": func(c net.Conn) { _, _ = io.WriteString(c, "POST /webhooks/l1/s3cret HTTP/1.1\r\nHost: b\r\n") },
	"a body that never ends, to nowhere": func(c net.Conn) {
		_, _ = io.WriteString(c, "POST /nowhere HTTP/1.1\r\nHost: b\r\nContent-Length: 100000\r\n\r\n")
		dribble(c, strings.Repeat("x", 10000))
	},
	"a body that never comes, to the API": func(c net.Conn) {
		_, _ = io.WriteString(c, "POST /api/v1/lines HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer wrong\r\nContent-Length: 10\r\n\r\n")
	},
	"chunks of a byte": func(c net.Conn) {
		_, _ = io.WriteString(c, "POST /webhooks/l1/s3cret HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n")
		dribble(c, strings.Repeat("1\r\nx\r\n", 10000))
	},
	"a promise of a body": func(c net.Conn) {
		_, _ = io.WriteString(c, "POST /webhooks/l1/s3cret HTTP/1.1\r\nHost: b\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n")
	},
	"requests in a row": func(c net.Conn) {
		for range 100 {
			if _, err := io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: b\r\n\r\n"); err != nil {
				return
			}
		}
	},
	"a request of HTTP 1.0 that stays": func(c net.Conn) {
		_, _ = io.WriteString(c, "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
	},
	"a question for all options": func(c net.Conn) { _, _ = io.WriteString(c, "OPTIONS * HTTP/1.1\r\nHost: b\r\n\r\n") },
	"a head of 64 KB": func(c net.Conn) {
		_, _ = io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: b\r\nX-Large: "+strings.Repeat("x", 64<<10)+"\r\n\r\n")
	},
	"no HTTP": func(c net.Conn) { _, _ = io.WriteString(c, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n") },
}

// dribble writes a byte a second.
func dribble(c net.Conn, text string) {
	for i := range len(text) {
		if _, err := c.Write([]byte{text[i]}); err != nil {
			return
		}
		time.Sleep(time.Second)
	}
}

// Whoever has not shown who he is keeps a connection for a quarter of a minute and not
// longer, whatever he sends.
func TestH4_StrangersAreShort(t *testing.T) {
	t.Parallel()
	for name, send := range strangers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inStreet(t, 10, func(t *testing.T, s *street) {
				c := s.enter("203.0.113.7")
				var sending sync.WaitGroup
				sending.Go(func() { send(c) })
				began := time.Now()
				_, _ = io.Copy(io.Discard, c)
				require.LessOrEqual(t, time.Since(began), 16*time.Second)
				_ = c.Close()
				sending.Wait()
			})
		})
	}
}

// A refusal is told at once, and what is left of the request keeps nobody.
func TestH4_ARefusalClosesAtOnce(t *testing.T) {
	t.Parallel()
	for name, head := range map[string]string{
		"nowhere":        "POST /nowhere HTTP/1.1\r\nHost: b\r\nContent-Length: 100000\r\n",
		"without length": "POST /nowhere HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n",
		"no token":       "POST /api/v1/lines HTTP/1.1\r\nHost: b\r\nContent-Length: 100\r\n",
		"a wrong token":  "PUT /api/v1/lines/l1 HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer no\r\nContent-Length: 100\r\nConnection: keep-alive\r\n",
		"a promise":      "POST /api/v1/lines HTTP/1.1\r\nHost: b\r\nExpect: 100-continue\r\nContent-Length: 100\r\n",
		"other method":   "POST /healthz HTTP/1.1\r\nHost: b\r\nContent-Length: 100\r\n",
		"of HTTP 1.0":    "POST /nowhere HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 100\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inStreet(t, 10, func(t *testing.T, s *street) {
				c := s.enter("203.0.113.7")
				began := time.Now()
				go func() { _, _ = io.WriteString(c, head+"\r\n") }()
				answer, err := http.ReadResponse(bufio.NewReader(c), nil)
				require.NoError(t, err)
				require.Zero(t, time.Since(began), "it is not waited for the body")
				require.GreaterOrEqual(t, answer.StatusCode, 400)
				_, _ = io.Copy(io.Discard, answer.Body)
				_ = answer.Body.Close()
				_, err = c.Read(make([]byte, 1))
				require.ErrorIs(t, err, io.EOF)
				require.LessOrEqual(t, time.Since(began), 2*time.Second)
			})
		})
	}
}

// Who has the token keeps the connection, and has the time that a call may take.
func TestH4_WhoIsKnownHasTime(t *testing.T) {
	t.Parallel()
	inStreet(t, 10, func(t *testing.T, s *street) {
		c := s.enter("203.0.113.7")
		answers := bufio.NewReader(c)
		for range 3 {
			go func() {
				_, _ = fmt.Fprintf(c, "POST /api/v1/lines/l1/pair HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer %s\r\nContent-Length: 15\r\n\r\n", token)
				time.Sleep(time.Minute)
				_, _ = io.WriteString(c, `{"method":"qr"}`)
			}()
			answer, err := http.ReadResponse(answers, nil)
			require.NoError(t, err)
			require.Equal(t, http.StatusAccepted, answer.StatusCode)
			require.False(t, answer.Close)
			require.NoError(t, answer.Body.Close())
			time.Sleep(time.Minute) // between two requests
		}
		require.NoError(t, c.Close())
	})
}

// However many connect and say nothing, from one place or from many, what Chatwoot
// posts is taken in, and who is known stays.
func TestH4_WhoSaysNothingMakesWay(t *testing.T) {
	t.Parallel()
	const room = 16
	half := func(c net.Conn) {
		_, _ = io.WriteString(c, "POST /webhooks/l1/s3cret HTTP/1.1\r\nHost: b\r\nContent-Length: 100\r\n\r\nhalf")
	}
	for name, come := range map[string]struct {
		from func(i int) string
		send func(c net.Conn)
	}{
		"from one place":       {func(int) string { return "203.0.113.7" }, func(net.Conn) {}},
		"from many places":     {func(i int) string { return fmt.Sprintf("203.0.113.%d", i%250+1) }, func(net.Conn) {}},
		"from Chatwoot's":      {func(int) string { return "198.51.100.1" }, func(net.Conn) {}},
		"with half a body":     {func(int) string { return "203.0.113.7" }, half},
		"Chatwoot's with half": {func(int) string { return "198.51.100.1" }, half},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inStreet(t, room, func(t *testing.T, s *street) {
				watching := s.enter("198.51.100.2")
				go func() {
					_, _ = fmt.Fprintf(watching, "GET /api/v1/lines/l1/events HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer %s\r\n\r\n", token)
				}()
				events := bufio.NewReader(watching)
				status, err := events.ReadString('\n')
				require.NoError(t, err)
				require.Contains(t, status, " 200 ")
				told := &safeBuffer{}
				go func() { _, _ = io.Copy(told, events) }()

				var idle []net.Conn
				for i := range 10 * room {
					c := s.enter(come.from(i))
					go come.send(c)
					synctest.Wait()
					idle = append(idle, c)
					if i%5 == 0 {
						require.Equal(t, http.StatusOK, s.webhook("198.51.100.1"), "after %d", i)
					}
				}
				open := 0
				for _, c := range idle {
					if !isClosed(c) {
						open++
					}
				}
				require.LessOrEqual(t, open, room-1, "of all of them")
				require.Equal(t, 1, strings.Count(s.log.String(), "more connections than there is room for"))
				s.change(func(l *admin.LineStatus) { l.LastError = "told to who is known" })
				time.Sleep(time.Second)
				require.Contains(t, told.String(), "told to who is known")
				require.NoError(t, watching.Close())
			})
		})
	}
}
