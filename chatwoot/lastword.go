package chatwoot

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// A web server in front may refuse a file before it has read it, and close the
// connection. Then a write fails, and net/http takes that for the end of the request
// although the answer has come. So a write that fails waits until what has come is
// read.

// lastWordWait bounds that wait: what has come is here already.
const lastWordWait = time.Second

// dialer makes connections, as http.Transport wants it.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// ownTransport is how a Client reaches Chatwoot.
func ownTransport() *http.Transport {
	own := http.DefaultTransport.(*http.Transport).Clone()
	own.MaxIdleConnsPerHost = limitMax
	own.DialContext = hearing(own.DialContext)
	return own
}

// hearing makes connections on which the last word is heard.
func hearing(dial dialer) dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &hearingConn{Conn: conn, over: make(chan struct{})}, nil
	}
}

type hearingConn struct {
	net.Conn
	once sync.Once
	over chan struct{} // closed when nothing is read any more
}

func (c *hearingConn) end() { c.once.Do(func() { close(c.over) }) }

// Read implements net.Conn.
func (c *hearingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil {
		c.end()
	}
	return n, err
}

// Write implements net.Conn.
func (c *hearingConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if err == nil {
		return n, nil
	}
	wait := time.NewTimer(lastWordWait)
	defer wait.Stop()
	select {
	case <-c.over:
	case <-wait.C:
	}
	return n, err
}

// Close implements net.Conn.
func (c *hearingConn) Close() error {
	c.end()
	return c.Conn.Close()
}
