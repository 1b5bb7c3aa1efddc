package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/config"
	"github.com/wootbridge/wootbridge/bridge/daemon"
)

// Exit codes. None is 2: that is how Go's runtime ends a program after a panic,
// and a service manager that takes a crash for a setting never starts it again.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 64 // EX_USAGE: a command was called wrongly
	exitConfig  = 78 // EX_CONFIG: what is set up cannot work, starting again does not help
)

// program is one run of the command.
type program struct {
	name           string // as it was called
	env            []string
	stdin          io.Reader
	stdout, stderr io.Writer
}

// command is a subcommand.
type command struct {
	name, summary string
	// help is shown by --help, after the summary.
	help string
	run  func(ctx context.Context, p *program, args []string) error
}

var commands = []command{serveCommand, pairCommand, linesCommand, jobsCommand, migrateCommand, healthcheckCommand, versionCommand}

// run executes a command line and returns the exit code.
func run(ctx context.Context, args, env []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &program{name: args[0], env: env, stdin: stdin, stdout: stdout, stderr: stderr}
	name, rest := "help", []string{}
	if len(args) > 1 {
		name, rest = args[1], args[2:]
	}
	if slices.Contains([]string{"help", "-h", "-help", "--help"}, name) {
		return p.help(rest)
	}
	i := slices.IndexFunc(commands, func(c command) bool { return c.name == name })
	if i < 0 {
		fmt.Fprintf(stderr, "There is no command %q.\n\n%s", name, p.overview())
		return exitUsage
	}
	return p.exit(commands[i], commands[i].run(ctx, p, rest))
}

// usageError says that a command was called wrongly.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// exit reports an error and gives the exit code for it.
func (p *program) exit(c command, err error) int {
	var usage *usageError
	var faults config.Faults
	var locked *daemon.LockedError
	var setup *daemon.SetupError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(p.stdout, p.usage(c))
		return exitOK
	case errors.As(err, &usage):
		fmt.Fprintf(p.stderr, "%s\n\nSee: %s help %s\n", sentence(usage.message), p.name, c.name)
		return exitUsage
	case errors.As(err, &faults):
		fmt.Fprintf(p.stderr, "The configuration is not right:\n")
		for _, fault := range faults {
			fmt.Fprintf(p.stderr, "  %s\n", fault.Error())
		}
		return exitConfig
	case errors.As(err, &locked), errors.As(err, &setup):
		fmt.Fprintln(p.stderr, sentence(err.Error()))
		return exitConfig
	case errors.Is(err, context.Canceled):
		return exitFailure // the person who pressed Ctrl-C knows
	}
	fmt.Fprintln(p.stderr, sentence(err.Error()))
	return exitFailure
}

// sentence makes an error's text one for people.
func sentence(text string) string {
	text = strings.ToUpper(text[:min(1, len(text))]) + text[min(1, len(text)):]
	if !strings.HasSuffix(text, ".") && !strings.Contains(text, "\n") {
		text += "."
	}
	return text
}

func (p *program) help(args []string) int {
	if len(args) == 0 {
		fmt.Fprint(p.stdout, p.overview())
		return exitOK
	}
	for _, c := range commands {
		if c.name == args[0] {
			fmt.Fprint(p.stdout, p.usage(c))
			return exitOK
		}
	}
	fmt.Fprintf(p.stderr, "There is no command %q.\n\n%s", args[0], p.overview())
	return exitUsage
}

func (p *program) overview() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Wootbridge connects WhatsApp numbers to Chatwoot.\n\nUsage: %s COMMAND\n\n", p.name)
	for _, c := range commands {
		fmt.Fprintf(&b, "  %-12s %s\n", c.name, c.summary)
	}
	fmt.Fprintf(&b, "\nStart with \"%s serve\"; it says what to do next.\nMore about a command: %s help COMMAND\n", p.name, p.name)
	return b.String()
}

func (p *program) usage(c command) string {
	return c.summary + "\n\n" + strings.ReplaceAll(strings.TrimLeft(c.help, "\n"), "wootbridge", p.name)
}

// parse reads flags wherever they stand and gives the other arguments.
func parse(flags *flag.FlagSet, args []string) (rest []string, err error) {
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	for {
		if err := flags.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, usagef("%s", err)
		}
		if flags.NArg() == 0 {
			return rest, nil
		}
		rest, args = append(rest, flags.Arg(0)), flags.Args()[1:]
	}
}

// parseNone reads flags of a command that takes no other arguments.
func parseNone(flags *flag.FlagSet, args []string) error {
	rest, err := parse(flags, args)
	if err == nil && len(rest) > 0 {
		return usagef("%q is one argument too many", rest[0])
	}
	return err
}
