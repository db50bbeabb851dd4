//go:build unix

package lease

import (
	"errors"
	"syscall"
)

// Alive tells whether there is such a process here; one that belongs to somebody else
// is there too.
func Alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || !errors.Is(err, syscall.ESRCH)
}
