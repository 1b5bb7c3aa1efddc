package convert

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// inOwnGroup lets the end of a program's time end all that it has started too.
func inOwnGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

const (
	// programMemory is the room for addresses that a program has: a film of 4K takes
	// 600 MB of it, and a third of that in memory.
	programMemory = 1 << 30
	// niceness lets everything else go first.
	niceness = 10
	// firstToGo makes the system end a program, not the bridge, where memory is scarce.
	firstToGo = "1000"
)

// confine limits a program that has just begun: its memory, its seconds of a processor
// and what it writes. A file may be made to take any amount of each.
func confine(cmd *exec.Cmd, seconds int64) error {
	pid := cmd.Process.Pid
	most := func(resource int, n uint64) error {
		return unix.Prlimit(pid, resource, &unix.Rlimit{Cur: n, Max: n}, nil)
	}
	err := errors.Join(
		most(unix.RLIMIT_AS, programMemory), most(unix.RLIMIT_CPU, uint64(seconds)), most(unix.RLIMIT_FSIZE, maxOutput), most(unix.RLIMIT_CORE, 0),
		unix.Setpriority(unix.PRIO_PROCESS, pid, niceness),
	)
	// Not every container lets a process do this.
	_ = os.WriteFile("/proc/"+strconv.Itoa(pid)+"/oom_score_adj", []byte(firstToGo), 0)
	if errors.Is(err, unix.ESRCH) { // it has ended already
		return nil
	}
	return err
}
