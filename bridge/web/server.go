package web

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

	"github.com/wootbridge/wootbridge/bridge/admin"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
)

// Lines is what the API does to lines.
type Lines interface {
	Lines(ctx context.Context) ([]admin.LineStatus, error)
	LineStatus(ctx context.Context, id lines.ID) (admin.LineStatus, error)
	CreateLine(ctx context.Context, n admin.NewLine) (lines.Line, error)
	UpdateLine(ctx context.Context, id lines.ID, u admin.LineUpdate) error
	MoveLine(ctx context.Context, id lines.ID, m admin.Move) error
	DeleteLine(ctx context.Context, id lines.ID, force bool) error
	Watch(id lines.ID) (changed <-chan struct{}, stop func(), err error)
}

// Connections is what the API does to lines' connections.
type Connections interface {
	Pair(ctx context.Context, id lines.ID, phone string) error
	Logout(ctx context.Context, id lines.ID) error
	Reconnect(ctx context.Context, id lines.ID) error
	Confirm(ctx context.Context, id lines.ID) error
	Pause(ctx context.Context, id lines.ID) error
	Resume(ctx context.Context, id lines.ID) error
}

// Jobs is what the API does to jobs.
type Jobs interface {
	Jobs(ctx context.Context, f journal.JobFilter) ([]journal.JobInfo, error)
	Replay(ctx context.Context, job int64) error
	ReplayAll(ctx context.Context, line lines.ID) (int, error)
	ReplayUnconverted(ctx context.Context, line lines.ID) (replayed, left int, err error)
}

// Admin is what people may do: the admin.Service.
type Admin interface {
	Lines
	Connections
	Jobs
	Ready(ctx context.Context) error
}

// Config sets up a Server.
type Config struct {
	Admin Admin
	// Webhooks is where Chatwoot posts.
	Webhooks http.Handler
	// Token is the admin's.
	Token string
	Log   *slog.Logger
	// Registry gets the server's own metrics.
	Registry prometheus.Registerer
	// Metrics is served at /metrics with the token; nil if it has a listener
	// of its own.
	Metrics http.Handler
}

// Server answers requests. It serves whole an installation that has one address; of
// others, Public is for Chatwoot and whoever else reaches it, Private for people and
// their programs.
type Server struct {
	admin           Admin
	door            *door
	log             *slog.Logger
	metrics         *metrics
	router          *chi.Mux // the whole
	public, private *chi.Mux
	// large has room for webhooks with a large body.
	large chan struct{}
	// ready lets probes that come together ask the database once.
	ready singleflight.Group
	// closing ends the event streams.
	closing   chan struct{}
	closeOnce sync.Once
}

// New makes a Server.
func New(cfg Config) *Server {
	s := &Server{
		admin: cfg.Admin, door: newDoor(cfg.Token, cfg.Log), log: cfg.Log, metrics: newMetrics(cfg.Registry),
		large: make(chan struct{}, largeBodies), closing: make(chan struct{}),
	}
	s.router, s.public, s.private = s.face(), s.face(), s.face()
	for _, r := range []*chi.Mux{s.router, s.public} {
		r.With(s.fromChatwoot).Mount("/", cfg.Webhooks)
	}
	for _, r := range []*chi.Mux{s.router, s.private} {
		s.routes(r, cfg.Metrics)
	}
	for _, path := range []string{"/api", "/api/*", "/metrics"} {
		s.public.Handle(path, s.answer(func(http.ResponseWriter, *http.Request) error { return errElsewhere }))
	}
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.router.ServeHTTP(w, r) }

// Public serves webhooks and probes.
func (s *Server) Public() http.Handler { return s.public }

// Private serves the admin API, the metrics and probes.
func (s *Server) Private() http.Handler { return s.private }

// CloseStreams ends the event streams, which would otherwise keep a shutdown
// waiting.
func (s *Server) CloseStreams() { s.closeOnce.Do(func() { close(s.closing) }) }

// face is what all addresses have in common.
func (s *Server) face() *chi.Mux {
	r := chi.NewRouter()
	// Monitors ask the probes for the head of an answer alone; events refuses that.
	r.Use(s.observe, s.survive, middleware.GetHead)
	r.NotFound(s.answer(func(http.ResponseWriter, *http.Request) error { return errNoRoute }))
	r.MethodNotAllowed(s.answer(func(http.ResponseWriter, *http.Request) error { return errMethod }))
	r.Get("/healthz", s.answer(s.healthz))
	r.Get("/readyz", s.answer(s.readyz))
	return r
}

func (s *Server) routes(r *chi.Mux, metrics http.Handler) {
	if metrics != nil {
		r.With(s.authorize).Method(http.MethodGet, "/metrics", metrics)
	}
	r.Get("/api/v1/openapi.json", s.answer(s.openapi))
	r.Route("/api/v1", func(r chi.Router) {
		r.Use(s.authorize)
		r.Get("/lines", s.answer(s.listLines))
		r.Post("/lines", s.answer(s.createLine))
		r.Get("/lines/{line}", s.answer(s.getLine))
		r.Patch("/lines/{line}", s.answer(s.updateLine))
		r.Delete("/lines/{line}", s.answer(s.deleteLine))
		r.Post("/lines/{line}/token", s.answer(s.replaceToken))
		r.Post("/lines/{line}/move", s.answer(s.moveLine))
		r.Post("/lines/{line}/pair", s.answer(s.pair))
		r.Post("/lines/{line}/logout", s.answer(s.command(s.admin.Logout)))
		r.Post("/lines/{line}/reconnect", s.answer(s.command(s.admin.Reconnect)))
		r.Post("/lines/{line}/confirm", s.answer(s.command(s.admin.Confirm)))
		r.Post("/lines/{line}/pause", s.answer(s.command(s.admin.Pause)))
		r.Post("/lines/{line}/resume", s.answer(s.command(s.admin.Resume)))
		r.Get("/lines/{line}/events", s.answer(s.events))
		r.Get("/jobs", s.answer(s.listJobs))
		r.Post("/jobs/replay", s.answer(s.replayAll))
		r.Post("/jobs/{job}/replay", s.answer(s.replay))
	})
}

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, map[string]string{"status": "alive"})
}

// readyTimeout bounds how long a probe waits for the database.
const readyTimeout = 3 * time.Second

func (s *Server) readyz(w http.ResponseWriter, r *http.Request) error {
	_, err, _ := s.ready.Do("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), readyTimeout)
		defer cancel()
		return nil, s.admin.Ready(ctx)
	})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, map[string]string{"status": "ready"})
}

func writeJSON(w http.ResponseWriter, status int, value any) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(encoded, '\n')) // the client may have gone
	return nil
}
