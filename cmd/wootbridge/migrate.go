package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/wootbridge/wootbridge/bridge/config"
	"github.com/wootbridge/wootbridge/bridge/daemon"
)

var migrateCommand = command{
	name:    "migrate",
	summary: "Bring the database up to date, and do nothing else",
	help: `
Usage: wootbridge migrate

"serve" does this at every start. Use this command to do it separately, before new
processes start. It reads the same variables as "serve".
`,
	run: func(ctx context.Context, p *program, args []string) error {
		if err := parseNone(flag.NewFlagSet("migrate", flag.ContinueOnError), args); err != nil {
			return err
		}
		cfg, err := config.Load(p.env)
		if err != nil {
			return err
		}
		if err := daemon.Migrate(ctx, cfg, daemon.NewLog(cfg, p.stderr)); err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, "The database is up to date.")
		return nil
	},
}
