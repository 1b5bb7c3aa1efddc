package bridgetest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"time"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/daemon"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// Stack is a bridge between a simulated WhatsApp and a simulated Chatwoot.
type Stack struct {
	*Simulators
	DB       *database.DB // nil with Options.Program
	Clock    *Clock
	Patience time.Duration
	// Bridge is the one that runs; nil without.
	Bridge *bridge.Bridge
	// Process is what runs with Options.Program; nil without.
	Process *daemon.Process
	// Configure changes the configuration of the next bridge that Start makes.
	Configure func(*bridge.Config)
	// ChatwootURL is where the lines that are made from now on find Chatwoot.
	ChatwootURL string
	// Front is where Chatwoot finds the bridge, and Webhooks who answers there;
	// nil is a bridge that is away.
	Front    *httptest.Server
	Webhooks atomic.Pointer[http.Handler]
	// Line and Phone are what MakeLine made.
	Line  bridge.LineID
	Phone *whatsapptest.Peer

	options Options
	dir     string
	closers []func() error
}

// New starts the simulators; no bridge runs yet. Close ends everything.
func New(ctx context.Context, options Options) (*Stack, error) {
	options = options.orDefaults()
	s := &Stack{
		DB: options.DB, Clock: options.Clock, Patience: options.Patience, Configure: options.Configure, options: options, dir: options.Dir,
	}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Stack) open(ctx context.Context) (err error) {
	if s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "wootbridge-test-"); err != nil {
			return fmt.Errorf("make a folder: %w", err)
		}
		s.onClose(func() error { return os.RemoveAll(s.dir) })
	}
	chatwoot, given := s.options.Chatwoot, s.options.Chatwoot != nil
	if !given {
		chatwoot = chatwoottest.New(chatwoottest.Options{Dir: s.dir, Version: s.options.Version, Now: s.Clock.Now})
	}
	if s.Simulators, err = startBeside(chatwoot, given, whatsapptest.Options{Now: s.Clock.Now}); err != nil {
		return err
	}
	s.onClose(s.Simulators.Close)
	s.ChatwootURL = s.Chatwoot.URL()
	if s.options.Program != nil {
		return nil // it has the rest
	}
	whatsapptest.TrustRoot()
	if s.DB == nil {
		if s.DB, err = database.Open(ctx, database.Config{DataDir: s.dir}); err != nil {
			return fmt.Errorf("open the database: %w", err)
		}
		s.onClose(s.DB.Close)
		if err := s.DB.Migrate(ctx); err != nil {
			return fmt.Errorf("migrate the database: %w", err)
		}
	}
	s.Front = httptest.NewServer(http.HandlerFunc(s.answer))
	s.onClose(func() error { s.Front.Close(); return nil })
	return nil
}

// answer answers Chatwoot's webhooks.
func (s *Stack) answer(w http.ResponseWriter, r *http.Request) {
	if handler := s.Webhooks.Load(); handler != nil {
		(*handler).ServeHTTP(w, r)
		return
	}
	w.WriteHeader(http.StatusServiceUnavailable)
}

func (s *Stack) onClose(end func() error) { s.closers = append(s.closers, end) }

// Close stops the bridge and ends what New started.
func (s *Stack) Close() error {
	err := s.Stop()
	for len(s.closers) > 0 {
		last := len(s.closers) - 1
		err = errors.Join(err, s.closers[last]())
		s.closers = s.closers[:last]
	}
	return err
}

// Open starts a bridge with a line that is paired.
func (s *Stack) Open(ctx context.Context) error {
	if err := s.Start(ctx); err != nil {
		return err
	}
	if err := s.MakeLine(ctx); err != nil {
		return err
	}
	return s.Pair(ctx, s.Line, s.Phone)
}
