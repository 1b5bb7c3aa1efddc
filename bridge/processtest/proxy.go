package processtest

import (
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Proxy stands in front of a server, such as a database, and can fail: cut the
// connections there are, refuse new ones, slow everything down.
type Proxy struct {
	listener net.Listener
	running  sync.WaitGroup

	mu       sync.Mutex
	target   string
	refusing bool
	refused  int
	passed   int
	delay    time.Duration
	open     map[net.Conn]bool
}

// NewProxy starts a proxy in front of target, a host and port. It ends with the
// test.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &Proxy{listener: listener, target: target, open: map[net.Conn]bool{}}
	p.running.Go(p.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		p.Cut()
		p.running.Wait()
	})
	return p
}

// Addr is where the proxy listens.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Cut ends every connection there is, in the middle of whatever it carries.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.open {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset, not an orderly end
		}
		_ = conn.Close()
	}
}

// Refuse cuts every connection and ends new ones at once, until Allow.
func (p *Proxy) Refuse() {
	p.mu.Lock()
	p.refusing = true
	p.mu.Unlock()
	p.Cut()
}

// Allow lets connections through again.
func (p *Proxy) Allow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refusing = false
}

// Refused is how many connections were refused so far.
func (p *Proxy) Refused() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refused
}

// Passed is how many connections were let through so far.
func (p *Proxy) Passed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.passed
}

// Delay holds back everything that the server says.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.running.Go(func() { p.serve(client) })
	}
}

func (p *Proxy) serve(client net.Conn) {
	server, ok := p.connect(client)
	if !ok {
		return
	}
	var sides sync.WaitGroup
	sides.Go(func() { p.copy(server, client, false) })
	sides.Go(func() { p.copy(client, server, true) })
	sides.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, client)
	delete(p.open, server)
}

// connect dials the server for a client; both are open from then on.
func (p *Proxy) connect(client net.Conn) (server net.Conn, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refusing {
		p.refused++
	} else {
		var err error
		if server, err = net.Dial("tcp", p.target); err == nil {
			p.open[client], p.open[server] = true, true
			p.passed++
			return server, true
		}
	}
	_ = client.Close()
	return nil, false
}

// copy carries bytes one way until either side ends, which ends both.
func (p *Proxy) copy(to, from net.Conn, slowly bool) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if slowly {
			p.mu.Lock()
			delay := p.delay
			p.mu.Unlock()
			time.Sleep(delay)
		}
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
