//go:build unix

package store

import (
	"os"
	"syscall"
)

// exclusive takes the lock on an open file, when nobody else has it.
func exclusive(f *os.File) error {
	for {
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != syscall.EINTR {
			return err
		}
	}
}

// settled waits until the disk has a folder's names.
func settled(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // it was only read
	return d.Sync()
}
