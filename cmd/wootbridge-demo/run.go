package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
)

const usage = `usage: wootbridge-demo [--serve]    show a conversation across the bridge; with --serve, stay
       wootbridge-demo sim          serve the simulators and print their addresses as JSON
`

// run returns the exit code: 1 for a failure, 2 for a wrong command line.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("wootbridge-demo", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	serve := flags.Bool("serve", false, "")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return 0
	case err == nil && flags.NArg() == 0:
		err = show(ctx, stdout, *serve)
	case err == nil && flags.NArg() == 1 && flags.Arg(0) == "sim" && !*serve:
		err = sim(ctx, stdout)
	default:
		fmt.Fprint(stderr, usage)
		return 2
	}
	if err != nil {
		fmt.Fprintln(stderr, "wootbridge-demo:", err)
		return 1
	}
	return 0
}
