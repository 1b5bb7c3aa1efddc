package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"go.mau.fi/whatsmeow"
	"golang.org/x/time/rate"
)

// Sink takes what comes from WhatsApp.
type Sink interface {
	// Take commits an event; an error means that it is not acknowledged.
	Take(ctx context.Context, e Envelope) error
	// Typing must not block.
	Typing(chat Address, on bool)
	// StateChanged must not block.
	StateChanged(State)
	// Backlog announces how many events wait on the server, and with 0 that
	// all of them came.
	Backlog(events int)
}

// Config sets up a Session.
type Config struct {
	JID   string // of the linked device; empty = none yet
	Store *Store
	Sink  Sink
	Log   *slog.Logger
	Clock func() time.Time
	// Simulator, if set, stands in for WhatsApp.
	Simulator *Simulator
	// SendRate limits sends per second; 0 = no limit.
	SendRate float64
	// Count counts what happened, by name; it may be nil.
	Count func(event string)
	// AllowPair may refuse a device, with a sentence for people.
	AllowPair func(jid string) error
}

// Session is one line's connection to WhatsApp.
type Session struct {
	cfg      Config
	limiter  *rate.Limiter
	sending  chan struct{} // a place for one sender
	commands chan command
	ctx      context.Context
	cancel   context.CancelFunc
	ended    chan struct{}

	mu    sync.Mutex
	state State
	gen   *generation
}

// command is what people may ask of a running session.
type command struct {
	pair  bool
	phone string // with pair: ask for a code to type instead of a QR code
}

const sendBurst = 20

// NewSession makes a Session; Start runs it.
func NewSession(cfg Config) *Session {
	if cfg.Count == nil {
		cfg.Count = func(string) {}
	}
	limit := rate.Inf
	if cfg.SendRate > 0 {
		limit = rate.Limit(cfg.SendRate)
	}
	s := &Session{
		cfg: cfg, limiter: rate.NewLimiter(limit, sendBurst), sending: make(chan struct{}, 1),
		commands: make(chan command, 1), ended: make(chan struct{}),
	}
	s.state = State{Code: StateNew, Sentence: sentences[StateNew], Since: cfg.Clock(), JID: cfg.JID, Phone: phoneOf(cfg.JID)}
	return s
}

// Start connects, if a device is linked, and keeps connected until Stop. The
// session lives on a context of its own: ctx only carries values.
func (s *Session) Start(ctx context.Context) {
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer close(s.ended)
		s.run()
	}()
}

// Stop disconnects and waits until everything of the session has ended.
func (s *Session) Stop() {
	s.cancel()
	<-s.ended
}

// Pair links a device, by QR code or, with a phone number, by a code to type;
// either then shows in the state.
func (s *Session) Pair(phone string) { s.command(command{pair: true, phone: phone}) }

// Reconnect ends the connection, if any, and connects at once.
func (s *Session) Reconnect() { s.command(command{}) }

func (s *Session) command(c command) {
	select {
	case <-s.commands: // the last word counts
	default:
	}
	select {
	case s.commands <- c:
	default:
	}
}

const (
	backoffMin = time.Second
	backoffMax = 30 * time.Second
	banMin     = time.Minute
)

// run owns the client: it makes one generation after the other.
func (s *Session) run() {
	failures := 0
	pairing := (*command)(nil)
	for s.ctx.Err() == nil {
		jid := s.State().JID
		if jid == "" && pairing == nil {
			s.idle(&pairing)
			continue
		}
		end := s.connect(jid, pairing)
		pairing = nil
		if end.connected {
			failures = 0
		}
		failures++
		wait := s.settle(end, failures)
		if end.command != nil {
			if end.command.pair {
				pairing = end.command
			}
			continue
		}
		if wait < 0 {
			s.idle(&pairing)
			continue
		}
		select {
		case <-s.ctx.Done():
		case <-time.After(wait):
		case c := <-s.commands:
			if c.pair && s.State().JID == "" {
				pairing = &c
			}
		}
	}
}

// idle waits for somebody to ask for something.
func (s *Session) idle(pairing **command) {
	select {
	case <-s.ctx.Done():
	case c := <-s.commands:
		if c.pair && s.State().JID == "" {
			*pairing = &c
		}
	}
}

// settle turns a generation's end into a state and the time to the next one;
// negative means not before somebody asks.
func (s *Session) settle(end genEnd, failures int) time.Duration {
	backoff := min(backoffMin<<min(failures, 10), backoffMax)
	backoff += rand.N(backoff / 2)
	switch end.code {
	case StateConnecting:
		return 0
	case StateLoggedOut:
		s.setState(func(st *State) { st.Code, st.JID = StateLoggedOut, "" })
		return -1
	case StateReplaced, StateOutdated, StateNew:
		s.setCode(end.code)
		return -1
	case StateBanned:
		s.setCode(StateBanned)
		return max(end.until, banMin)
	default:
		if s.ctx.Err() == nil {
			s.setCode(StateDisconnected)
		}
		return backoff
	}
}

// ErrNotConnected says that there is no connection at the moment.
var ErrNotConnected = errors.New("whatsapp is not connected")

// connected gives the connected generation.
func (s *Session) connected() (*generation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gen == nil || s.state.Code != StateConnected {
		return nil, ErrNotConnected
	}
	return s.gen, nil
}

// client gives the client of the connected generation.
func (s *Session) client() (*whatsmeow.Client, error) {
	g, err := s.connected()
	if err != nil {
		return nil, err
	}
	return g.client, nil
}

// Logout unlinks the device on the phone's side and forgets it.
func (s *Session) Logout(ctx context.Context) error {
	client, err := s.client()
	if err != nil {
		return err
	}
	if err := guarded(s, func() error { return client.Logout(ctx) }); err != nil {
		return fmt.Errorf("unlink the device: %w", err)
	}
	s.mu.Lock()
	gen := s.gen
	s.mu.Unlock()
	if gen != nil {
		gen.end(genEnd{code: StateLoggedOut})
	}
	return nil
}

// panicError is a panic of the library, made an error.
type panicError struct{ value any }

func (e *panicError) Error() string { return fmt.Sprintf("panic in the whatsapp library: %v", e.value) }

// guarded runs a call into the library; a panic becomes an error.
func guarded(s *Session, call func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			s.notePanic(value)
			err = &panicError{value}
		}
	}()
	return call()
}
