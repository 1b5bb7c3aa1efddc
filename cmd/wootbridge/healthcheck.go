package main

import (
	"context"
	"flag"
	"fmt"
	"time"
)

// healthTimeout is shorter than the time that container engines allow.
const healthTimeout = 4 * time.Second

var healthcheckCommand = command{
	name:    "healthcheck",
	summary: "Ask the running bridge whether it is well",
	help: `
Usage: wootbridge healthcheck

Exits with 0 if the bridge answers and can take messages in, with 1 otherwise. It
is there for container images, which have no other tool to ask with. It reads
WOOTBRIDGE_URL, or WOOTBRIDGE_LISTEN for the port on this machine, which is the
one that Chatwoot reaches.
`,
	run: func(ctx context.Context, p *program, args []string) error {
		if err := parseNone(flag.NewFlagSet("healthcheck", flag.ContinueOnError), args); err != nil {
			return err
		}
		client, err := p.anonymous()
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, healthTimeout)
		defer cancel()
		if err := client.Ready(ctx); err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, "The bridge is well.")
		return nil
	},
}
