package web

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limited is a listener that lets in no more connections at once than there is room
// for. Everybody may connect, so who connects often, and says nothing, must not keep
// others out: where the room is used up, one that has not shown who it is makes way
// for the next one.
func Limited(listener net.Listener, most int, log *slog.Logger) net.Listener {
	return &limited{
		Listener: listener, most: most, log: log, conns: map[*conn]bool{}, now: time.Now,
		telling: rate.Sometimes{Interval: time.Minute},
	}
}

type limited struct {
	net.Listener
	most int
	log  *slog.Logger
	now  func() time.Time

	mu      sync.Mutex
	conns   map[*conn]bool
	entered int // so many ever
	telling rate.Sometimes
}

// phase is what a connection does.
type phase int

const (
	waiting  phase = iota // for a request that has not come whole
	serving               // a request of somebody who may be anybody
	admitted              // a request of somebody who is known
	rested                // between two requests, the last of somebody who is known
)

// What has gone on for as long as this is slow: a request's head comes in one piece,
// and a webhook is answered in milliseconds.
const (
	slowHead    = 2 * time.Second
	slowRequest = 5 * time.Second
)

// conn is a connection of a limited listener.
type conn struct {
	net.Conn
	of    *limited
	from  string // without the port
	turn  int    // in the order of entering
	phase phase
	since time.Time // of the phase
}

// Accept implements net.Listener.
func (l *limited) Accept() (net.Conn, error) {
	for {
		accepted, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &conn{Conn: accepted, of: l, from: hostOf(accepted.RemoteAddr().String())}
		if leaving, ok := l.enter(c); leaving != nil {
			_ = leaving.Conn.Close()
			if !ok {
				continue
			}
		}
		return c, nil
	}
}

// enter gives who has to leave, which is the new one where all others stay.
func (l *limited) enter(c *conn) (leaving *conn, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entered++
	c.turn, c.since = l.entered, l.now()
	if len(l.conns) >= l.most {
		l.telling.Do(func() {
			l.log.Warn("there are more connections than there is room for; those that do not say who they are make way", "address", l.Addr().String(), "room", l.most)
		})
		if leaving = l.first(); leaving == nil {
			return c, false
		}
		delete(l.conns, leaving)
	}
	l.conns[c] = true
	return leaving, true
}

// first is the connection that is missed the least: one that is slow to say
// anything, of the place that has the most of them, the oldest. Nil means that all
// are busy with those who are known.
func (l *limited) first() *conn {
	held := map[string]int{}
	for c := range l.conns {
		held[c.from]++
	}
	now := l.now()
	var first *conn
	for c := range l.conns {
		if c.rank(now) == stays {
			continue
		}
		if first == nil || before(c, first, held, now) {
			first = c
		}
	}
	return first
}

func before(a, b *conn, held map[string]int, now time.Time) bool {
	if a, b := a.rank(now), b.rank(now); a != b {
		return a < b
	}
	if a, b := held[a.from], held[b.from]; a != b {
		return a > b
	}
	return a.turn < b.turn
}

// stays is the rank of a connection that makes way for nobody.
const stays = 5

// rank is the lower, the less a connection is missed.
func (c *conn) rank(now time.Time) int {
	took := now.Sub(c.since)
	switch {
	case c.phase == waiting && took > slowHead:
		return 0
	case c.phase == serving && took > slowRequest:
		return 1
	case c.phase == waiting:
		return 2
	case c.phase == serving:
		return 3
	case c.phase == rested:
		return 4
	}
	return stays
}

func (c *conn) enter(p phase) {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	if p == waiting && c.phase == admitted {
		p = rested
	}
	c.phase, c.since = p, c.of.now()
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.of.mu.Lock()
	delete(c.of.conns, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite lets net/http end an answer before the other side has ended its request.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// hostOf is an address without its port.
func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}

type connKey struct{}

// withConn lets a request find its connection.
func withConn(ctx context.Context, c net.Conn) context.Context {
	if ours, ok := c.(*conn); ok {
		return context.WithValue(ctx, connKey{}, ours)
	}
	return ctx
}
