package lease

import "os"

// Alive tells whether there is such a process here.
func Alive(pid int) bool {
	p, err := os.FindProcess(pid) // on Windows it opens the process
	if err != nil {
		return false
	}
	_ = p.Release()
	return true
}
