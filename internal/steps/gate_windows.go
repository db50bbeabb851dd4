package steps

import (
	"os/exec"
	"syscall"
)

// apart gives a process a group of its own: Ctrl-C at the console is ours to answer.
func apart(x *exec.Cmd) {
	x.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
