package chatwoottest

import (
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Fault is what goes wrong with one request. The zero value is nothing.
type Fault struct {
	// Delay passes before the request is looked at.
	Delay time.Duration `json:"delay,omitempty"`
	// Reset closes the connection before anything is stored.
	Reset bool `json:"reset,omitempty"`
	// Status, with ContentType, Header and Body, answers instead of the
	// route; nothing is stored.
	Status      int         `json:"status,omitempty"`
	ContentType string      `json:"content_type,omitempty"`
	Header      http.Header `json:"header,omitempty"`
	Body        string      `json:"body,omitempty"`
	// WebhooksFirst answers only after every webhook the request caused has
	// been delivered.
	WebhooksFirst bool `json:"webhooks_first,omitempty"`
	// ReplyDelay passes between storing and answering.
	ReplyDelay time.Duration `json:"reply_delay,omitempty"`
	// DropReply closes the connection after storing: the ambiguous create.
	DropReply bool `json:"drop_reply,omitempty"`
	// Exception answers, after storing, with the 422 that Chatwoot makes of every
	// exception while a message is made.
	Exception string `json:"exception,omitempty"`
}

// TooManyRequests is rack-attack's answer.
func TooManyRequests() Fault {
	return Fault{Status: http.StatusTooManyRequests, ContentType: "text/plain", Body: "Retry later\n"}
}

// InternalServerError is a 500 page from whatever stands in front.
func InternalServerError() Fault {
	return Fault{Status: http.StatusInternalServerError, ContentType: "text/html; charset=UTF-8", Body: "<html><body>We're sorry, but something went wrong.</body></html>"}
}

// AmbiguousCreate stores what was sent and loses the answer.
func AmbiguousCreate() Fault { return Fault{DropReply: true} }

// Slow answers after a while.
func Slow(d time.Duration) Fault { return Fault{Delay: d} }

func (f Fault) reply() reply {
	return reply{status: f.Status, contentType: f.ContentType, header: f.Header, body: []byte(f.Body)}
}

// WebhookFault is what goes wrong with one delivery.
type WebhookFault struct {
	// Drop loses the delivery; the message stays as it is.
	Drop bool `json:"drop,omitempty"`
	// Delay lets later webhooks overtake it.
	Delay time.Duration `json:"delay,omitempty"`
	// Duplicates delivers it so many times more, with the same delivery id
	// when SameDelivery is set and with new ones otherwise.
	Duplicates   int  `json:"duplicates,omitempty"`
	SameDelivery bool `json:"same_delivery,omitempty"`
	// Error or Status lets the delivery fail without being sent: with this
	// text, or with what such an answer is called.
	Error  string `json:"error,omitempty"`
	Status int    `json:"status,omitempty"`
}

// Webhook names a delivery to a hook.
type Webhook struct {
	Event                        string
	Inbox, Conversation, Message int
}

type faults struct {
	request []*requestHook
	webhook []*webhookHook
	frame   []*frameHook
}

type requestHook struct{ f func(*http.Request) Fault }
type webhookHook struct{ f func(Webhook) WebhookFault }

// OnRequest lets a hook decide the fate of every request, before any check.
// The first hook with something to say wins. The result removes the hook.
func (s *Server) OnRequest(f func(*http.Request) Fault) (remove func()) {
	h := &requestHook{f}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.request = append(s.faults.request, h)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.faults.request = slices.DeleteFunc(slices.Clone(s.faults.request), func(o *requestHook) bool { return o == h })
	}
}

// OnWebhook lets a hook decide the fate of every delivery.
func (s *Server) OnWebhook(f func(Webhook) WebhookFault) (remove func()) {
	h := &webhookHook{f}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.webhook = append(s.faults.webhook, h)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.faults.webhook = slices.DeleteFunc(slices.Clone(s.faults.webhook), func(o *webhookHook) bool { return o == h })
	}
}

// ClearFaults removes every hook and mends the live channel.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = faults{}
	s.db.blobMisses = 0
	s.setLive(LiveFaults{})
}

// MissFiles makes the first n fetches of every file stored from now on answer
// 404, as when a webhook overtakes the upload.
func (s *Server) MissFiles(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.db.blobMisses = n
}

// Rule is a hook that can be written down: it hits the requests with this
// method (any when empty) whose path contains Path: every one, each Every-th, or
// each with a chance; Times times (0 = always).
type Rule struct {
	Method string  `json:"method,omitempty"`
	Path   string  `json:"path,omitempty"`
	Times  int     `json:"times,omitempty"`
	Every  int     `json:"every,omitempty"`
	Chance *Chance `json:"chance,omitempty"`
	Fault  Fault   `json:"fault"`
}

// WebhookRule hits the deliveries of an event (any when empty): every one, each
// Every-th, or each with a chance; Times times.
type WebhookRule struct {
	Event  string       `json:"event,omitempty"`
	Times  int          `json:"times,omitempty"`
	Every  int          `json:"every,omitempty"`
	Chance *Chance      `json:"chance,omitempty"`
	Fault  WebhookFault `json:"fault"`
}

// Chance is how probable something is, between 0 and 1; the same seed draws the
// same.
type Chance struct {
	Of   float64 `json:"of"`
	Seed uint64  `json:"seed"`
}

// AddRule installs a Rule as a hook.
func (s *Server) AddRule(rule Rule) (remove func()) {
	left := countdown(rule.Times, rule.Every, rule.Chance)
	return s.OnRequest(func(r *http.Request) Fault {
		if rule.Method != "" && rule.Method != r.Method || !strings.Contains(r.URL.Path, rule.Path) || !left() {
			return Fault{}
		}
		return rule.Fault
	})
}

// AddWebhookRule installs a WebhookRule as a hook.
func (s *Server) AddWebhookRule(rule WebhookRule) (remove func()) {
	left := countdown(rule.Times, rule.Every, rule.Chance)
	return s.OnWebhook(func(w Webhook) WebhookFault {
		if rule.Event != "" && rule.Event != w.Event || !left() {
			return WebhookFault{}
		}
		return rule.Fault
	})
}

// countdown says yes n times, always when n is 0; with every, only each
// every-th time that it is asked, and with a chance only when that has it.
func countdown(n, every int, chance *Chance) func() bool {
	var mu sync.Mutex
	left, asked := n, 0
	drawn := func() bool { return true }
	if chance != nil {
		draw := rand.New(rand.NewPCG(chance.Seed, 0))
		drawn = func() bool { return draw.Float64() < chance.Of }
	}
	return func() bool {
		mu.Lock()
		defer mu.Unlock()
		if asked++; every > 0 && asked%every != 0 || !drawn() {
			return false
		}
		if n == 0 {
			return true
		}
		left--
		return left >= 0
	}
}

func (s *Server) requestFault(r *http.Request) Fault {
	s.mu.Lock()
	hooks := s.faults.request
	s.mu.Unlock()
	for _, h := range hooks {
		if f := h.f(r); !f.none() {
			return f
		}
	}
	return Fault{}
}

func (f Fault) none() bool {
	return f.Delay == 0 && !f.Reset && f.Status == 0 && !f.WebhooksFirst && f.ReplyDelay == 0 && !f.DropReply && f.Exception == ""
}

func (s *Server) webhookFault(w Webhook) WebhookFault {
	s.mu.Lock()
	hooks := s.faults.webhook
	s.mu.Unlock()
	for _, h := range hooks {
		if f := h.f(w); f != (WebhookFault{}) {
			return f
		}
	}
	return WebhookFault{}
}

// pause waits, and is false when the request or the server ended first.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// reset closes the connection without an answer, with RST where it can.
func reset(w http.ResponseWriter) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	conn, _, err := hijacker.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // without it the peer merely sees EOF, as good
	}
	conn.Close()
}
