package bridge

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/wootbridge/wootbridge/bridge/admin"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/inbox"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/listen"
	"github.com/wootbridge/wootbridge/bridge/media"
	"github.com/wootbridge/wootbridge/bridge/media/convert"
	"github.com/wootbridge/wootbridge/bridge/outbound"
	"github.com/wootbridge/wootbridge/bridge/reconcile"
	"github.com/wootbridge/wootbridge/bridge/removal"
	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/bridge/supervisor"
	"github.com/wootbridge/wootbridge/bridge/tidings"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/fetch"
	"github.com/wootbridge/wootbridge/internal/guard"
	"github.com/wootbridge/wootbridge/internal/wait"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// Config sets up a Bridge.
type Config struct {
	DB    *database.DB // migrated
	Key   *seal.Key
	Cache idmap.Cache
	Store *whatsapp.Store
	Spool *media.Spool
	// Fetcher fetches agents' files; nil means one that an admin has allowed nothing.
	Fetcher *fetch.Fetcher
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
	// Schedule says when Chatwoot's messages are compared with the ledger.
	Schedule reconcile.Schedule
	// Listening says how long the ways by which Chatwoot tells may take.
	Listening listen.Times
	// Doubt is for how long Chatwoot must have said that a line cannot go on before
	// the line stops, and AskEvery how often it is asked then whether it can; 0 means
	// a minute.
	Doubt, AskEvery time.Duration
	// Simulator, if set, stands in for WhatsApp's servers.
	Simulator *whatsapp.Simulator
	// Versions, if set, is asked for WhatsApp's version at the start.
	Versions *whatsapp.Versions
	Metrics  *Metrics
}

// Bridge runs all lines of a process. What people may do with them is its
// admin.Service.
type Bridge struct {
	*admin.Service
	cfg     Config
	journal *journal.Journal
	ids     *idmap.Map
	lines   *lines.Store
	reach   inbox.Reach
	bots    inbox.Bots
	shared  *reconcile.Shared
	uploads outbound.Uploads
	// channels are the live channels of all lines.
	channels listen.Channels
	pool     *work.Pool
	super    *supervisor.Supervisor
	tidings  *tidings.Tidings
	commands *commands
	remover  *removal.Remover
	log      *slog.Logger

	// ctx ends when the bridge begins to stop.
	ctx        context.Context
	cancel     context.CancelFunc
	background sync.WaitGroup
	stopping   sync.RWMutex // held for writing while ctx is ended; see inBackground

	mu    sync.Mutex
	gates map[string]*chatwoot.Gate
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
	cfg.Doubt = cmp.Or(cfg.Doubt, inbox.DefaultDoubt)
	cfg.Schedule = cfg.Schedule.OrDefaults()
	var sealer idmap.Sealer
	if cfg.Key != nil { // without it there are no lines
		sealer = cfg.Key.For("cache")
	}
	b := &Bridge{
		cfg: cfg, log: cfg.Log, lines: lines.NewStore(cfg.DB, cfg.Key),
		reach:   inbox.Reach{Public: cfg.PublicURL, Local: cfg.LocalURL},
		journal: journal.New(cfg.DB, journal.Options{Clock: cfg.Clock, Instance: cfg.Instance, Log: cfg.Log}),
		ids: idmap.New(cfg.DB, idmap.Options{
			Cache: cfg.Cache, Sealer: sealer, Refused: cfg.Metrics.countRefused, Clock: cfg.Clock, NewID: lines.NewID, Log: cfg.Log,
		}),
		gates:  map[string]*chatwoot.Gate{},
		shared: reconcile.NewShared(cfg.Clock).AtMost(cfg.Schedule.PerSecond),
	}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	b.pool = work.New(work.Config{
		Journal: b.journal, Lines: claimable{b}, Clock: cfg.Clock, Log: cfg.Log, Guard: b.guard(), Count: cfg.Metrics.countJob,
	})
	b.super = supervisor.New(supervisor.Config{
		Store: b.lines, DB: cfg.DB, Clock: cfg.Clock, Log: cfg.Log, Instance: cfg.Instance, Run: lines.NewID(), Crashed: cfg.Crashed,
		OwnerTTL: cfg.OwnerTTL, Stands: b.stands, AskEvery: cfg.AskEvery, New: b.newRunner, Changed: func(id lines.ID) { b.Changed(id) },
	})
	b.tidings = &tidings.Tidings{DB: cfg.DB, Me: b.super.Me(), Log: cfg.Log}
	b.commands = newCommands(b)
	b.remover = removal.New(removal.Config{
		Store: b.lines, DB: cfg.DB, Journal: b.journal, IDs: b.ids, Devices: cfg.Store, Free: b.super.Free,
		Gone: func(id lines.ID) { b.Changed(id) }, Clock: cfg.Clock, Log: cfg.Log,
	})
	b.channels = listen.Channels{Clock: cfg.Clock, Log: cfg.Log, Guard: b.guard(), Background: b.inBackground}
	b.Service = admin.New(admin.Config{
		Store: b.lines, DB: cfg.DB, Journal: b.journal, IDs: b.ids, Lines: administered{b}, Removal: b.remover, Reach: b.reach, Clock: cfg.Clock, Log: cfg.Log,
	})
	return b
}

// Start connects every line and begins to work.
func (b *Bridge) Start(ctx context.Context) error {
	err := database.Patiently(ctx, startPatience, b.log, func(ctx context.Context) error {
		if err := b.journal.EndLeases(ctx, b.cfg.Crashed); err != nil {
			return err
		}
		if err := b.PauseShared(ctx); err != nil {
			return err
		}
		return b.super.Begin(ctx, b.ctx)
	})
	if err != nil {
		return err
	}
	b.cfg.Metrics.watch(b)
	b.super.Start()
	b.background.Go(func() { _ = b.journal.Run(b.ctx) })
	b.background.Go(func() { b.tidings.Run(b.ctx, b.heard) })
	b.background.Go(func() { b.commands.run(b.ctx) })
	b.background.Go(b.prune)
	b.background.Go(b.refreshVersion)
	b.background.Go(func() { b.remover.Run(b.ctx) })
	b.pool.Start(b.ctx)
	return nil
}

const (
	pruneEvery = time.Hour
	// startPatience is how long a start waits for a database that went away in
	// the middle of it.
	startPatience = time.Minute
	// stopGrace is how long jobs under way may take when the bridge stops.
	stopGrace = 10 * time.Second
)

// Stop claims no more, lets the jobs under way finish, disconnects the lines,
// gives them back, and returns when every goroutine of the bridge has ended.
// Stop the web server first.
func (b *Bridge) Stop() {
	b.stopping.Lock()
	b.cancel()
	b.stopping.Unlock()
	b.super.StopSyncing()
	b.pool.Wait(stopGrace)
	b.super.StopLines()
	b.background.Wait()
}

// inBackground runs fn beside everything else; Stop waits for it. Timers, and
// goroutines of the WhatsApp library that nobody waits for, may still ask for it
// while Stop waits: then it is too late, and nothing is run.
func (b *Bridge) inBackground(fn func(ctx context.Context)) {
	b.stopping.RLock()
	defer b.stopping.RUnlock()
	if b.ctx.Err() == nil {
		b.background.Go(func() { fn(b.ctx) })
	}
}

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

// membersKeep is for how long the receipts of all of a group are waited for.
const membersKeep = 30 * 24 * time.Hour

// prune forgets old finished jobs. The ledger, which keeps effects from being
// repeated, is not touched.
func (b *Bridge) prune() {
	for {
		if _, err := b.journal.Prune(b.ctx, b.cfg.Clock().Add(-b.cfg.KeepDone)); err != nil && b.ctx.Err() == nil {
			b.log.Warn("old jobs cannot be deleted", "error", err)
		}
		if err := b.ids.PruneMembers(b.ctx, b.cfg.Clock().Add(-membersKeep)); err != nil && b.ctx.Err() == nil {
			b.log.Warn("old receipts of groups cannot be deleted", "error", err)
		}
		if err := b.lines.ForgetCommands(b.ctx, b.cfg.Clock().Add(-commandsKeep)); err != nil && b.ctx.Err() == nil {
			b.log.Warn("old commands cannot be deleted", "error", err)
		}
		if !wait.Sleep(b.ctx, pruneEvery) {
			return
		}
	}
}

// Webhooks is where Chatwoot posts the events of all lines.
func (b *Bridge) Webhooks() http.Handler {
	router := chi.NewRouter()
	router.Post("/webhooks/{line}/{secret}", func(w http.ResponseWriter, req *http.Request) {
		status := http.StatusNotFound
		if r, ok := b.find(lines.ID(chi.URLParam(req, "line"))); ok {
			status = r.intake.Webhook(w, req, chi.URLParam(req, "secret"))
		}
		b.cfg.Metrics.webhooks.WithLabelValues(strconv.Itoa(status)).Inc()
		w.WriteHeader(status) // the body is not read by anybody
	})
	return router
}

// gate is shared by all lines of one Chatwoot.
func (b *Bridge) gate(url string) *chatwoot.Gate {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gates[url] == nil {
		gate := chatwoot.NewGate(b.cfg.Clock)
		gate.WatchClock(func(ahead time.Duration) { b.clockChanged(url, ahead) })
		b.gates[url] = gate
	}
	return b.gates[url]
}

// clockChanged tells people that this machine's clock is wrong, or right again.
func (b *Bridge) clockChanged(url string, ahead time.Duration) {
	switch {
	case ahead > 0:
		b.log.Warn("this machine's clock is ahead of Chatwoot's; set it right", "chatwoot", url, "by", ahead.Round(time.Second).String())
	case ahead < 0:
		b.log.Warn("this machine's clock is behind Chatwoot's; set it right", "chatwoot", url, "by", (-ahead).Round(time.Second).String())
	default:
		b.log.Info("this machine's clock is right again", "chatwoot", url)
	}
	b.inBackground(func(context.Context) {
		for _, r := range b.all() {
			if r.inbox.URL() == url {
				b.Changed(r.inbox.Line().ID)
			}
		}
	})
}

// guard stops panics below a job or a round of questions.
func (b *Bridge) guard() guard.Guard {
	return guard.Guard{Log: b.log, Count: b.cfg.Metrics.panics.Inc}
}
