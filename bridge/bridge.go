package bridge

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/media"
	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// Config sets up a Bridge.
type Config struct {
	DB    *database.DB // migrated
	Key   *seal.Key
	Cache idmap.Cache
	Store *whatsapp.Store
	Spool *media.Spool
	Log   *slog.Logger
	Clock func() time.Time
	// PublicURL is where Chatwoot reaches this process.
	PublicURL string
	// Instance names this installation; no other process may have the same.
	Instance string
	// Simulator, if set, stands in for WhatsApp's servers.
	Simulator *whatsapp.Simulator
	Metrics   *Metrics
}

// Bridge runs all lines of a process.
type Bridge struct {
	cfg     Config
	db      *database.DB
	journal *journal.Journal
	ids     *idmap.Map
	lines   *lineStore
	metrics *Metrics
	log     *slog.Logger

	ctx        context.Context
	cancel     context.CancelFunc
	background sync.WaitGroup

	mu      sync.Mutex
	running map[LineID]*runtime
	gates   map[string]*chatwoot.Gate
}

// New makes a Bridge; Start runs it.
func New(cfg Config) *Bridge {
	b := &Bridge{
		cfg: cfg, db: cfg.DB, metrics: cfg.Metrics, log: cfg.Log,
		lines:   &lineStore{db: cfg.DB, key: cfg.Key},
		journal: journal.New(cfg.DB, journal.Options{Clock: cfg.Clock, Instance: cfg.Instance, Log: cfg.Log}),
		ids:     idmap.New(cfg.DB, idmap.Options{Cache: cfg.Cache, Clock: cfg.Clock, NewID: newID}),
		running: map[LineID]*runtime{}, gates: map[string]*chatwoot.Gate{},
	}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	return b
}

// Start connects every line and begins to work.
func (b *Bridge) Start(ctx context.Context) error {
	if err := b.journal.EndLeases(ctx); err != nil {
		return err
	}
	lines, err := b.lines.list(ctx)
	if err != nil {
		return err
	}
	for _, line := range lines {
		if err := b.run(line); err != nil {
			return err
		}
	}
	b.background.Go(func() { _ = b.journal.Run(b.ctx) })
	b.background.Go(b.prune)
	b.startWorkers()
	return nil
}

const (
	// keepDone is how long a finished job is kept for people to look at.
	keepDone   = 15 * 24 * time.Hour
	pruneEvery = time.Hour
)

// prune forgets old finished jobs. The ledger, which keeps effects from being
// repeated, is not touched.
func (b *Bridge) prune() {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		if _, err := b.journal.Prune(b.ctx, b.cfg.Clock().Add(-keepDone)); err != nil && b.ctx.Err() == nil {
			b.log.Warn("old jobs cannot be deleted", "error", err)
		}
		select {
		case <-b.ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Stop ends the intake of WhatsApp, lets workers finish their job, and returns
// when every goroutine of the bridge has ended. Stop the web server first.
func (b *Bridge) Stop() {
	b.mu.Lock()
	running := b.running
	b.running = map[LineID]*runtime{}
	b.mu.Unlock()
	for _, r := range running {
		r.session.Stop()
		r.Backlog(0)
	}
	b.cancel()
	b.background.Wait()
}

// run makes a line's runtime and connects it.
func (b *Bridge) run(line Line) error {
	desk, err := chatwoot.New(chatwoot.Config{BaseURL: line.ChatwootURL, Token: line.token, Account: line.Account, Gate: b.gate(line.ChatwootURL), Log: b.log})
	if err != nil {
		return fmt.Errorf("line %s: %w", line.ID, err)
	}
	r := &runtime{b: b, line: line, desk: desk, log: b.log.With("line", string(line.ID))}
	r.current.Store(&line.Settings)
	r.secret.Store(&line.webhookSecret)
	r.session = whatsapp.NewSession(whatsapp.Config{
		JID: line.JID, Store: b.cfg.Store, Sink: r, Log: r.log, Clock: b.cfg.Clock,
		Simulator: b.cfg.Simulator, SendRate: line.Settings.SendRate, Count: b.metrics.countWhatsApp,
	})
	b.mu.Lock()
	b.running[line.ID] = r
	b.mu.Unlock()
	r.session.Start(b.ctx)
	return nil
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

// isolate runs fn; a panic becomes an error that buries the job.
func (b *Bridge) isolate(fn func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			b.metrics.panics.Inc()
			b.log.Error("panic while handling a job", "panic", fmt.Sprintf("%T", value), "stack", string(debug.Stack()))
			err = &panicked{value}
		}
	}()
	return fn()
}

var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// newID makes an id or a secret of 128 random bits, fit for an address.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return encoding.EncodeToString(b[:])
}

// contactSource derives a contact's source id from its chat.
func contactSource(key, chat string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(chat))
	return encoding.EncodeToString(mac.Sum(nil))
}
