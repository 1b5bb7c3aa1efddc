// Command wootbridge-demo shows the bridge at work without a phone and without
// a Chatwoot: both are simulated, everything between them is real.
//
//	wootbridge-demo sim    serve the simulators for a bridge in another process
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run returns the exit code: 1 for a failure, 2 for a wrong command line.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) != 1 || args[0] != "sim" {
		fmt.Fprintln(stderr, "usage: wootbridge-demo sim")
		return 2
	}
	if err := sim(ctx, stdout); err != nil {
		fmt.Fprintln(stderr, "wootbridge-demo:", err)
		return 1
	}
	return 0
}
