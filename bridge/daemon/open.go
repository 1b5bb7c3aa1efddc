package daemon

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/wootbridge/wootbridge/bridge/atrest"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/media/convert"
	"github.com/wootbridge/wootbridge/internal/fetch"
	"github.com/wootbridge/wootbridge/whatsapp"
)

const (
	databaseWait = time.Minute
	// cacheEntries bounds the memory cache that replaces Redis; it needs some MB.
	cacheEntries = 50_000
	redisPrefix  = "wootbridge/"
	// spoolMost is how much there may be of files that pass through: two of the largest
	// that WhatsApp takes, each beside its encrypted form.
	spoolMost = 8 << 30
)

// home is what the data folder holds.
type home struct {
	token    string
	keys     keyring // present is the database's, once that is open
	instance string
	crashed  bool
}

func (p *Process) openHome() (h home, err error) {
	cfg := p.opts.Config
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return h, &SetupError{fmt.Errorf("WOOTBRIDGE_DATA_DIR: %w", err)}
	}
	unlock, err := lock(cfg.DataDir)
	if err != nil {
		return h, err
	}
	p.onClose(unlock)
	closeToOthers(cfg.DataDir, ownedByUs, p.log)
	if h.keys, err = readKeys(cfg); err != nil {
		return h, &SetupError{err}
	}
	if h.token, err = adminToken(cfg); err != nil {
		return h, err
	}
	if h.instance, err = instanceName(cfg.DataDir); err != nil {
		return h, err
	}
	if !p.opts.RecordCrashes {
		return h, nil
	}
	memory, short, err := newMemory(cfg.DataDir, p.log)
	if err != nil {
		return h, err
	}
	p.onClose(inBackground(func(ctx context.Context) {
		tick := time.NewTicker(memoryEvery)
		defer tick.Stop()
		memory.watch(ctx, tick.C)
	}))
	limitMemory(p.log)
	crashed, err := recordCrashes(cfg.DataDir, p.log)
	h.crashed = crashed || short
	return h, err
}

// simulator puts a simulator in WhatsApp's place, if one is set.
func (p *Process) simulator() (*whatsapp.Simulator, error) {
	cfg := p.opts.Config
	if cfg.Simulator == "" {
		return nil, nil
	}
	s := &whatsapp.Simulator{Addr: cfg.Simulator}
	if _, err := hex.Decode(s.RootKey[:], []byte(cfg.SimulatorRootKey)); err != nil {
		return nil, &SetupError{fmt.Errorf("WOOTBRIDGE_SIMULATOR_ROOT_KEY: %w", err)}
	}
	p.log.Warn("SIMULATOR MODE: this process talks to a simulator, not to WhatsApp; no real message comes or goes", "simulator", cfg.Simulator)
	return s, s.Use()
}

// atRest is what seals the database, and for whom.
func (p *Process) atRest(h home) atrest.Config {
	return atrest.Config{DB: p.db, Key: h.keys.present, Instance: h.instance, Clock: time.Now, Log: p.log}
}

// openDatabase opens the database with one of the home's keys, and brings it up to date.
func (p *Process) openDatabase(ctx context.Context, h *home) (err error) {
	cfg := p.opts.Config
	p.db, err = database.Open(ctx, database.Config{
		URL: cfg.DatabaseURL.Reveal(), DirectURL: cfg.DatabaseDirectURL.Reveal(), DataDir: cfg.DataDir, Wait: databaseWait, Log: p.log,
	})
	if database.IsAddressError(err) {
		return &SetupError{err}
	}
	if err != nil {
		return err
	}
	p.onClose(func() { _ = p.db.Close() })
	// One process at a time: several may start at once on an empty database.
	err = p.patiently(ctx, func(ctx context.Context) error {
		return p.db.Exclusively(ctx, func(ctx context.Context) error {
			if err := p.db.Migrate(ctx); err != nil {
				return err
			}
			key, err := atrest.Choose(ctx, p.db, h.keys.all()...)
			if err != nil {
				return err
			}
			if err := h.keys.settle(key, p.log); err != nil {
				return err
			}
			p.store, err = atrest.OpenDevices(ctx, p.atRest(*h))
			return err
		})
	})
	var wrong *atrest.WrongKeyError
	if errors.As(err, &wrong) {
		return &SetupError{fmt.Errorf("%w%s", wrong, h.keys.hint(wrong.Want))}
	}
	if err == nil {
		atrest.Clean(ctx, p.atRest(*h), p.store, false)
	}
	return err
}

// patiently is for every step of the start that needs the database, which may restart
// at any moment of it.
func (p *Process) patiently(ctx context.Context, do func(ctx context.Context) error) error {
	return database.Patiently(ctx, databaseWait, p.log, do)
}

func (p *Process) openCache() (idmap.Cache, error) {
	cfg := p.opts.Config
	if cfg.RedisURL == "" {
		return idmap.NewMemory(cacheEntries, time.Now), nil
	}
	cache, err := idmap.NewRedis(cfg.RedisURL.Reveal(), redisPrefix)
	if err != nil {
		return nil, &SetupError{err}
	}
	p.onClose(func() { _ = cache.Close() })
	return cache, nil
}

// fetcher fetches agents' files.
func (p *Process) fetcher() (*fetch.Fetcher, error) {
	allow, err := fetch.ParseAllow(p.opts.Config.FetchAllow)
	if err != nil {
		return nil, &SetupError{fmt.Errorf("WOOTBRIDGE_FETCH_ALLOW: %w", err)}
	}
	return fetch.New(fetch.Options{Allow: allow}), nil
}

// ffmpeg is the program that converts files, if this machine has it.
func (p *Process) ffmpeg() string {
	path := convert.FindFFmpeg()
	if path == "" {
		p.log.Info("ffmpeg is not installed: agents' recordings reach customers as audio files instead of voice notes, and films other than MP4 as documents")
	}
	return path
}
