package processtest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience bounds every wait: only a failing test uses it up, however slow the
// machine is.
const patience = 3 * time.Minute

// process is one run of a program.
type process struct {
	t       testing.TB
	name    string
	command *exec.Cmd
	ended   chan struct{}
	code    int // exit code, once ended; -1 if a signal ended it

	mu      sync.Mutex
	output  []string
	changed chan struct{}
}

// start runs one of the built programs.
func start(t testing.TB, name string, args, env []string, dir string) *process {
	t.Helper()
	return startLimited(t, 0, name, args, env, dir)
}

// startLimited runs a program that may have so many descriptors, or 0.
func startLimited(t testing.TB, descriptors int, name string, args, env []string, dir string) *process {
	t.Helper()
	command := exec.Command(Binary(t, name), args...)
	if descriptors > 0 {
		command = exec.Command("/bin/sh", slices.Concat([]string{"-c", `ulimit -n "$0" && exec "$@"`, strconv.Itoa(descriptors), command.Path}, args)...)
	}
	command.Env, command.Dir = env, dir
	p, err := launch(t, name, command)
	require.NoError(t, err)
	t.Cleanup(func() {
		p.signal(os.Kill)
		<-p.ended
		if t.Failed() {
			t.Logf("output of %s:\n%s", name, p.text())
		}
	})
	return p
}

// launch runs a program and keeps its output; whoever calls it ends it.
func launch(t testing.TB, name string, command *exec.Cmd) (*process, error) {
	p := &process{t: t, name: name, command: command, ended: make(chan struct{}), changed: make(chan struct{})}
	reader, writer := io.Pipe()
	p.command.Stdout, p.command.Stderr = writer, writer
	started := make(chan error)
	go func() {
		// The system ends the program with this thread, so that it does not
		// outlive a test process that is killed.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		endWithParent(p.command)
		err := p.command.Start()
		started <- err
		if err != nil {
			return
		}
		_ = p.command.Wait() // the state says how it ended
		_ = writer.Close()
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	go func() {
		defer close(p.ended)
		p.collect(reader)
		p.code = p.command.ProcessState.ExitCode()
	}()
	return p, nil
}

func (p *process) collect(reader io.Reader) {
	lines := bufio.NewScanner(reader)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.mu.Lock()
		p.output = append(p.output, lines.Text())
		close(p.changed)
		p.changed = make(chan struct{})
		p.mu.Unlock()
	}
	_, _ = io.Copy(io.Discard, reader) // a line that is too long must not block the program
}

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.output, "\n")
}

// waitLine waits until a line of the output fits; fits may remember it.
func (p *process) waitLine(what string, fits func(line string) bool) {
	p.t.Helper()
	if err := p.awaitLine(what, fits); err != nil {
		p.t.Fatal(err)
	}
}

// awaitLine is waitLine for goroutines that must not end the test.
func (p *process) awaitLine(what string, fits func(line string) bool) error {
	timeout := time.After(patience)
	for seen := 0; ; {
		over := p.over() // before the look: what it said last is there then
		p.mu.Lock()
		changed, fresh := p.changed, p.output[seen:]
		seen = len(p.output)
		p.mu.Unlock()
		if slices.ContainsFunc(fresh, fits) {
			return nil
		}
		if over {
			return fmt.Errorf("%s ended with %d before %s:\n%s", p.name, p.code, what, p.text())
		}
		select {
		case <-changed:
		case <-p.ended:
		case <-timeout:
			return fmt.Errorf("waited in vain for %s of %s:\n%s", what, p.name, p.text())
		}
	}
}

func (p *process) over() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// signal sends a signal, if the process still runs.
func (p *process) signal(s os.Signal) { _ = p.command.Process.Signal(s) }

// wait waits for the end and gives the exit code.
func (p *process) wait() int {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.code
	case <-time.After(patience):
		p.t.Fatalf("%s does not end:\n%s", p.name, p.text())
		return -1
	}
}
