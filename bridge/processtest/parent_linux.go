package processtest

import (
	"os/exec"
	"syscall"
)

// endWithParent makes the system kill the program when the thread that starts
// it ends.
func endWithParent(command *exec.Cmd) {
	if command.SysProcAttr == nil {
		command.SysProcAttr = &syscall.SysProcAttr{}
	}
	command.SysProcAttr.Pdeathsig = syscall.SIGKILL
}
