package chatwoottest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// ActionCable as a client of Chatwoot's /cable meets it: a welcome, pings, and
// subscriptions to RoomChannel. A subscription that is refused is not answered.

const (
	cableProtocol = "actioncable-v1-json"
	// onlineFor is how long a subscription shows its user as online.
	onlineFor = 20 * time.Second
)

// liveConn is one open socket. Guarded by Server.mu but for ws and tcp.
type liveConn struct {
	ws            *websocket.Conn
	tcp           net.Conn
	since         time.Time // by the server's clock
	opened        time.Time // for LiveFaults.CutAfter
	queue         []outgoing
	wake          chan struct{}
	subscriptions []*subscription
	end           context.CancelFunc
}

// outgoing is one text to be written, with the frame it belongs to, if any.
type outgoing struct {
	raw []byte
	of  *frame
}

// subscription is what a client asked for. Without streams it was refused.
type subscription struct {
	identifier    string // returned as it came
	quoted        []byte // the same as JSON
	user, account int
	streams       []string
}

func (sub *subscription) hears(streams []string) bool {
	return slices.ContainsFunc(sub.streams, func(stream string) bool { return slices.Contains(streams, stream) })
}

func (sub *subscription) wrap(message []byte) []byte {
	return slices.Concat([]byte(`{"identifier":`), sub.quoted, []byte(`,"message":`), message, []byte("}"))
}

// push queues a text; the caller holds mu.
func (c *liveConn) push(out outgoing) {
	if out.of != nil {
		select {
		case <-out.of.done:
			out.of = nil // nobody waits for it any more
		default:
			out.of.open++
		}
	}
	c.queue = append(c.queue, out)
	ring(c.wake)
}

func (c *liveConn) say(pairs ...any) {
	raw, _ := json.Marshal(obj(pairs...)) // of strings and numbers
	c.push(outgoing{raw: raw})
}

// hijackedWriter remembers the TCP connection that the websocket library takes
// over: closing it without a goodbye is one of the faults.
type hijackedWriter struct {
	http.ResponseWriter
	tcp net.Conn
}

func (w *hijackedWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	hijacker, ok := w.ResponseWriter.(http.Hijacker)
	if !ok {
		return nil, nil, errors.New("connection cannot be taken over")
	}
	tcp, rw, err := hijacker.Hijack()
	w.tcp = tcp
	return tcp, rw, err
}

// serveCable opens the live channel. It is neither counted among the requests nor
// hit by their faults: a bridge connects when it likes. SetLive is for its own.
func (s *Server) serveCable(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	refused := s.live.faults.NoUpgrade || s.live.closed
	s.mu.Unlock()
	if refused || !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		writeReply(w, reply{status: http.StatusNotFound, contentType: "text/plain; charset=utf-8", body: []byte("Page not found")})
		return
	}
	hijacked := &hijackedWriter{ResponseWriter: w}
	ws, err := websocket.Accept(hijacked, r, &websocket.AcceptOptions{Subprotocols: []string{cableProtocol}, InsecureSkipVerify: true})
	if err != nil {
		s.log.Debug("accept websocket", "error", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live.closed {
		_ = hijacked.tcp.Close()
		return
	}
	ctx, end := context.WithCancel(s.ctx)
	c := &liveConn{ws: ws, tcp: hijacked.tcp, since: s.now(), opened: time.Now(), wake: make(chan struct{}, 1), end: end}
	s.live.connections = append(s.live.connections, c)
	c.say("type", "welcome")
	s.touched()
	s.running.Go(func() { s.readCable(ctx, c) })
	s.running.Go(func() { s.writeCable(ctx, c) })
}

// readCable carries out what a client sends until the connection ends.
func (s *Server) readCable(ctx context.Context, c *liveConn) {
	defer func() {
		s.mu.Lock()
		s.hangUp(c)
		s.mu.Unlock()
		_ = c.ws.CloseNow() // frees what the library holds
	}()
	for {
		_, raw, err := c.ws.Read(ctx)
		if err != nil {
			return
		}
		var command cableCommand
		if json.Unmarshal(raw, &command) != nil {
			continue // logged and forgotten by ActionCable
		}
		s.mu.Lock()
		s.obey(c, command)
		s.mu.Unlock()
	}
}

// writeCable writes what is queued. A proxy's time limit ends it too.
func (s *Server) writeCable(ctx context.Context, c *liveConn) {
	for {
		s.mu.Lock()
		queue, limit := c.queue, s.live.faults.CutAfter
		c.queue = nil
		s.mu.Unlock()
		until, done := ctx, context.CancelFunc(func() {})
		if limit > 0 {
			until, done = context.WithDeadline(ctx, c.opened.Add(limit))
		}
		broken := false
		for _, out := range queue {
			broken = broken || c.ws.Write(until, websocket.MessageText, out.raw) != nil
			if out.of != nil {
				s.mu.Lock()
				out.of.settle()
				s.mu.Unlock()
			}
		}
		if !broken {
			select {
			case <-c.wake:
			case <-until.Done():
			}
		}
		over := broken || until.Err() != nil
		done()
		if over {
			s.mu.Lock()
			s.hangUp(c)
			s.mu.Unlock()
			return
		}
	}
}

// hangUp ends a connection without a goodbye; the caller holds mu. What was not
// written yet is lost.
func (s *Server) hangUp(c *liveConn) {
	s.live.connections = slices.DeleteFunc(slices.Clone(s.live.connections), func(o *liveConn) bool { return o == c })
	for _, out := range c.queue {
		if out.of != nil {
			out.of.settle()
		}
	}
	c.queue = nil
	_ = c.tcp.Close() // before the library could say goodbye
	c.end()
	s.touched()
}

type cableCommand struct{ Command, Identifier, Data string }

// obey carries out one command; the caller holds mu.
func (s *Server) obey(c *liveConn, command cableCommand) {
	known := func(sub *subscription) bool { return sub.identifier == command.Identifier }
	sub := first(c.subscriptions, known)
	switch command.Command {
	case "subscribe":
		if sub == nil { // again is ignored, also after a refusal
			s.subscribe(c, command.Identifier)
		}
	case "unsubscribe":
		c.subscriptions = slices.DeleteFunc(slices.Clone(c.subscriptions), known)
	case "message":
		var data struct{ Action string }
		if sub != nil && json.Unmarshal([]byte(command.Data), &data) == nil && data.Action == "update_presence" {
			s.showOnline(sub)
		}
	}
	s.touched()
}

// subscribe confirms a user's own token, number and account, and leaves everything
// else unanswered.
func (s *Server) subscribe(c *liveConn, identifier string) {
	value, err := parseJSON([]byte(identifier))
	asked := hash(value)
	if err != nil || str(asked.get("channel")) != "RoomChannel" {
		return
	}
	quoted, _ := json.Marshal(identifier) // a string
	sub := &subscription{identifier: identifier, quoted: quoted, user: number(asked.get("user_id")), account: number(asked.get("account_id"))}
	c.subscriptions = append(c.subscriptions, sub)
	u := s.db.user(sub.user)
	if s.live.faults.Silent || u == nil || u.pubsub == "" || u.pubsub != str(asked.get("pubsub_token")) || !u.belongs(sub.account) {
		return
	}
	sub.streams = []string{u.pubsub, accountStream(sub.account)}
	c.say("identifier", identifier, "type", "confirm_subscription")
	s.showOnline(sub)
}

// showOnline notes that a user is there and tells its own stream who is.
func (s *Server) showOnline(sub *subscription) {
	if len(sub.streams) == 0 {
		return
	}
	s.live.presence[sub.user] = s.now().Add(onlineFor)
	users := object{}
	for _, u := range s.db.users {
		if u.belongs(sub.account) && s.online(u) {
			users = users.with(strconv.Itoa(u.id), "online")
		}
	}
	s.publish(&frame{Frame: Frame{Event: "presence.update", Account: sub.account}, streams: sub.streams[:1],
		build: func() object { return obj("account_id", sub.account, "users", users, "contacts", obj()) }}, false)
}

func (s *Server) online(u *user) bool { return s.live.presence[u.id].After(s.now()) }

// beat pings every connection, as one timer does for all of them.
func (s *Server) beat(ctx context.Context) {
	ticker := time.NewTicker(s.opts.PingEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		s.mu.Lock()
		for _, c := range s.live.connections {
			if !s.live.faults.NoPings {
				c.say("type", "ping", "message", s.now().Unix())
			}
		}
		s.mu.Unlock()
	}
}
