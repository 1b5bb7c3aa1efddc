package processtest

import (
	"os/exec"
	"syscall"
)

// endWithParent makes the system kill the program when the thread that starts
// it ends.
func endWithParent(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
