//go:build unix

package persistence

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockFile locks f until it is closed or the process ends. A lock of flock belongs to the open file, so that closing
// another one of the same name does not drop it.
func lockFile(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EWOULDBLOCK):
		return errLocked
	case errors.Is(err, syscall.ENOSYS), errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.ENOLCK):
		return errNoLocks
	}
	return fmt.Errorf("lock %s: %w", f.Name(), err)
}
