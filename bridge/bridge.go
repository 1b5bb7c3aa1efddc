package bridge

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/media"
	"github.com/wootbridge/wootbridge/bridge/media/convert"
	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/guard"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// Config sets up a Bridge.
type Config struct {
	DB    *database.DB // migrated
	Key   *seal.Key
	Cache idmap.Cache
	Store *whatsapp.Store
	Spool *media.Spool
	// Convert makes files ready for WhatsApp; nil means without ffmpeg.
	Convert *convert.Converter
	Log     *slog.Logger
	Clock   func() time.Time
	// PublicURL is where Chatwoot reaches this process; it may be empty for a
	// Chatwoot on this machine, which is given LocalURL.
	PublicURL string
	LocalURL  string
	// Instance names this installation; no other process that runs may have
	// the same. What an earlier process of the same instance left behind is
	// taken over at once.
	Instance string
	// Crashed says that the instance's last process ended by a panic, as
	// opposed to being stopped or killed.
	Crashed bool
	// OwnerTTL is how long a line whose process is gone waits for another one;
	// 0 means 15 seconds.
	OwnerTTL time.Duration
	// KeepDone is how long finished jobs are kept for people to look at; 0
	// means 15 days.
	KeepDone time.Duration
	Passes   PassTimes
	// Simulator, if set, stands in for WhatsApp's servers.
	Simulator *whatsapp.Simulator
	// Versions, if set, is asked for WhatsApp's version at the start.
	Versions *whatsapp.Versions
	Metrics  *Metrics
}

// Bridge runs all lines of a process.
type Bridge struct {
	cfg     Config
	db      *database.DB
	journal *journal.Journal
	ids     *idmap.Map
	lines   *lines.Store
	owner   *ownership
	metrics *Metrics
	log     *slog.Logger

	pool *work.Pool
	// ctx ends when the bridge begins to stop.
	ctx        context.Context
	cancel     context.CancelFunc
	background sync.WaitGroup
	stopping   sync.RWMutex // held for writing while ctx is ended; see inBackground
	tending    sync.WaitGroup
	looks      chan look
	expiry     *time.Timer // fires when the lease on the lines is about to end

	bots noteBots

	mu       sync.Mutex
	running  map[LineID]*runtime
	ending   map[LineID]chan struct{} // closed when the old session has ended
	gates    map[string]*chatwoot.Gate
	watchers map[LineID]map[chan struct{}]bool
}

const defaultKeepDone = 15 * 24 * time.Hour

// New makes a Bridge; Start runs it.
func New(cfg Config) *Bridge {
	if cfg.Convert == nil {
		cfg.Convert = convert.New(convert.Options{Spool: cfg.Spool, Log: cfg.Log})
	}
	if cfg.KeepDone == 0 {
		cfg.KeepDone = defaultKeepDone
	}
	if cfg.OwnerTTL == 0 {
		cfg.OwnerTTL = defaultOwnerTTL
	}
	cfg.Passes = cfg.Passes.orDefaults()
	b := &Bridge{
		cfg: cfg, db: cfg.DB, metrics: cfg.Metrics, log: cfg.Log,
		lines:   lines.NewStore(cfg.DB, cfg.Key),
		owner:   &ownership{db: cfg.DB, clock: cfg.Clock, ttl: cfg.OwnerTTL, instance: cfg.Instance, me: cfg.Instance + "/" + lines.NewID()},
		journal: journal.New(cfg.DB, journal.Options{Clock: cfg.Clock, Instance: cfg.Instance, Log: cfg.Log}),
		ids:     idmap.New(cfg.DB, idmap.Options{Cache: cfg.Cache, Clock: cfg.Clock, NewID: lines.NewID}),
		looks:   make(chan look, 1), running: map[LineID]*runtime{}, ending: map[LineID]chan struct{}{},
		gates: map[string]*chatwoot.Gate{}, watchers: map[LineID]map[chan struct{}]bool{},
	}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	b.pool = work.New(work.Config{
		Journal: b.journal, Lines: b, Clock: cfg.Clock, Log: cfg.Log, Guard: b.guard(),
		Count: func(queue, outcome string) { b.metrics.effects.WithLabelValues(queue, outcome).Inc() },
	})
	b.expiry = time.AfterFunc(cfg.OwnerTTL, b.expired)
	return b
}

// Start connects every line and begins to work.
func (b *Bridge) Start(ctx context.Context) error {
	err := database.Patiently(ctx, startPatience, b.log, func(ctx context.Context) error {
		if err := b.journal.EndLeases(ctx); err != nil {
			return err
		}
		return b.lookAfterLines(ctx)
	})
	if err != nil {
		return err
	}
	b.metrics.watch(b)
	b.tending.Go(b.tend)
	b.background.Go(func() { _ = b.journal.Run(b.ctx) })
	b.background.Go(b.prune)
	b.background.Go(b.refreshVersion)
	b.pool.Start(b.ctx)
	return nil
}

const (
	pruneEvery = time.Hour
	// startPatience is how long a start waits for a database that went away in
	// the middle of it.
	startPatience = time.Minute
)

// refreshVersion asks WhatsApp for its version; without an answer the last one
// known is used.
func (b *Bridge) refreshVersion() {
	if b.cfg.Versions == nil {
		return
	}
	if err := b.cfg.Versions.Refresh(b.ctx); err != nil && b.ctx.Err() == nil {
		b.log.Info("WhatsApp's version is not known; the last one known is used", "version", b.cfg.Versions.String(), "error", err)
	}
}

// prune forgets old finished jobs. The ledger, which keeps effects from being
// repeated, is not touched.
func (b *Bridge) prune() {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		if _, err := b.journal.Prune(b.ctx, b.cfg.Clock().Add(-b.cfg.KeepDone)); err != nil && b.ctx.Err() == nil {
			b.log.Warn("old jobs cannot be deleted", "error", err)
		}
		select {
		case <-b.ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// stopGrace is how long jobs under way may take when the bridge stops. What
// takes longer is handed back as not finished, and looked at before a repeat.
const stopGrace = 10 * time.Second

// Stop claims no more, lets the jobs under way finish, disconnects the lines,
// gives them back, and returns when every goroutine of the bridge has ended.
// Stop the web server first.
func (b *Bridge) Stop() {
	b.stopping.Lock()
	b.cancel()
	b.stopping.Unlock()
	b.expiry.Stop()
	b.tending.Wait()
	b.pool.Wait(stopGrace)
	for _, r := range b.runtimes() {
		b.replace(r, nil)
	}
	b.background.Wait()
}

// inBackground runs fn beside everything else; Stop waits for it. Timers, and
// goroutines of the WhatsApp library that nobody waits for, may still ask for it
// while Stop waits: then it is too late, and nothing is run.
func (b *Bridge) inBackground(fn func()) {
	b.stopping.RLock()
	defer b.stopping.RUnlock()
	if b.ctx.Err() == nil {
		b.background.Go(fn)
	}
}

func (b *Bridge) line(id string) (*runtime, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, ok := b.running[LineID(id)]
	return r, ok
}

// gate is shared by all lines of one Chatwoot.
func (b *Bridge) gate(url string) *chatwoot.Gate {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gates[url] == nil {
		b.gates[url] = chatwoot.NewGate(b.cfg.Clock)
	}
	return b.gates[url]
}

// guard stops panics below a job or a round of questions.
func (b *Bridge) guard() guard.Guard { return guard.Guard{Log: b.log, Count: b.metrics.panics.Inc} }

// Line implements work.Lines.
func (b *Bridge) Line(id string) (work.Line, bool) {
	r, ok := b.line(id)
	return r, ok
}

// All implements work.Lines.
func (b *Bridge) All() []work.Line {
	var all []work.Line
	for _, r := range b.runtimes() {
		all = append(all, r)
	}
	return all
}
