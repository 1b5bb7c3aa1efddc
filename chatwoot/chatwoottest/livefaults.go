package chatwoottest

import (
	"encoding/json"
	"slices"
	"time"
)

// Frame names an event of the live channel to a hook, for one of its receivers.
type Frame struct {
	Event                                       string
	Account, User, Inbox, Conversation, Message int
}

// FrameFault is what goes wrong with one frame. The zero value is nothing.
type FrameFault struct {
	// Drop loses the frame.
	Drop bool `json:"drop,omitempty"`
	// Delay lets later frames, and the answer to the request, overtake it. Who
	// is connected by then gets it.
	Delay time.Duration `json:"delay,omitempty"`
	// Duplicates sends it so many times more.
	Duplicates int `json:"duplicates,omitempty"`
}

// FrameRule hits the frames of an event (any when empty): every one, each
// Every-th, or each with a chance; Times times.
type FrameRule struct {
	Event  string     `json:"event,omitempty"`
	Times  int        `json:"times,omitempty"`
	Every  int        `json:"every,omitempty"`
	Chance *Chance    `json:"chance,omitempty"`
	Fault  FrameFault `json:"fault"`
}

// LiveFaults are what is wrong with the live channel as a whole.
type LiveFaults struct {
	// NoUpgrade answers 404, as a proxy does that knows no WebSocket. What is
	// open stays open.
	NoUpgrade bool `json:"no_upgrade,omitempty"`
	// Silent sends welcome and pings and never a confirmation.
	Silent bool `json:"silent,omitempty"`
	// Deaf sends all but frames, as after an outage of Redis.
	Deaf    bool `json:"deaf,omitempty"`
	NoPings bool `json:"no_pings,omitempty"`
	// CutAfter is how long a connection lives, as behind some proxies.
	CutAfter time.Duration `json:"cut_after,omitempty"`
}

// LiveConnection is an open connection as it was when it was asked for, with the
// user that it named.
type LiveConnection struct {
	User      int       `json:"user,omitempty"`
	Account   int       `json:"account,omitempty"`
	Confirmed bool      `json:"confirmed,omitempty"`
	Since     time.Time `json:"since"`
}

type frameHook struct{ f func(Frame) FrameFault }

// OnFrame lets a hook decide the fate of every frame, for each user who is to get
// it. The first hook with something to say wins. The result removes the hook.
func (s *Server) OnFrame(f func(Frame) FrameFault) (remove func()) {
	h := &frameHook{f}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.frame = append(s.faults.frame, h)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.faults.frame = slices.DeleteFunc(slices.Clone(s.faults.frame), func(o *frameHook) bool { return o == h })
	}
}

// AddFrameRule installs a FrameRule as a hook.
func (s *Server) AddFrameRule(rule FrameRule) (remove func()) {
	left := countdown(rule.Times, rule.Every, rule.Chance)
	return s.OnFrame(func(f Frame) FrameFault {
		if rule.Event != "" && rule.Event != f.Event || !left() {
			return FrameFault{}
		}
		return rule.Fault
	})
}

func frameFault(hooks []*frameHook, about Frame) FrameFault {
	for _, h := range hooks {
		if f := h.f(about); f != (FrameFault{}) {
			return f
		}
	}
	return FrameFault{}
}

// SetLive changes what is wrong with the live channel.
func (s *Server) SetLive(f LiveFaults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setLive(f)
}

func (s *Server) setLive(f LiveFaults) {
	s.live.faults = f
	for _, c := range s.live.connections {
		ring(c.wake) // CutAfter may be another
	}
}

// Live is what was set with SetLive.
func (s *Server) Live() LiveFaults {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live.faults
}

// SetFrameLateness changes Options.FrameLateness for what comes from now on.
func (s *Server) SetFrameLateness(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live.lateness = d
}

// CutLive ends every connection without a goodbye. What happens until a client is
// back is lost.
func (s *Server) CutLive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.live.connections {
		s.hangUp(c)
	}
}

// SendFrame writes a text to every connection, confirmed or not, as it is, behind what
// was published before and is not held back.
func (s *Server) SendFrame(raw []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, now := len(s.live.pending), time.Now()
	for at > 0 && s.live.pending[at-1].due.After(now) {
		at--
	}
	s.live.pending = slices.Insert(s.live.pending, at, &frame{raw: raw})
	ring(s.live.wake)
}

// PublishForeign sends n frames of new messages of an inbox, which need not exist,
// to everybody who is confirmed. It costs next to nothing: no row is stored, no
// hook is asked, and the frame is built once.
func (s *Server) PublishForeign(inbox, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, now := s.db.ids.message.next(), s.now()
	for _, c := range s.live.connections {
		for _, sub := range c.subscriptions {
			if len(sub.streams) == 0 || s.live.faults.Deaf {
				continue
			}
			message, _ := json.Marshal(obj("event", "message.created", "data", foreignMessage(sub.account, inbox, id, now)))
			out := outgoing{raw: sub.wrap(message)}
			for range n {
				c.push(out)
			}
		}
	}
}

// foreignMessage is a customer's message as frames show one.
func foreignMessage(account, inbox, id int, now time.Time) object {
	return obj("id", id, "content", "hello", "account_id", account, "inbox_id", inbox, "conversation_id", 1, "message_type", kindIncoming,
		"created_at", epoch(now), "updated_at", iso(now), "private", false, "status", messageSent, "source_id", nil, "content_type", "text",
		"content_attributes", obj(), "sender_type", senderContact, "sender_id", 1, "external_source_ids", obj(), "additional_attributes", obj(),
		"processed_message_content", "hello", "sentiment", obj(),
		"conversation", obj("assignee_id", nil, "unread_count", 1, "last_activity_at", epoch(now), "contact_inbox", obj("source_id", "somebody")),
		"sender", obj("additional_attributes", obj(), "custom_attributes", obj(), "email", nil, "id", 1, "identifier", nil,
			"name", "Somebody", "phone_number", nil, "thumbnail", "", "blocked", false, "type", "contact"))
}

// LiveConnections lists what is open, the oldest first.
func (s *Server) LiveConnections() []LiveConnection {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []LiveConnection{}
	for _, c := range s.live.connections {
		list = append(list, c.picture())
	}
	return list
}

// WaitLive waits until a connection fits.
func (s *Server) WaitLive(timeout time.Duration, fits func(LiveConnection) bool) (LiveConnection, error) {
	return waitFor(s, timeout, "live connection", func(yield func(LiveConnection) bool) {
		for _, c := range s.live.connections {
			if !yield(c.picture()) {
				return
			}
		}
	}, fits)
}

// picture shows the first subscription that was confirmed, else the first; the
// caller holds mu.
func (c *liveConn) picture() LiveConnection {
	out := LiveConnection{Since: c.since}
	for _, sub := range c.subscriptions {
		if confirmed := len(sub.streams) > 0; confirmed || out.User == 0 {
			out.User, out.Account, out.Confirmed = sub.user, sub.account, confirmed
		}
		if out.Confirmed {
			break
		}
	}
	return out
}
