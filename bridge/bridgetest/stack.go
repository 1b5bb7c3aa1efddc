package bridgetest

import (
	"cmp"
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
	WhatsApp *whatsapptest.Server
	Chatwoot *chatwoottest.Server
	DB       *database.DB // from the first bridge on; nil with Options.Program
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
func New(options Options) (*Stack, error) {
	options = options.orDefaults()
	s := &Stack{
		DB: options.DB, Chatwoot: options.Chatwoot, Clock: options.Clock, Patience: options.Patience, Configure: options.Configure,
		options: options, dir: options.Dir,
	}
	if err := s.simulate(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.ChatwootURL = cmp.Or(options.ChatwootURL, s.Chatwoot.URL())
	return s, nil
}

func (s *Stack) simulate() (err error) {
	if s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "wootbridge-test-"); err != nil {
			return fmt.Errorf("make a folder: %w", err)
		}
		s.onClose(func() error { return os.RemoveAll(s.dir) })
	}
	s.WhatsApp = whatsapptest.New(whatsapptest.Options{Now: s.Clock.Now})
	if err := s.WhatsApp.Start(); err != nil {
		return fmt.Errorf("start the simulated WhatsApp: %w", err)
	}
	s.onClose(func() error { s.WhatsApp.Close(); return nil })
	if s.Chatwoot != nil {
		return nil
	}
	s.Chatwoot = chatwoottest.New(chatwoottest.Options{Dir: s.dir, Version: s.options.Version, Now: s.Clock.Now})
	s.onClose(s.Chatwoot.Close)
	if err := s.Chatwoot.Start(); err != nil {
		return fmt.Errorf("start the simulated Chatwoot: %w", err)
	}
	return nil
}

// prepare makes what the first bridge needs and the later ones find.
func (s *Stack) prepare(ctx context.Context) (err error) {
	if s.Front != nil {
		return nil
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
