package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/config"
	"github.com/wootbridge/wootbridge/bridge/daemon"
)

// office is the bridge of the demo: the same process as wootbridge serve runs,
// with its data in a folder of its own.
type office struct {
	config  config.Config
	log     *os.File
	process *daemon.Process
	admin   *api.Client
	line    string // id
}

const lineName = "Corner Bakery"

// openOffice starts a bridge with one line. What it returns has to be closed
// even with an error, unless it is nil.
func openOffice(ctx context.Context, dir string, at addresses) (*office, error) {
	log, err := os.Create(filepath.Join(dir, "bridge.log"))
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	o := &office{log: log, config: config.Config{
		Listen: "127.0.0.1:0", DataDir: filepath.Join(dir, "data"), KeepDone: 24 * time.Hour,
		Simulator: at.Simulator, SimulatorRootKey: at.SimulatorRootKey,
	}}
	if err := o.start(ctx); err != nil {
		return o, err
	}
	line, err := o.admin.CreateLine(ctx, api.NewLine{
		Name: lineName, ChatwootURL: at.ChatwootURL, ChatwootToken: at.ChatwootToken, AccountID: int64(at.ChatwootAccountID),
	})
	if err != nil {
		return o, fmt.Errorf("make the line: %w", err)
	}
	o.line = line.ID
	return o, nil
}

// start runs the bridge, the second time at the address of the first: Chatwoot
// knows it.
func (o *office) start(ctx context.Context) error {
	process, err := daemon.Start(ctx, daemon.Options{
		Config: o.config, Log: slog.New(slog.NewTextHandler(o.log, nil)), Command: "wootbridge", Version: "demo",
	})
	if err != nil {
		return fmt.Errorf("start the bridge: %w", err)
	}
	o.process = process
	o.config.Listen = process.URL()[len("http://"):]
	o.admin = api.NewClient(process.URL(), process.Token())
	return nil
}

func (o *office) close() error { return errors.Join(o.stop(), o.log.Close()) }

func (o *office) stop() error {
	if o.process == nil {
		return nil
	}
	process := o.process
	o.process = nil
	o.admin.CloseIdle()
	if err := process.Stop(); err != nil {
		return fmt.Errorf("stop the bridge: %w", err)
	}
	return nil
}

// await asks for the line until it is as wanted.
func (o *office) await(ctx context.Context, what string, wanted func(api.Line) bool) (api.Line, error) {
	const again = 20 * time.Millisecond
	for {
		line, err := o.admin.Line(ctx, o.line)
		if err != nil {
			return line, fmt.Errorf("wait for %s: %w", what, err)
		}
		if wanted(line) {
			return line, nil
		}
		select {
		case <-ctx.Done():
			return line, fmt.Errorf("wait for %s: the line is %s (%s): %w", what, line.State, line.Sentence, ctx.Err())
		case <-time.After(again):
		}
	}
}

func (o *office) connected(ctx context.Context) error {
	_, err := o.await(ctx, "the connection", func(l api.Line) bool { return l.State == "connected" })
	return err
}

// pair shows a code and lets a phone scan it.
func (o *office) pair(ctx context.Context, scan func(code string) error) error {
	if err := o.admin.Pair(ctx, o.line, api.Pair{Method: api.PairQR}); err != nil {
		return fmt.Errorf("ask for a code: %w", err)
	}
	line, err := o.await(ctx, "a QR code", func(l api.Line) bool { return l.QR != "" })
	if err != nil {
		return err
	}
	if err := scan(line.QR); err != nil {
		return fmt.Errorf("scan the code: %w", err)
	}
	return o.connected(ctx)
}
