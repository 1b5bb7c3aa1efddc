package daemon

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wootbridge/wootbridge/bridge"
)

// welcome says that the bridge runs, and where to go next.
func (p *Process) welcome(ctx context.Context) {
	cfg := p.opts.Config
	lines, err := p.bridge.Lines(ctx)
	lines = slices.DeleteFunc(lines, func(l bridge.LineStatus) bool { return l.State.Code == bridge.StateDeleting })
	p.log.Info("the bridge runs", "version", p.opts.Version, "address", p.ports.public.Addr().String(), "admin", strings.TrimPrefix(p.AdminURL(), "http://"), "lines", len(lines))
	if err != nil {
		p.log.Warn("the lines cannot be listed", "error", err)
		return
	}
	p.log.Debug("configuration", "config", cfg)
	first := len(lines) == 0 && cfg.HasFirstLine()
	if first {
		p.serving.Go(p.firstLine)
	}
	what, arguments := p.next(lines, first)
	if p.opts.Out == nil {
		if cfg.AdminToken == "" {
			p.log.Info("the admin token is in a file", "file", absolute(TokenPath(cfg.DataDir)))
		}
		p.log.Info(what, "command", p.opts.Command+" "+arguments)
		return
	}
	_, _ = fmt.Fprint(p.opts.Out, p.greeting(what, p.command(arguments))) // nobody may be reading
}

// greeting is what a person reads at the start.
func (p *Process) greeting(what, command string) string {
	cfg := p.opts.Config
	var b strings.Builder
	fmt.Fprintf(&b, "\nWootbridge %s runs at %s\n", p.opts.Version, p.URL())
	if admin := p.AdminURL(); admin != p.URL() {
		fmt.Fprintf(&b, "  admin API, metrics:   %s\n", admin)
	}
	if cfg.Embedded() {
		fmt.Fprintf(&b, "  data (back it up):    %s\n", absolute(cfg.DataDir))
	}
	if cfg.AdminToken == "" {
		fmt.Fprintf(&b, "  admin token in file:  %s\n", absolute(TokenPath(cfg.DataDir)))
	}
	if cfg.Simulator != "" {
		fmt.Fprintf(&b, "  SIMULATOR MODE: no real message comes or goes\n")
	}
	fmt.Fprintf(&b, "\n%s\n  %s\n\n", what, command)
	return b.String()
}

// next is what a person does now: a sentence, and a command of this program.
func (p *Process) next(lines []bridge.LineStatus, first bool) (what, arguments string) {
	unpaired := 0
	for _, line := range lines {
		if line.State.JID == "" && line.State.Code != bridge.StatePaused {
			unpaired++
		}
	}
	switch {
	case first:
		return "The first line is being made in Chatwoot. Then link your phone, in another terminal:", "pair"
	case len(lines) == 0:
		return "There is no line yet. Tie a WhatsApp number to your Chatwoot, in another terminal:",
			`lines create --name "Support" --chatwoot-url https://chat.example.com --account 1`
	case unpaired > 0:
		return count(unpaired, "line waits", "lines wait") + " for a phone. Link it, in another terminal:", "pair"
	}
	return count(len(lines), "line is", "lines are") + " set up. See how things stand, in another terminal:", "lines"
}

// command is a command as it must be typed to reach this server.
func (p *Process) command(arguments string) string {
	cfg := p.opts.Config
	var b strings.Builder
	if cfg.AdminToken == "" && cfg.DataDir != defaultDataDir {
		fmt.Fprintf(&b, "WOOTBRIDGE_DATA_DIR=%s ", absolute(cfg.DataDir))
	}
	if url := p.AdminURL(); url != defaultURL {
		fmt.Fprintf(&b, "WOOTBRIDGE_URL=%s ", url)
	}
	return b.String() + p.opts.Command + " " + arguments
}

// The defaults of a client.
const (
	defaultDataDir = "./data"
	defaultURL     = "http://127.0.0.1:8081"
)

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}
