package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/config"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/media"
	"github.com/wootbridge/wootbridge/bridge/media/convert"
	"github.com/wootbridge/wootbridge/bridge/web"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// Options set up a Process.
type Options struct {
	Config config.Config
	Log    *slog.Logger
	// Out receives the greeting that a person reads at the start; nil = no greeting.
	Out io.Writer
	// Command is how a person calls this program; Version is its own.
	Command, Version string
	// RecordCrashes limits the memory of this process, and records in the data folder that
	// it ended by a fault of its own: a fatal panic, or want of memory. It affects the whole
	// process, so only the main function sets it.
	RecordCrashes bool
	// Grace is how long Stop may take; 0 means 25 s.
	Grace time.Duration
}

// Process is a bridge that runs.
type Process struct {
	opts    Options
	log     *slog.Logger
	token   string
	db      *database.DB
	store   *whatsapp.Store
	bridge  *bridge.Bridge
	server  *web.Server
	web     []*http.Server
	ports   ports
	serving sync.WaitGroup
	failed  chan error // of a web server; it has room for each
	// ctx ends the goroutines beside the web server.
	ctx    context.Context
	cancel context.CancelFunc
	// closers close what Start opened; the last one runs first.
	closers []func()
}

const defaultGrace = 25 * time.Second

// Start assembles a bridge and runs it until Stop. ctx is for the start only. If
// what an admin has set up cannot work, the error is a *LockedError or a
// *SetupError.
func Start(ctx context.Context, opts Options) (*Process, error) {
	if opts.Grace == 0 {
		opts.Grace = defaultGrace
	}
	p := &Process{opts: opts, log: opts.Log, failed: make(chan error, 3)}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	if err := p.start(ctx); err != nil {
		p.cancel()
		p.close()
		return nil, err
	}
	return p, nil
}

// SetupError says that what an admin has set up cannot work.
type SetupError struct{ Err error }

// Error implements error.
func (e *SetupError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *SetupError) Unwrap() error { return e.Err }

func (p *Process) start(ctx context.Context) error {
	cfg := p.opts.Config
	home, err := p.openHome()
	if err != nil {
		return err
	}
	p.token = home.token
	simulator, err := p.simulator()
	if err != nil {
		return err
	}
	if err := p.openPorts(); err != nil {
		return err
	}
	if err := p.openDatabase(ctx, &home); err != nil {
		return err
	}
	if home.keys.waits() {
		p.log.Warn("a new encryption key is set and not in use: \"migrate --new-key\" encrypts everything with it", "variable", config.Prefix+"NEW_ENCRYPTION_KEY")
	}
	if err := p.openAdminPort(ctx); err != nil {
		return err
	}
	p.warnOfWeak()
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	setup := bridge.Config{
		DB: p.db, Store: p.store, Key: home.keys.present, Log: p.log, Clock: time.Now, Instance: home.instance, Crashed: home.crashed,
		KeepDone: cfg.KeepDone, PublicURL: cfg.PublicURL, LocalURL: p.URL(), Simulator: simulator, Metrics: bridge.NewMetrics(registry),
	}
	if setup.Cache, err = p.openCache(); err != nil {
		return err
	}
	if setup.Spool, err = media.NewSpool(filepath.Join(cfg.DataDir, spoolFolder), media.Limits{Most: spoolMost, Floor: media.DiskFloor(cfg.DataDir)}); err != nil {
		return err
	}
	setup.Convert = convert.New(convert.Options{Spool: setup.Spool, FFmpeg: p.ffmpeg(), Log: p.log})
	if setup.Fetcher, err = p.fetcher(); err != nil {
		return err
	}
	setup.Versions = whatsapp.OpenVersions(ctx, simulator, versionFile(filepath.Join(cfg.DataDir, versionName)), p.log)
	p.bridge = bridge.New(setup)
	if err := p.bridge.Start(ctx); err != nil {
		ctx, cancel := context.WithTimeout(context.Background(), p.opts.Grace)
		defer cancel()
		return fmt.Errorf("start the lines: %w", errors.Join(err, p.stopBridge(ctx)))
	}
	p.serve(registry)
	p.recordURL()
	p.welcome(ctx)
	return nil
}

// serve begins to answer requests. Until then connections wait in the listener's
// queue: a webhook that arrives too early is answered late instead of with an
// error, which would mark the agent's message as failed.
func (p *Process) serve(registry *prometheus.Registry) {
	setup := web.Config{Admin: p.bridge, Webhooks: p.bridge.Webhooks(), Token: p.token, Log: p.log, Registry: registry}
	metrics := promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
	if p.ports.metrics == nil {
		setup.Metrics = metrics
	} else {
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", metrics)
		p.run(p.ports.metrics, mux)
	}
	p.server = web.New(setup)
	if p.ports.admin == nil {
		p.run(p.ports.public, p.server)
		return
	}
	p.run(p.ports.public, p.server.Public())
	p.run(p.ports.admin, p.server.Private())
}

func (p *Process) run(listener net.Listener, handler http.Handler) {
	web := web.HTTP(handler, p.log)
	p.web = append(p.web, web)
	p.serving.Go(func() {
		if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			p.failed <- fmt.Errorf("serve web requests: %w", err)
		}
	})
}

// Token is the admin token.
func (p *Process) Token() string { return p.token }

// inBackground begins do, and gives what ends it and waits for it.
func inBackground(do func(ctx context.Context)) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { do(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}

func (p *Process) onClose(undo func()) { p.closers = append(p.closers, undo) }

func (p *Process) close() {
	for i := len(p.closers) - 1; i >= 0; i-- {
		p.closers[i]()
	}
	p.closers = nil
}

// Bridge is what runs.
func (p *Process) Bridge() *bridge.Bridge { return p.bridge }
