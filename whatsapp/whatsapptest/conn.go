package whatsapptest

import (
	"bufio"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waWa6"
)

// conn is one client connection. The HTTP handler's goroutine reads and handles
// stanzas in order; one more goroutine writes. Nothing that sends ever waits for
// the client: what it does not read piles up here.
type conn struct {
	srv    *Server
	tcp    net.Conn
	frames *frames
	log    *slog.Logger
	// device is set before the first stanza is handled, nil while pairing.
	device  *Device
	pairing *pairing

	// overtaken are stanzas that the next of their kind goes before; the
	// writer's own.
	overtaken []waBinary.Node

	mu     sync.Mutex
	out    []waBinary.Node
	ending bool
	closed bool
	wake   chan struct{}
	done   chan struct{}
}

// hijackWriter remembers the TCP connection that the websocket library takes
// over: closing it without a goodbye is one of the faults to be simulated.
type hijackWriter struct {
	http.ResponseWriter
	tcp net.Conn
}

func (w *hijackWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	hijacker, ok := w.ResponseWriter.(http.Hijacker)
	if !ok {
		return nil, nil, errors.New("connection cannot be taken over")
	}
	tcp, rw, err := hijacker.Hijack()
	w.tcp = tcp
	return tcp, rw, err
}

func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		http.Error(w, "closed", http.StatusServiceUnavailable)
		return
	}
	defer s.work.Done()
	hijacked := &hijackWriter{ResponseWriter: w}
	ws, err := websocket.Accept(hijacked, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		s.log.Debug("accept websocket", "error", err)
		return
	}
	ws.SetReadLimit(-1)
	c := &conn{srv: s, tcp: hijacked.tcp, log: s.log, wake: make(chan struct{}, 1), done: make(chan struct{})}
	if !s.addConn(c) {
		c.reset()
		return
	}
	defer s.removeConn(c)
	defer c.reset()
	stream := websocket.NetConn(s.ctx, ws, websocket.MessageBinary)
	framed, payload, key, err := handshake(stream, s.static, s.cert, s.opts.Packets)
	if err != nil {
		s.log.Debug("client did not finish its handshake", "error", err)
		return
	}
	c.frames = framed
	c.serve(payload, key)
}

// enter counts a handler goroutine, unless the server is closing.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.work.Add(1)
	return true
}

func (s *Server) addConn(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.conns[c] = struct{}{}
	return true
}

func (s *Server) removeConn(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

func (c *conn) serve(payload *waWa6.ClientPayload, key [32]byte) {
	var writer sync.WaitGroup
	writer.Go(c.writeLoop)
	defer writer.Wait()
	defer c.reset()
	if c.srv.outdated(payload) {
		c.finish(failure(405, nil))
		c.readToEnd()
		return
	}
	if payload.GetUsername() == 0 {
		c.beginPairing(payload, key)
	} else if !c.login(payload, key) {
		c.readToEnd()
		return
	}
	defer c.leave()
	for {
		node, err := c.readNode()
		if err != nil {
			c.log.Debug("client connection ended", "error", err)
			return
		}
		c.receive(node)
	}
}

// leave detaches the connection from what it stood for.
func (c *conn) leave() {
	if c.device != nil {
		c.device.detach(c)
	}
	if c.pairing != nil {
		c.srv.endPairing(c.pairing)
	}
}

// readToEnd lets a refusal reach the client before the connection goes.
func (c *conn) readToEnd() {
	for {
		if _, err := c.readNode(); err != nil {
			return
		}
	}
}

func (c *conn) readNode() (*waBinary.Node, error) {
	raw, err := c.frames.read()
	if err != nil {
		return nil, err
	}
	plain, err := waBinary.Unpack(raw)
	if err != nil {
		return nil, err
	}
	return waBinary.Unmarshal(plain)
}

// receive asks the hooks about a stanza and handles it.
func (c *conn) receive(node *waBinary.Node) {
	action := c.srv.hooks.ask(HookEvent{Kind: StanzaIn, Device: c.device, Node: node})
	if action.Delay > 0 && !c.pause(action.Delay) {
		return
	}
	for _, reply := range action.Reply {
		c.send(reply)
	}
	switch {
	case action.Close:
		c.reset()
	case action.Error != 0:
		c.refuse(node, action.Error, action.ErrorText)
	case action.Drop || action.Reply != nil:
	default:
		for range action.Repeat + 1 {
			c.handle(node)
		}
	}
}

// pause waits, and reports false when the connection ended meanwhile.
func (c *conn) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.done:
		return false
	}
}

func (c *conn) handle(node *waBinary.Node) {
	if c.device == nil {
		c.handlePairing(node)
		return
	}
	switch node.Tag {
	case "iq":
		c.handleIQ(node)
	case "message":
		c.handleMessage(node)
	case "receipt":
		c.handleReceipt(node)
	case "ack":
		c.device.settle(attrText(node, "class"), attrText(node, "id"), attrText(node, "type"), attrJID(node, "to"), attrJID(node, "participant"))
	case "presence":
		c.handlePresence(node)
	case "chatstate":
		c.handleChatState(node)
	case "call":
		c.handleCall(node)
	case "ib":
		// Reports of the client about itself.
	default:
		c.srv.noteUnknown(describe(node))
	}
}

// refuse answers a request with an error.
func (c *conn) refuse(node *waBinary.Node, code int, text string) {
	switch node.Tag {
	case "iq":
		c.sendIQError(node, code, text)
	case "message":
		c.send(waBinary.Node{Tag: "ack", Attrs: waBinary.Attrs{
			"class": "message", "id": attrText(node, "id"), "from": attrJID(node, "to"),
			"t": c.srv.opts.Now().Unix(), "error": code,
		}})
	}
}

// send queues a stanza; it never waits.
func (c *conn) send(nodes ...waBinary.Node) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.ending {
		return
	}
	c.out = append(c.out, nodes...)
	c.signal()
}

// finish closes the connection once everything queued has been written.
func (c *conn) finish(last ...waBinary.Node) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.ending {
		return
	}
	c.out = append(c.out, last...)
	c.ending = true
	c.signal()
}

func (c *conn) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// reset cuts the connection without a goodbye: the client sees a TCP reset.
func (c *conn) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.closed = true
	c.out = nil
	close(c.done)
	if tcp, ok := c.tcp.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	if c.tcp != nil {
		_ = c.tcp.Close()
	}
}
