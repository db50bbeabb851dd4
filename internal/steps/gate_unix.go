//go:build unix

package steps

import (
	"os/exec"
	"syscall"
)

// apart gives a process a group of its own: Ctrl-C at the terminal is ours to answer, and what
// the command has started ends with it.
func apart(x *exec.Cmd) {
	x.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	x.Cancel = func() error { return syscall.Kill(-x.Process.Pid, syscall.SIGKILL) }
}
