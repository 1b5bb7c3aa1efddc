//go:build unix

package convert

import (
	"os/exec"
	"syscall"
)

// inOwnGroup lets the end of a program's time end all that it has started too.
func inOwnGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
