//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package store

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// flock locks a file until funlock, or the end of the process.
func flock(file *os.File) error {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return errLocked
	case err != nil:
		return fmt.Errorf("lock %s: %w", file.Name(), err)
	}
	return nil
}

// funlock unlocks a file. Closing it is not enough: a program that is being started
// at this moment by another goroutine has the file open, too, until it runs.
func funlock(file *os.File) { _ = syscall.Flock(int(file.Fd()), syscall.LOCK_UN) }
