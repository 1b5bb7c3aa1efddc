package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"
	"golang.org/x/time/rate"

	"github.com/wootbridge/wootbridge/whatsapp/content"
	"github.com/wootbridge/wootbridge/whatsapp/internal/devicestore"
)

// Sink takes what comes from WhatsApp.
type Sink interface {
	// Take commits an event; an error means that it is not acknowledged.
	Take(ctx context.Context, e content.Envelope) error
	// Typing must not block.
	Typing(chat content.Address, on bool)
	// StateChanged must not block.
	StateChanged(State)
	// CaughtUp says that everything came that waited on the server at the login.
	CaughtUp()
}

// Config sets up a Session.
type Config struct {
	JID string // of the linked device; empty = none
	// Phone is the number, in digits, of the device that the session had last;
	// with a JID it is known without.
	Phone string
	Store *Store
	Sink  Sink
	Log   *slog.Logger
	Clock func() time.Time
	// After fires once after a time, for waits between connections; time.After
	// if nil.
	After func(time.Duration) <-chan time.Time
	// PhoneKnown is what was known of the phone before, and NotePhone, which may be nil, is
	// told what to remember; it must not block.
	PhoneKnown Phone
	NotePhone  func(Phone)
	// Versions is shared by all sessions; if nil the session has its own.
	Versions *Versions
	// Simulator, if set, stands in for WhatsApp.
	Simulator *Simulator
	// SendRate limits sends per second; 0 = no limit.
	SendRate float64
	// Publications is asked for each status and each post of a channel; nil takes none in.
	Publications func() Publications
	// Count counts what happened, by name; it may be nil.
	Count func(event string)
	// AllowPair may refuse a phone, given by its JID, with a sentence for
	// people; "" links it. Without AllowPair the session takes any phone at
	// first, and then only the one it had.
	AllowPair func(jid string) (refusal string)
	// PictureChanged is told whose profile picture has changed; it may be nil, and must
	// not block.
	PictureChanged func(of content.Address)
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
	started  time.Time

	telling sync.Mutex // held while a change is made and announced, so that announcements keep the order
	mu      sync.Mutex
	state   State
	conn    *connection

	phone Phone

	reach reachOut // of the sender
	// trouble is of the app state.
	trouble stateTrouble

	// unread and broken are of frames: one that could not be read, and a stream
	// that broke.
	unread, broken rarely

	// keysLost says that the device's keys could not be read when they were needed last.
	keysLost atomic.Bool

	picturesOnce  sync.Once
	pictureClient *http.Client
}

// command is what people may ask of a running session.
type command struct {
	pair   bool
	phone  string // with pair: ask for a code to type instead of a QR code
	forget bool   // the device whose keys cannot be read
}

const sendBurst = 20

// NewSession makes a Session; Start runs it.
func NewSession(cfg Config) *Session {
	if cfg.Count == nil {
		cfg.Count = func(string) {}
	}
	if cfg.After == nil {
		cfg.After = time.After
	}
	if cfg.Versions == nil {
		cfg.Versions = OpenVersions(context.Background(), cfg.Simulator, nil, cfg.Log)
	}
	if phone := phoneOf(cfg.JID); phone != "" {
		cfg.Phone = phone
	}
	limit := rate.Inf
	if cfg.SendRate > 0 {
		limit = rate.Limit(cfg.SendRate)
	}
	s := &Session{
		cfg: cfg, limiter: rate.NewLimiter(limit, sendBurst), sending: make(chan struct{}, 1),
		commands: make(chan command, 1), ended: make(chan struct{}),
		reach:  reachOut{contacts: map[types.JID]bool{}, messages: map[string]bool{}},
		unread: rarely{pause: unreadPause}, broken: rarely{pause: brokenPause},
	}
	s.phone = cfg.PhoneKnown
	s.state = State{Code: StateNew, Since: cfg.Clock(), JID: cfg.JID, Phone: cfg.Phone}
	switch {
	case cfg.JID != "":
		s.state.Code = StateConnecting
	case cfg.Phone != "":
		s.state.Code = StateLoggedOut
	}
	s.state.Sentence = s.state.sentence()
	return s
}

// Start connects, if a device is linked, and keeps connected until Stop. The
// session lives on a context of its own: ctx only carries values.
func (s *Session) Start(ctx context.Context) {
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.started = s.cfg.Clock()
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

// ErrLinked says that a session has its phone.
var ErrLinked = errors.New("a phone is linked already; sign it out first")

// Pair links a device, by QR code or, with a phone number, by a code to type;
// either then shows in the state. The error is ErrLinked.
func (s *Session) Pair(phone string) error {
	if s.State().JID != "" {
		return ErrLinked
	}
	s.command(command{pair: true, phone: phone})
	return nil
}

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

// ErrNotConnected says that there is no connection at the moment.
var ErrNotConnected = errors.New("whatsapp is not connected")

// connected returns the connection if it is logged in.
func (s *Session) connected() (*connection, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil || s.state.Code != StateConnected {
		return nil, ErrNotConnected
	}
	return s.conn, nil
}

// client returns the client of the connection if it is logged in.
func (s *Session) client() (*whatsmeow.Client, error) {
	c, err := s.connected()
	if err != nil {
		return nil, err
	}
	return c.client, nil
}

// Logout unlinks the device on the phone's side and forgets it. A device whose keys cannot
// be read is only forgotten: WhatsApp takes no word from it.
func (s *Session) Logout(ctx context.Context) error {
	if s.keysLost.Load() {
		s.command(command{forget: true})
		return nil
	}
	c, err := s.connected()
	if err != nil {
		return err
	}
	if err := guarded(s, func() error { return c.client.Logout(ctx) }); err != nil && !errors.Is(err, devicestore.ErrDeviceKept) {
		return fmt.Errorf("unlink the device: %w", err)
	}
	c.end(connectionEnd{code: StateLoggedOut})
	return nil
}

// guarded runs a call into the library or of the sink; a panic becomes an error.
func guarded(s *Session, call func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			s.notePanic(value)
			err = &devicestore.PanicError{Value: value}
		}
	}()
	return call()
}
