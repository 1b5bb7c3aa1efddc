package main

import (
	"context"
	"flag"
	"log/slog"
	"maps"
	"slices"

	"github.com/wootbridge/wootbridge/bridge/config"
	"github.com/wootbridge/wootbridge/bridge/daemon"
)

var serveCommand = command{
	name:    "serve",
	summary: "Run the bridge",
	help: `
Usage: wootbridge serve

Runs until you stop it (Ctrl-C, SIGTERM); it finishes the work under way first. A
second signal stops it at once. If a setting cannot work, or another process uses
the data folder, it exits at the start with code 78.

Environment variables configure it. Without any it keeps everything in ./data,
listens on port 8080 for Chatwoot, and at 127.0.0.1:8081 for commands. The most
useful ones:

  WOOTBRIDGE_PUBLIC_URL      where Chatwoot reaches the bridge; not needed
  WOOTBRIDGE_DATA_DIR        where data is kept
  WOOTBRIDGE_DATABASE_URL    a Postgres, in place of a file
  WOOTBRIDGE_REDIS_URL       a Redis, beside Postgres
  WOOTBRIDGE_ENCRYPTION_KEY  needed with Postgres

All are listed in docs/configuration.md.
`,
	run: func(ctx context.Context, p *program, args []string) error {
		if err := parseNone(flag.NewFlagSet("serve", flag.ContinueOnError), args); err != nil {
			return err
		}
		cfg, err := config.Load(p.env)
		if err != nil {
			return err
		}
		log := daemon.NewLog(cfg, p.stderr)
		slog.SetDefault(log) // what libraries say by themselves is a part of it
		warnUnknown(log, p.env)
		opts := daemon.Options{Config: cfg, Log: log, Out: p.stdout, Command: p.name, Version: version(), RecordCrashes: true}
		if cfg.LogFormat == "json" {
			opts.Out = nil // a machine reads along
		}
		process, err := daemon.Start(ctx, opts)
		if err != nil {
			return err
		}
		return process.Wait(ctx)
	},
}

// warnUnknown tells of variables that look like ours and mean nothing.
func warnUnknown(log *slog.Logger, env []string) {
	unknown := config.Unknown(env)
	for _, name := range slices.Sorted(maps.Keys(unknown)) {
		if nearest := unknown[name]; nearest != "" {
			log.Warn("this variable means nothing; a typing mistake?", "variable", name, "nearest", nearest)
			continue
		}
		log.Warn("this variable means nothing", "variable", name)
	}
}
