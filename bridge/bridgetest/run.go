package bridgetest

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/atrest"
	"github.com/wootbridge/wootbridge/bridge/daemon"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/media"
	"github.com/wootbridge/wootbridge/bridge/media/convert"
	"github.com/wootbridge/wootbridge/bridge/reconcile"
	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// Start runs a bridge on the Stack's data, as a new process would; Stop or Close
// ends it. ctx is for the start only.
func (s *Stack) Start(ctx context.Context) error {
	if s.options.Program != nil {
		return s.startProgram(ctx)
	}
	b, err := s.NewBridge(ctx, s.Configure)
	if err != nil {
		return err
	}
	s.Bridge = b
	if err := b.Start(ctx); err != nil {
		return fmt.Errorf("start the bridge: %w", err)
	}
	handler := b.Webhooks()
	s.Webhooks.Store(&handler)
	return nil
}

// Stop ends the bridge; its data stay. Chatwoot finds nobody from now on.
func (s *Stack) Stop() error {
	s.Webhooks.Store(nil)
	b, process := s.Bridge, s.Process
	s.Bridge, s.Process = nil, nil
	switch {
	case process != nil:
		if err := process.Stop(); err != nil {
			return fmt.Errorf("stop the bridge: %w", err)
		}
	case b != nil:
		b.Stop()
	}
	return nil
}

// swift is a pace of comparisons at which no test waits for them.
const swift = 1000

// NewBridge makes a bridge on the Stack's data, which its owner starts and
// stops. change, if it is set, changes its configuration.
func (s *Stack) NewBridge(ctx context.Context, change func(*bridge.Config)) (*bridge.Bridge, error) {
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	key, err := seal.NewKey(bytes.Repeat([]byte{7}, seal.KeySize))
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	folder, err := os.MkdirTemp(s.dir, "spool-") // bridges may run beside each other
	if err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	spool, err := media.NewSpool(folder, media.Limits{})
	if err != nil {
		return nil, err
	}
	log := s.options.Log
	cfg := bridge.Config{
		DB: s.DB, Key: key, Cache: s.options.Cache, Spool: spool, Log: log, Clock: s.Clock.Now, PublicURL: s.Front.URL, Instance: "test",
		Convert:   convert.New(convert.Options{Spool: spool, FFmpeg: s.options.FFmpeg, Log: log}),
		Metrics:   bridge.NewMetrics(prometheus.NewRegistry()),
		Doubt:     time.Nanosecond,
		Schedule:  reconcile.Schedule{PerSecond: swift},
		Simulator: &whatsapp.Simulator{Addr: s.WhatsApp.Addr(), RootKey: s.WhatsApp.RootKey()},
	}
	if cfg.Cache == nil {
		cfg.Cache = idmap.NewMemory(1000, s.Clock.Now)
	}
	if change != nil {
		change(&cfg)
	}
	if cfg.Store == nil {
		cfg.Store, err = atrest.OpenDevices(ctx, atrest.Config{DB: cfg.DB, Key: cfg.Key, Instance: cfg.Instance, Clock: cfg.Clock, Log: cfg.Log})
		if err != nil {
			return nil, fmt.Errorf("open the store of WhatsApp's library: %w", err)
		}
	}
	return bridge.New(cfg), nil
}

// startProgram runs the program, the second time at the address of the first:
// Chatwoot knows it.
func (s *Stack) startProgram(ctx context.Context) error {
	options := *s.options.Program
	root := s.WhatsApp.RootKey()
	options.Config.Simulator, options.Config.SimulatorRootKey = s.WhatsApp.Addr(), hex.EncodeToString(root[:])
	process, err := daemon.Start(ctx, options)
	if err != nil {
		return fmt.Errorf("start the bridge: %w", err)
	}
	s.Process, s.Bridge = process, process.Bridge()
	s.options.Program.Config.Listen = strings.TrimPrefix(process.URL(), "http://")
	return nil
}
